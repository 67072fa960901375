import { observed, trackStreams } from '../../activity.js';
import type { PipelineConfig } from '../../config/pipeline.js';
import { asHubflakeError } from '../../errors.js';
import { log } from '../../log.js';
import { Portal } from '../../streams/portal.js';
import { readStreams, type StreamFailure } from '../../streams/read.js';
import { monotonicNow } from '../../time.js';
import { Loader } from '../../warehouse/loader/loader.js';
import type { StreamResult } from '../../warehouse/loader/stream-load.js';
import { openStore } from '../../warehouse/open-store.js';
import { refreshes } from '../../warehouse/refresh.js';
import type { Counts, KeptState, Store } from '../../warehouse/store.js';
import type { Target } from '../../warehouse/target.js';
import { withHubSpot } from '../runner/hubspot-session.js';
import type { Injected } from '../runner/injected.js';
import { LoaderSink } from '../sinks/loader-sink.js';
import { planSync, type SyncPlan } from './plan-sync.js';
import { settleTables } from './settle-tables.js';

/** What a sync did to one table. */
export interface TableResult extends Counts {
  stream: string;
  table: string;
  /** Records read from HubSpot. */
  records: number;
  complete: boolean;
  /** The properties of records of which HubSpot no longer had all past values; only where there are any. */
  incompleteHistories?: number;
}

/** What a sync did. */
export interface SyncResult {
  pipeline: string;
  streams: TableResult[];
  /** Calls to HubSpot, and the fewest that could return what was read. */
  calls: { total: number; repeats: number; least: number; byKind: Record<string, number> };
  seconds: number;
  errors: { stream: string; code: string; kind: string; message: string }[];
}

export interface SyncProgress {
  records(stream: string, count: number): void;
  calls(total: number): void;
}

/**
 * Syncs HubSpot into the tables of a pipeline, in one process. Throws errors that affect all streams.
 *
 * @param refresh the streams to refresh
 */
export function runSync(
  config: PipelineConfig,
  signal: AbortSignal,
  progress: SyncProgress,
  refresh: readonly string[] = [],
  injected: Injected = {},
): Promise<SyncResult> {
  trackStreams();
  return observed('sync', { pipeline: config.name }, () => loadOnce(config, signal, progress, refresh, injected));
}

async function loadOnce(
  config: PipelineConfig,
  signal: AbortSignal,
  progress: SyncProgress,
  refresh: readonly string[],
  { streams: declared, timeouts }: Injected,
): Promise<SyncResult> {
  const startedAt = monotonicNow();
  const store = await openStore(config.destination, config.name, 'write', timeouts);
  const onRefreshToken = () =>
    log.warn(
      'HubSpot issued a new refresh token; the one in the configuration may stop working. Install the app anew to get a token to keep.',
    );
  try {
    const kept = await store.loadStates(config.name);
    await store.refuseOthers();
    const lost = new AbortController();
    store.onLost = (error) => lost.abort(error);
    const stop = AbortSignal.any([signal, lost.signal]);
    return await withHubSpot(config.source, { signal: stop, onRefreshToken }, async (client) => {
      const names = config.streams?.map((stream) => stream.name) ?? null;
      const portal = await Portal.open(client, config.source, names, { declared });
      const plan = await planSync(config, portal, kept.states, refresh);
      const targets = await settleTables(store, config, portal, plan, kept);
      const wasRaw = config.destination.loader.tableForm !== 'raw';
      for (const target of targets) if (plan.reformed.includes(target.stream)) await store.remove(target, wasRaw);
      await beginRefreshes(store, config.name, plan, targets, kept.states);
      const loader = new Loader(store, targets, { ...config.destination.loader, pipeline: config.name });
      try {
        const sink = new LoaderSink(loader, (stream, count) => {
          progress.records(stream, count);
          progress.calls(client.calls.summary().total);
        });
        const read = await readStreams(portal, plan.streams, sink);
        // The lease is lost: further writes would be rejected, and another run has taken over.
        if (lost.signal.aborted) throw lost.signal.reason;
        const results = await loader.finish();
        const leftOut = new Set(portal.unreadable.map((each) => each.name));
        const isRead = plan.failures.length > 0 || plan.streams.some(({ name }) => !leftOut.has(name));
        if (config.streams === null && !isRead) throw portal.nothingReadable();
        return {
          pipeline: config.name,
          streams: results
            .filter((result) => !leftOut.has(result.stream))
            .map((result) => {
              const cut = sink.cutHistories.get(result.stream);
              return { ...tableResult(result), ...(cut === undefined ? {} : { incompleteHistories: cut }) };
            }),
          calls: { ...client.calls.summary(), least: read.leastCalls },
          seconds: (monotonicNow() - startedAt) / 1000,
          errors: failuresOf([...plan.failures, ...read.failures], results),
        };
      } finally {
        loader.close();
      }
    });
  } finally {
    await store.close();
  }
}

/**
 * Starts refreshes. Their start is recorded before anything is read: if this run is killed, the next one continues them, even when
 * it is not asked to.
 */
async function beginRefreshes(
  store: Store,
  pipeline: string,
  { refreshes: planned }: SyncPlan,
  targets: readonly Target[],
  states: ReadonlyMap<string, KeptState>,
): Promise<void> {
  for (const { stream, begins } of planned) {
    const target = targets.find((each) => each.stream === stream);
    if (!target) continue;
    const kept = states.get(stream) ?? null;
    const generation = begins ? await store.beginRefresh(target, pipeline, kept) : (kept?.refresh ?? null);
    if (generation === null) continue;
    refreshes(target, generation);
    log.info(
      `${stream} is ${begins ? 'loaded anew' : 'still being loaded anew, from where that was interrupted'}; ${target.table} keeps its old rows until that is complete.`,
    );
  }
}

function tableResult({
  stream,
  table,
  records,
  inserted,
  updated,
  marked,
  removed,
  complete,
  error,
}: StreamResult): TableResult {
  return { stream, table, records, inserted, updated, marked, removed, complete: complete && error === null };
}

/** All failures, each stream once; a table that was not written because reading failed is not a second failure. */
function failuresOf(reading: readonly StreamFailure[], results: readonly StreamResult[]): SyncResult['errors'] {
  const failed = new Map(reading.map(({ stream, error }) => [stream, error]));
  for (const { stream, error } of results) if (error && !failed.has(stream)) failed.set(stream, error);
  return [...failed].map(([stream, caught]) => {
    const { code, kind, message } = asHubflakeError(caught);
    return { stream, code, kind, message };
  });
}
