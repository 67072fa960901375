import { onBehalfOf } from '../../activity.js';
import type { PipelineConfig, PipelineStream } from '../../config/pipeline.js';
import { asHubflakeError, ConfigError } from '../../errors.js';
import { log } from '../../log.js';
import type { ConfiguredStream } from '../../protocol/messages.js';
import type { Stream } from '../../streams/core/stream.js';
import { checkPortal, portalOf } from '../../streams/core/stream-state.js';
import type { Portal } from '../../streams/portal.js';
import { type StreamFailure, type StreamToRead, unknownStream } from '../../streams/read.js';
import type { KeptState } from '../../warehouse/store.js';
import { requireKnown } from '../runner/named-streams.js';

/** What a sync reads and writes. */
export interface SyncPlan {
  streams: StreamToRead[];
  catalog: ConfiguredStream[];
  /** Streams that are refreshed: starting in this run, or continuing a refresh that was interrupted. */
  refreshes: { stream: string; begins: boolean }[];
  /** Streams whose tables have the other form (typed or raw) than configured, and are created again. */
  reformed: string[];
  /** Requested streams that are not available. */
  failures: StreamFailure[];
}

/**
 * Decides which streams a pipeline syncs, and in which modes: those it lists, or all that the token may read. A listed stream that
 * is not available is a failure; one that was merely discovered is left out.
 *
 * @param states the kept states by stream
 * @param refresh the streams to refresh. Throws a ConfigError if one of them is not synced
 * @param chosen the streams that are read this time; null: all
 */
export async function planSync(
  config: PipelineConfig,
  portal: Portal,
  states: ReadonlyMap<string, KeptState>,
  refresh: readonly string[],
  chosen: ReadonlySet<string> | null = null,
): Promise<SyncPlan> {
  const plan: SyncPlan = { streams: [], catalog: [], refreshes: [], reformed: [], failures: [] };
  const listed = config.streams;
  const all = listed ?? portal.streamNames.map((name) => ({ name, syncMode: null, destinationSyncMode: null }));
  requireKnown(
    '--refresh',
    refresh,
    all.map(({ name }) => name),
  );
  const wanted = all.filter(({ name }) => chosen?.has(name) ?? true);
  const isOptional = (name: string) => listed === null && !portal.isConfigured(name) && !refresh.includes(name);
  // A stream that was synced before and is refused today must fail, or its table would silently become stale.
  const mayBeLeftOut = (name: string) => isOptional(name) && !states.has(name);
  const opened = await Promise.all(
    wanted.map(({ name }) => onBehalfOf(name, () => open(portal, name, mayBeLeftOut(name)))),
  );
  if (listed === null) await addVanished(plan, portal, states);
  for (const [index, stream] of wanted.entries()) {
    const found = opened[index];
    if (found === null || found === undefined) continue;
    if ('error' in found) {
      plan.failures.push(found);
      continue;
    }
    const kept = states.get(stream.name) ?? null;
    const other = refresh.includes(stream.name) ? null : ofOtherPortal(stream.name, kept, portal);
    if (other) {
      plan.failures.push(other);
      continue;
    }
    const configured = configure(found, stream);
    plan.catalog.push(configured);
    const isUnderWay = kept !== null && kept.refresh !== null;
    const isWhole = configured.sync_mode === 'full_refresh';
    // A full refresh has no position to resume from, nor does a refresh that starts.
    const begins = isUnderWay ? isWhole : refresh.includes(stream.name);
    // An overwrite is a refresh anyway.
    if ((isUnderWay || begins) && configured.destination_sync_mode !== 'overwrite') {
      plan.refreshes.push({ stream: stream.name, begins });
    }
    plan.streams.push({
      name: stream.name,
      mode: configured.sync_mode,
      state: isWhole || begins ? null : (kept?.state ?? null),
      optional: mayBeLeftOut(stream.name),
    });
  }
  return plan;
}

/**
 * Handles streams that were synced before and are not found today. If the reason is a missing permission, that is a failure, or the
 * table would silently become stale.
 */
async function addVanished(plan: SyncPlan, portal: Portal, states: ReadonlyMap<string, KeptState>): Promise<void> {
  for (const name of states.keys()) {
    if (portal.streamNames.includes(name)) continue;
    try {
      await portal.stream(name);
      const level = portal.isConfigured(name) ? 'info' : 'warn';
      log[level](`${name} was synced before and is not read any more. Its table stays as it is.`);
    } catch (error) {
      plan.failures.push({ stream: name, error: asHubflakeError(error) });
    }
  }
}

/** A failure if a stream's rows are from another portal: an overwrite would silently replace them by this one's. */
function ofOtherPortal(stream: string, kept: KeptState | null, portal: Portal): StreamFailure | null {
  try {
    checkPortal(stream, portalOf(kept?.state ?? null), portal.id);
    return null;
  } catch (error) {
    return { stream, error: asHubflakeError(error) };
  }
}

/** The stream, or the failure to open it; null: it is left out. */
async function open(portal: Portal, name: string, optional: boolean): Promise<Stream | StreamFailure | null> {
  try {
    if (optional && (await portal.isOutOfScope(name))) return null;
    return (await portal.stream(name)) ?? { stream: name, error: unknownStream(name, portal) };
  } catch (error) {
    if (optional && (await portal.noteUnreadable(name, error))) return null;
    return { stream: name, error: asHubflakeError(error) };
  }
}

/**
 * Chooses the modes: incremental and deduplicated by default; a stream without a cursor is always a full refresh, by default as an
 * overwrite.
 */
function configure(
  { entry: stream }: Stream,
  { name, syncMode, destinationSyncMode }: PipelineStream,
): ConfiguredStream {
  const hasCursor = stream.supported_sync_modes.includes('incremental');
  if (syncMode === 'incremental' && !hasCursor) log.info(`${name} has no cursor, so it is read as a full refresh.`);
  const wanted = syncMode ?? (destinationSyncMode === 'overwrite' ? 'full_refresh' : 'incremental');
  const sync_mode = hasCursor ? wanted : 'full_refresh';
  const destination_sync_mode = destinationSyncMode ?? (sync_mode === 'full_refresh' ? 'overwrite' : 'append_dedup');
  if (sync_mode === 'incremental' && destination_sync_mode === 'overwrite') {
    throw new ConfigError(
      `The stream "${name}" asks for incremental and overwrite: an increment does not hold the whole of it. Use full_refresh, or append_dedup.`,
    );
  }
  return {
    stream,
    sync_mode,
    destination_sync_mode,
    cursor_field: stream.default_cursor_field,
    primary_key: stream.source_defined_primary_key,
  };
}
