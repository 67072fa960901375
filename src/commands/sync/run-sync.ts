import { observed, trackStreams } from '../../activity.js';
import type { PipelineConfig } from '../../config/pipeline.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { LinkedAbort } from '../../linked-abort.js';
import { Portal } from '../../streams/portal.js';
import { readStreams } from '../../streams/read.js';
import { epochNow, monotonicNow } from '../../time.js';
import { Loader } from '../../warehouse/loader/loader.js';
import type { StreamResult } from '../../warehouse/loader/stream-load.js';
import type { Kept, Store } from '../../warehouse/store.js';
import type { Injected } from '../runner/injected.js';
import { LoaderSink } from '../sinks/loader-sink.js';
import { beginRefreshes } from './begin-refreshes.js';
import { freshnessOf, Ledger } from './ledger.js';
import { planSync } from './plan-sync.js';
import { findTables, settleTables, streamsWithoutTable } from './settle-tables.js';
import { ofOneSync, type Surroundings } from './surroundings.js';
import { logSync } from './sync-log.js';
import { type DescribedFailure, failuresOf, type SyncResult, type TableResult } from './sync-result.js';

/** A sync that is to be done. */
export interface SyncJob {
  config: PipelineConfig;
  /** The streams to refresh. */
  refresh: readonly string[];
  injected: Injected;
  surroundings: Surroundings;
}

/**
 * Syncs HubSpot into the tables of a pipeline, in one process. Throws errors that affect all streams.
 *
 * @param refresh the streams to refresh
 */
export function runSync(
  config: PipelineConfig,
  signal: AbortSignal,
  refresh: readonly string[] = [],
  injected: Injected = {},
): Promise<SyncResult> {
  return runJob({ config, refresh, injected, surroundings: ofOneSync(config, injected) }, signal);
}

/** The same in any surroundings. */
export function runJob(job: SyncJob, signal: AbortSignal): Promise<SyncResult> {
  trackStreams();
  return observed('sync', { pipeline: job.config.name }, () => openAndLoad(job, signal));
}

async function openAndLoad(job: SyncJob, signal: AbortSignal): Promise<SyncResult> {
  const { config, surroundings } = job;
  const store = await surroundings.openStore();
  const stop = new LinkedAbort(signal);
  try {
    const kept = await store.loadStates(config.name);
    await store.refuseOthers();
    const lost = new AbortController();
    store.onLost = (error) => {
      lost.abort(error);
      stop.abort(error);
    };
    return await surroundings.withClient(stop.signal, async (client) => {
      const ledger = new Ledger(() => client.clock.now());
      try {
        return await load(job, { store, kept, client, ledger, lost: lost.signal });
      } finally {
        ledger.close();
      }
    });
  } finally {
    stop.release();
    await store.close();
  }
}

interface Opened {
  store: Store;
  kept: Kept;
  client: HubSpotClient;
  ledger: Ledger;
  /** Aborted once the lease is lost. */
  lost: AbortSignal;
}

async function load(job: SyncJob, { store, kept: given, client, ledger, lost }: Opened): Promise<SyncResult> {
  const { config, surroundings } = job;
  const startedAt = { clock: epochNow(), monotonic: monotonicNow() };
  const kept = { ...given, states: surroundings.recall(given.states) };
  const { portal, plan, found, isWhole } = await surroundings.planning(() => planJob(job, store, client, kept));
  const targets = await settleTables(store, config, portal, plan, kept, found);
  const wasRaw = config.destination.loader.tableForm !== 'raw';
  for (const target of targets) if (plan.reformed.includes(target.stream)) await store.remove(target, wasRaw);
  await beginRefreshes(store, config.name, plan, targets, kept.states);
  const loader = new Loader(store, targets, { ...config.destination.loader, pipeline: config.name });
  try {
    const sink = new LoaderSink(loader);
    const read = await readStreams(portal, plan.streams, sink);
    // The lease is lost: further writes would be rejected, and another run has taken over.
    if (lost.aborted) throw lost.reason;
    const results = await loader.finish();
    const leftOut = new Set(portal.unreadable.map((each) => each.name));
    const isRead = plan.failures.length > 0 || plan.streams.some(({ name }) => !leftOut.has(name));
    if (config.streams === null && !isRead && isWhole) throw portal.nothingReadable();
    const result: SyncResult = {
      pipeline: config.name,
      streams: results
        .filter(({ stream }) => !leftOut.has(stream))
        .map((each) => tableResult(each, sink, ledger, read)),
      calls: { ...client.calls.summary(), least: read.leastCalls },
      seconds: (monotonicNow() - startedAt.monotonic) / 1000,
      errors: failuresOf([...plan.failures, ...read.failures], results),
    };
    const failed = new Map(result.errors.map((error) => [error.stream, error]));
    const closing = new Map([...sink.closingStates].filter(([stream]) => !failed.has(stream)));
    surroundings.remember(given.states, closing, loader.hasCommitted);
    const unopened = plan.failures.map(({ stream: name }) => ({ name, mode: 'incremental' as const }));
    for (const { name, mode } of [...plan.streams, ...unopened]) {
      const records = results.find(({ stream }) => stream === name)?.records ?? 0;
      surroundings.ended(name, {
        records,
        mode,
        calls: ledger.of(name).calls,
        failure: failed.get(name) ?? null,
        isLeftOut: leftOut.has(name),
      });
    }
    const isNews = (failure: DescribedFailure) => surroundings.isNews(failure);
    const hasWritten = given.states.size > 0 || results.some(hasChanged);
    const { syncLog: mode } = config.destination.loader;
    await logSync(store, { result, startedAt: startedAt.clock, ledger, mode, hasWritten, isNews });
    return result;
  } finally {
    loader.close();
  }
}

/**
 * Opens the portal, decides what is read, and looks at the tables.
 *
 * @returns with whether all streams are read
 */
async function planJob(
  { config, refresh, injected, surroundings }: SyncJob,
  store: Store,
  client: HubSpotClient,
  kept: Kept,
) {
  const names = config.streams?.map((stream) => stream.name) ?? null;
  const portal = await Portal.open(client, config.source, names, {
    declared: injected.streams,
    pace: surroundings.pace,
  });
  const offered = names ?? portal.streamNames;
  const choose = (withoutTable: ReadonlySet<string>) => surroundings.chosen(portal, offered, kept.states, withoutTable);
  let chosen = choose(new Set());
  let plan = await planSync(config, portal, kept.states, refresh, chosen);
  const found = await findTables(store, config, plan, kept);
  const withoutTable = streamsWithoutTable(store, kept, found);
  if (offered.some((name) => withoutTable.has(name) && chosen?.has(name) === false)) {
    chosen = choose(withoutTable);
    plan = await planSync(config, portal, kept.states, refresh, chosen);
  }
  return { portal, plan, found, isWhole: chosen === null };
}

function hasChanged({ inserted, updated, marked, removed }: StreamResult): boolean {
  return inserted + updated + marked + removed > 0;
}

function tableResult(
  result: StreamResult,
  { cutHistories }: LoaderSink,
  ledger: Ledger,
  { leastOf }: { leastOf: ReadonlyMap<string, number> },
): TableResult {
  const { stream, table, records, inserted, updated, marked, removed, complete, error } = result;
  const { calls, freshness } = ledger.of(stream);
  const [least, fresh, cut] = [leastOf.get(stream), freshnessOf(freshness), cutHistories.get(stream)];
  return {
    stream,
    table,
    records,
    inserted,
    updated,
    marked,
    removed,
    complete: complete && error === null,
    calls,
    ...(least === undefined ? {} : { leastCalls: least }),
    ...(fresh === null ? {} : { freshness: fresh }),
    ...(cut === undefined ? {} : { incompleteHistories: cut }),
  };
}
