import type { PipelineConfig } from '../../config/pipeline.js';
import type { Estimate, StreamDeclaration } from '../../streams/core/stream.js';
import { Portal } from '../../streams/portal.js';
import { type StreamToRead, unknownStream } from '../../streams/read.js';
import { openStore } from '../../warehouse/open-store.js';
import type { Preview } from '../../warehouse/store.js';
import type { Target } from '../../warehouse/target.js';
import { withHubSpot } from '../runner/hubspot-session.js';
import { planSync } from './plan-sync.js';
import { findTables, settleTables } from './settle-tables.js';
import { warnOfRefreshToken } from './surroundings.js';
import { describeFailure, type SyncResult } from './sync-result.js';

/** What a sync would do with one stream. */
export interface StreamForecast extends Estimate {
  stream: string;
  table: string;
  syncMode: string;
  destinationSyncMode: string;
  /** What would happen to the table if HubSpot has records for it. */
  tableWillBe: Preview['table'];
  /** The SQL statements of the first batch. */
  sql: string[];
}

/** What a sync would do. */
export interface SyncForecast {
  pipeline: string;
  streams: StreamForecast[];
  /** By rate limit, and in total; without those that planning itself makes. */
  calls: { burst: number; search: number; exempt: number; total: number };
  /** The duration that HubSpot's limits alone impose. */
  minutes: number;
  /** null if HubSpot does not say. */
  quota: { remaining: number } | null;
  /** Streams that are left out, and deletions that HubSpot does not report: a sentence each. */
  notes: string[];
  errors: SyncResult['errors'];
}

/** HubSpot: five searches a second. */
const SEARCHES_A_MINUTE = 300;

/**
 * Inspects HubSpot and the warehouse without changing either. Throws what makes a sync impossible.
 *
 * @param declared the streams that are not CRM objects, if not the usual ones
 * @param onRefreshToken takes a new refresh token; the one before may serve no more
 */
export async function runPlan(
  config: PipelineConfig,
  signal: AbortSignal,
  declared?: readonly StreamDeclaration[],
  onRefreshToken: (token: string) => void = warnOfRefreshToken,
): Promise<SyncForecast> {
  const store = await openStore(config.destination, config.name, 'read-only');
  try {
    return await withHubSpot(config.source, { signal, onRefreshToken }, async (client) => {
      const kept = await store.loadStates(config.name);
      const names = config.streams?.map((stream) => stream.name) ?? null;
      const portal = await Portal.open(client, config.source, names, { declared });
      const plan = await planSync(config, portal, kept.states, []);
      const targets = await settleTables(
        store,
        config,
        portal,
        plan,
        kept,
        await findTables(store, config, plan, kept),
      );
      const { streams } = plan;
      const forecasts: StreamForecast[] = [];
      const errors = plan.failures.map(describeFailure);
      const look = async (target: Target, stream: StreamToRead | undefined) => {
        if (!stream) return;
        try {
          const opened = await portal.stream(stream.name);
          if (!opened) throw unknownStream(stream.name, portal);
          const estimate = await opened.estimate(stream.state, stream.mode);
          const preview = await store.preview(target);
          forecasts.push({
            stream: stream.name,
            table: target.table,
            syncMode: stream.mode,
            destinationSyncMode: target.mode,
            ...estimate,
            tableWillBe: preview.table,
            sql: preview.statements,
          });
        } catch (error) {
          if (stream.optional && stream.state === null && (await portal.noteUnreadable(stream.name, error))) return;
          errors.push(describeFailure({ stream: stream.name, error }));
        }
      };
      await Promise.all(targets.map((target, index) => look(target, streams[index])));
      const order = streams.map((stream) => stream.name);
      forecasts.sort((a, b) => order.indexOf(a.stream) - order.indexOf(b.stream));
      const burst = portal.leastCalls + sum(forecasts, 'burst');
      const [search, exempt] = [sum(forecasts, 'search'), sum(forecasts, 'exempt')];
      const { dailyRemaining, burstAMinute } = client.scheduler;
      return {
        pipeline: config.name,
        streams: forecasts,
        calls: { burst, search, exempt, total: burst + search + exempt },
        minutes: Math.max(burst / burstAMinute, search / SEARCHES_A_MINUTE),
        quota: dailyRemaining === null ? null : { remaining: dailyRemaining },
        notes: notesOf(portal, streams, config.source.deletes !== 'off'),
        errors,
      };
    });
  } finally {
    await store.close();
  }
}

function notesOf(portal: Portal, streams: readonly StreamToRead[], wantsDeletes: boolean): string[] {
  const leftOut = portal.unreadable.map(({ name, why }) => `${name} is left out: ${why}.`);
  return wantsDeletes ? [...leftOut, ...portal.hiddenDeletions(streams)] : leftOut;
}

function sum(forecasts: readonly StreamForecast[], budget: keyof Estimate['calls']): number {
  return forecasts.reduce((total, { calls }) => total + calls[budget], 0);
}
