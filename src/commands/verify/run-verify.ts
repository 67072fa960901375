import { existsSync } from 'node:fs';
import type { PipelineConfig } from '../../config/pipeline.js';
import { asHubflakeError, ConfigError, isProgrammingError, StoppedError } from '../../errors.js';
import { readRecordCounts } from '../../hubspot/api/record-counts.js';
import { log } from '../../log.js';
import { Portal } from '../../streams/portal.js';
import { groupsOf, type StreamFailure } from '../../streams/read.js';
import { epochNow, instantOf, monotonicNow } from '../../time.js';
import { openStore } from '../../warehouse/open-store.js';
import type { Store } from '../../warehouse/store.js';
import { VERIFICATIONS, type Verification } from '../../warehouse/verify/verifications.js';
import { withHubSpot } from '../runner/hubspot-session.js';
import type { Injected } from '../runner/injected.js';
import { describeFailure } from '../sync/sync-result.js';
import type { Comparison, StreamVerification } from './comparison.js';
import { readAside } from './read-aside.js';
import { Repair } from './repair.js';
import { planVerify, type VerifiedStream } from './verified-streams.js';
import { verifyDeep } from './verify-deep.js';
import { readerOf, type StreamTask, verifyStream } from './verify-stream.js';
import { EVERYTHING, WarehouseRows } from './warehouse-rows.js';

/** What a verification has found. */
export interface VerifyResult {
  pipeline: string;
  streams: StreamVerification[];
  /** Streams that have no records to count, and were not compared. */
  skipped: string[];
  calls: { total: number; repeats: number; byKind: Record<string, number> };
  seconds: number;
  errors: { stream: string; code: string; kind: string; message: string }[];
}

export interface VerifyOptions {
  /** null: all that were synced. */
  streams: readonly string[] | null;
  isDeep: boolean;
  repairs: boolean;
}

/** Compares the tables of a pipeline with HubSpot, and mends them if that is wanted. Throws errors that affect all streams. */
export async function runVerify(
  config: PipelineConfig,
  options: VerifyOptions,
  signal: AbortSignal,
  { streams: declared, timeouts }: Injected = {},
): Promise<VerifyResult> {
  const startedAt = monotonicNow();
  refuseNoFile(config);
  const store = await openStore(config.destination, config.name, 'write', timeouts);
  try {
    const kept = await store.loadStates(config.name);
    if (options.repairs || options.isDeep) await store.refuseOthers();
    const lost = new AbortController();
    store.onLost = (error) => lost.abort(error);
    const stop = AbortSignal.any([signal, lost.signal]);
    return await withHubSpot(config.source, { signal: stop }, async (client) => {
      const names = options.streams ?? config.streams?.map(({ name }) => name) ?? null;
      const portal = await Portal.open(client, config.source, names, { declared });
      const plan = await planVerify(config, portal, store, kept, options);
      const repair = options.repairs ? new Repair(store, config, portal, plan.streams) : null;
      try {
        const verifyAll = options.isDeep ? verifyDeeply : verifyByCounts;
        const { results, failures } = await verifyAll({ config, portal, store, repair }, plan.streams);
        if (lost.signal.aborted) throw lost.signal.reason;
        const order = plan.streams.map(({ name }) => name);
        results.sort((a, b) => order.indexOf(a.stream) - order.indexOf(b.stream));
        failures.push(...((await repair?.finish(results)) ?? []));
        await keepReport(
          store,
          results.map((result) => verificationOf(result, config.name, options.isDeep)),
        );
        return {
          pipeline: config.name,
          streams: results,
          skipped: plan.skipped,
          calls: client.calls.summary(),
          seconds: (monotonicNow() - startedAt) / 1000,
          errors: [...plan.failures, ...failures].map(describeFailure),
        };
      } catch (error) {
        // A run that has lost its lease was not stopped on request.
        throw lost.signal.aborted ? lost.signal.reason : error;
      } finally {
        repair?.close();
      }
    });
  } finally {
    await store.close();
  }
}

/** What was compared, and what could not be. */
interface Verified {
  results: StreamVerification[];
  failures: StreamFailure[];
}

type Session = Omit<StreamTask, 'stream'>;

/** One after the other, so that the calls of each can be told. */
async function verifyByCounts(session: Session, streams: readonly VerifiedStream[]): Promise<Verified> {
  const verified: Verified = { results: [], failures: [] };
  const counts = await countsOf(session, streams);
  for (const stream of streams) {
    const { records } = stream;
    if (records) await attempt(verified, stream, () => verifyStream({ ...session, stream }, records, counts));
  }
  return verified;
}

/** Those together that are read from the same calls, which count for the first of them. */
async function verifyDeeply(session: Session, streams: readonly VerifiedStream[]): Promise<Verified> {
  const verified: Verified = { results: [], failures: [] };
  const { portal } = session;
  for (const group of groupsOf(portal, streams)) {
    let spent = portal.client.calls.summary().total;
    const targets = group.map(({ target }) => target);
    await readAside(session, targets, async (asides, leastOfAll) => {
      let least = leastOfAll;
      for (const stream of group) {
        await attempt(verified, stream, async () => {
          const aside = asides.get(stream.name);
          if (aside?.error) throw aside.error;
          const found = await verifyDeep({ ...session, stream }, aside?.reader ?? null);
          const { total } = portal.client.calls.summary();
          const result = { ...found, calls: total - spent, least };
          [spent, least] = [total, 0];
          return result;
        });
      }
    });
  }
  return verified;
}

async function attempt({ results, failures }: Verified, { name }: VerifiedStream, compare: () => Promise<Comparison>) {
  const startedAt = instantOf(epochNow());
  try {
    const found = await compare();
    results.push({ ...found, startedAt, finishedAt: instantOf(epochNow()) });
  } catch (error) {
    if (error instanceof StoppedError) throw error;
    failures.push({ stream: name, error: asHubflakeError(error) });
  }
}

/** HubSpot's counts of all objects, where several may have no records: one call for all of them, in place of one for each. */
async function countsOf(session: Session, streams: readonly VerifiedStream[]): Promise<ReadonlyMap<string, number>> {
  let empty = 0;
  for (const stream of streams) if (await isEmpty({ ...session, stream })) empty += 1;
  return (empty > 1 ? await readRecordCounts(session.portal.client) : null) ?? new Map();
}

/** Whether a stream has no live row. What cannot be read is told when it is compared. */
async function isEmpty(task: StreamTask): Promise<boolean> {
  try {
    const reader = await readerOf(task);
    return reader === null || (await new WarehouseRows(reader).count(EVERYTHING)).live === 0;
  } catch (error) {
    if (error instanceof StoppedError || isProgrammingError(error)) throw error;
    return false;
  }
}

/** Keeps what was found in the warehouse, if the role may write there. */
async function keepReport(store: Store, verifications: readonly Verification[]): Promise<void> {
  if (verifications.length === 0) return;
  try {
    await store.log(VERIFICATIONS, verifications);
  } catch (error) {
    if (isProgrammingError(error)) throw error;
    log.warn(`What was found is not kept in ${VERIFICATIONS.name}: ${asHubflakeError(error).message}`);
  }
}

function verificationOf(result: StreamVerification, pipeline: string, isDeep: boolean): Verification {
  const { least: _, ...found } = result;
  return { ...found, pipeline, isDeep, notes: found.notes.join('; ') };
}

function refuseNoFile({ name, destination }: PipelineConfig): void {
  if (destination.type !== 'duckdb' || existsSync(destination.path)) return;
  throw new ConfigError(
    `There is no DuckDB file ${destination.path}: the pipeline "${name}" has not synced anything. Run sync first, or correct "path".`,
  );
}
