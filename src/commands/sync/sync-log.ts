import type { LoaderOptions } from '../../config/loader-options.js';
import { asHubflakeError, isProgrammingError } from '../../errors.js';
import { log } from '../../log.js';
import { type EpochMs, epochNow, instantOf } from '../../time.js';
import { VERSION } from '../../version.js';
import type { Store } from '../../warehouse/store.js';
import { type LoggedSync, SYNCS } from '../../warehouse/syncs.js';
import { type Ledger, toThousandth } from './ledger.js';
import type { DescribedFailure, SyncResult, TableResult } from './sync-result.js';

/** What of a sync is logged. */
export interface SyncToLog {
  result: SyncResult;
  startedAt: EpochMs;
  ledger: Ledger;
  /** Which syncs are logged. */
  mode: LoaderOptions['syncLog'];
  /** Whether the pipeline has written anything to the schema, in this sync or before: until then the schema is left as it was. */
  hasWritten: boolean;
  /** Whether a failure is to be logged also in a sync that brings no records; a service does not repeat itself. */
  isNews: (failure: DescribedFailure) => boolean;
}

/** Adds a sync's rows to `_HUBFLAKE_SYNCS`. That the role may not do so, or that it fails, is a warning. */
export async function logSync(store: Store, sync: SyncToLog): Promise<void> {
  const rows = rowsOf(sync);
  if (rows.length === 0) return;
  try {
    await store.log(SYNCS, rows);
  } catch (error) {
    if (isProgrammingError(error)) throw error;
    log.warn(`What the sync did is not kept in ${SYNCS.name}: ${asHubflakeError(error).message}`);
  }
}

function rowsOf({ result, startedAt, ledger, mode, hasWritten, isNews }: SyncToLog): LoggedSync[] {
  const { streams, errors, pipeline } = result;
  const isBusy = streams.some(({ records }) => records > 0) || errors.some(isNews);
  if (mode === 'off' || !hasWritten || (mode === 'changes' && !isBusy)) return [];
  const times = { startedAt: instantOf(startedAt), endedAt: instantOf(epochNow()) };
  const rowOf = (stream: string, table: TableResult | undefined): LoggedSync => {
    const error = errors.find((each) => each.stream === stream);
    const { calls, retries, waitMs, bytes } = ledger.of(stream);
    const { records = 0, inserted = 0, updated = 0, marked = 0, removed = 0 } = table ?? {};
    return {
      pipeline,
      stream,
      table: table?.table ?? '',
      ...times,
      status: error ? 'failed' : table?.complete ? 'complete' : 'incomplete',
      records,
      inserted,
      updated,
      marked,
      removed,
      calls,
      leastCalls: table?.leastCalls ?? 0,
      retries,
      waitSeconds: toThousandth(waitMs / 1000),
      bytes,
      freshness: table?.freshness ?? null,
      errorCode: error?.code ?? null,
      error: error?.message ?? null,
      version: VERSION,
    };
  };
  const tables = new Map(streams.map((each) => [each.stream, each]));
  const names = new Set([...tables.keys(), ...errors.map(({ stream }) => stream)]);
  const isLogged = (name: string) =>
    mode === 'all' || (tables.get(name)?.records ?? 0) > 0 || errors.some(({ stream }) => stream === name);
  return [...names].filter(isLogged).map((name) => rowOf(name, tables.get(name)));
}
