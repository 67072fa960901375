import { existsSync } from 'node:fs';
import type { PipelineConfig } from '../../config/pipeline.js';
import { asHubflakeError, ConfigError } from '../../errors.js';
import { readRecordCounts } from '../../hubspot/api/record-counts.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import { Portal } from '../../streams/portal.js';
import type { StreamFailure } from '../../streams/read.js';
import { monotonicNow } from '../../time.js';
import { openStore } from '../../warehouse/open-store.js';
import type { Store } from '../../warehouse/store.js';
import { withHubSpot } from '../runner/hubspot-session.js';
import type { Injected } from '../runner/injected.js';
import { Repair } from './repair.js';
import { planVerify, type VerifiedStream } from './verified-streams.js';
import { verifyStream } from './verify-stream.js';

/** How a stream's table compares with HubSpot. */
export interface StreamVerification {
  stream: string;
  table: string;
  /** Records in HubSpot, as far as they belong to the stream. */
  portal: number;
  /** Live rows. */
  rows: number;
  missing: number;
  stale: number;
  ghosts: number;
  /** Differences of what changed lately, which the next sync brings. */
  pending: number;
  mended: number;
  /** Calls to HubSpot, and the fewest that could have told. */
  calls: number;
  least: number;
  /** Whether every record was looked at; otherwise most were only counted. */
  isProved: boolean;
  notes: string[];
}

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
        const { results, failures } = await verifyEach(portal, store, plan.streams, repair, options);
        if (lost.signal.aborted) throw lost.signal.reason;
        failures.push(...((await repair?.finish(results)) ?? []));
        return {
          pipeline: config.name,
          streams: results,
          skipped: plan.skipped,
          calls: client.calls.summary(),
          seconds: (monotonicNow() - startedAt) / 1000,
          errors: [...plan.failures, ...failures].map(describeFailure),
        };
      } finally {
        repair?.close();
      }
    });
  } finally {
    await store.close();
  }
}

/** One after the other, so that the calls of each can be told. */
async function verifyEach(
  portal: Portal,
  store: Store,
  streams: readonly VerifiedStream[],
  repair: Repair | null,
  options: VerifyOptions,
): Promise<{ results: StreamVerification[]; failures: StreamFailure[] }> {
  const results: StreamVerification[] = [];
  const failures: StreamFailure[] = [];
  const { client } = portal;
  const counts = await countsOf(client, streams);
  for (const stream of streams) {
    try {
      results.push(await verifyStream({ portal, store, stream, repair, counts, options }));
    } catch (error) {
      failures.push({ stream: stream.name, error: asHubflakeError(error) });
    }
  }
  return { results, failures };
}

/** HubSpot's counts of all objects, where one call saves others. */
async function countsOf(
  client: HubSpotClient,
  streams: readonly VerifiedStream[],
): Promise<ReadonlyMap<string, number>> {
  const counted = streams.filter(({ records }) => records !== null && records.object.filterGroups.length === 0);
  return (counted.length > 1 ? await readRecordCounts(client) : null) ?? new Map();
}

function refuseNoFile({ name, destination }: PipelineConfig): void {
  if (destination.type !== 'duckdb' || existsSync(destination.path)) return;
  throw new ConfigError(
    `There is no DuckDB file ${destination.path}: the pipeline "${name}" has not synced anything. Run sync first, or correct "path".`,
  );
}

export function describeFailure({ stream, error }: StreamFailure): VerifyResult['errors'][number] {
  const { code, kind, message } = error;
  log.debug(`${stream}: ${message}`);
  return { stream, code, kind, message };
}
