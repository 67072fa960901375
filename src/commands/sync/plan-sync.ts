import type { PipelineConfig, PipelineStream } from '../../config/pipeline.js';
import { nearest } from '../../config/suggest.js';
import { asHubflakeError, ConfigError } from '../../errors.js';
import { log } from '../../log.js';
import type { ConfiguredStream } from '../../protocol/messages.js';
import type { Stream } from '../../streams/core/stream.js';
import { checkPortal, portalOf } from '../../streams/core/stream-state.js';
import type { Portal } from '../../streams/portal.js';
import { type StreamFailure, type StreamToRead, unknownStream } from '../../streams/read.js';
import type { KeptState } from '../../warehouse/store.js';

/** What a sync reads and writes. */
export interface SyncPlan {
  streams: StreamToRead[];
  catalog: ConfiguredStream[];
  /** Streams that are loaded anew: from this run on, or going on where an interrupted one has stopped. */
  refreshes: { stream: string; begins: boolean }[];
  /** Streams whose tables are of the other form than they are to be, and are made anew. */
  reformed: string[];
  /** Streams that were asked for and cannot be had. */
  failures: StreamFailure[];
}

/**
 * Which streams a pipeline syncs, and in which modes: those it lists, or all that the token may read. A listed one that cannot
 * be had is a failure; one that was merely discoverable is left out.
 *
 * @param states what was kept of each @param refresh the streams to load anew. Throws a ConfigError where one is not synced
 */
export async function planSync(
  config: PipelineConfig,
  portal: Portal,
  states: ReadonlyMap<string, KeptState>,
  refresh: readonly string[],
): Promise<SyncPlan> {
  const plan: SyncPlan = { streams: [], catalog: [], refreshes: [], reformed: [], failures: [] };
  const listed = config.streams;
  const wanted = listed ?? portal.streamNames.map((name) => ({ name, syncMode: null, destinationSyncMode: null }));
  requireKnown(
    refresh,
    wanted.map(({ name }) => name),
  );
  const isOptional = (name: string) => listed === null && !portal.isConfigured(name) && !refresh.includes(name);
  // What was read before and is refused today must not freeze in runs that succeed.
  const mayBeLeftOut = (name: string) => isOptional(name) && !states.has(name);
  const opened = await Promise.all(wanted.map(({ name }) => open(portal, name, mayBeLeftOut(name))));
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
    // What is read as a whole has no position to go on from. Nor has a refresh that begins.
    const begins = isUnderWay ? isWhole : refresh.includes(stream.name);
    // An overwrite is loaded anew each time.
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

/** What was synced before and is not to be found today: where that is for want of rights, a failure, or its table would freeze unseen. */
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

/** Its rows are those of another portal: an overwrite would be replaced by this one's without a word. */
function ofOtherPortal(stream: string, kept: KeptState | null, portal: Portal): StreamFailure | null {
  try {
    checkPortal(stream, portalOf(kept?.state ?? null), portal.id);
    return null;
  } catch (error) {
    return { stream, error: asHubflakeError(error) };
  }
}

function requireKnown(refresh: readonly string[], names: readonly string[]): void {
  for (const name of refresh) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    throw new ConfigError(
      `--refresh names the stream "${name}", which this pipeline does not sync.${meant ? ` Did you mean "${meant}"?` : ''} Nothing was done.`,
    );
  }
}

/** The stream; or why there is none, null when that is no failure. */
async function open(portal: Portal, name: string, optional: boolean): Promise<Stream | StreamFailure | null> {
  try {
    if (optional && (await portal.isOutOfScope(name))) return null;
    return (await portal.stream(name)) ?? { stream: name, error: unknownStream(name, portal) };
  } catch (error) {
    if (optional && (await portal.noteUnreadable(name, error))) return null;
    return { stream: name, error: asHubflakeError(error) };
  }
}

/** Incremental and deduplicated by default; of a stream without a cursor always the whole, by default as an overwrite. */
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
