import type { PipelineConfig, PipelineStream } from '../config/pipeline.js';
import { asHubflakeError, ConfigError } from '../errors.js';
import { log } from '../log.js';
import type { ConfiguredStream, JsonObject } from '../protocol/messages.js';
import { catalogEntry, type StreamDefinition } from '../streams/definition.js';
import type { Portal } from '../streams/portal.js';
import { type StreamFailure, type StreamToRead, unknownStream } from '../streams/read.js';

/** What a sync reads and writes. */
export interface SyncPlan {
  streams: StreamToRead[];
  catalog: ConfiguredStream[];
  /** Streams that were asked for and cannot be had. */
  failures: StreamFailure[];
}

/**
 * Which streams a pipeline syncs, and in which modes: those it lists, or all that the token may read. A listed one that cannot
 * be had is a failure; one that was merely discoverable is left out.
 */
export async function planSync(
  config: PipelineConfig,
  portal: Portal,
  states: ReadonlyMap<string, JsonObject>,
): Promise<SyncPlan> {
  const plan: SyncPlan = { streams: [], catalog: [], failures: [] };
  const listed = config.streams;
  const wanted = listed ?? portal.streamNames.map((name) => ({ name, syncMode: null, destinationSyncMode: null }));
  const isOptional = (name: string) => listed === null && !portal.asks(name);
  const definitions = await Promise.all(wanted.map(({ name }) => define(portal, name, isOptional(name))));
  for (const [index, stream] of wanted.entries()) {
    const definition = definitions[index];
    if (definition === null || definition === undefined) continue;
    if ('error' in definition) {
      plan.failures.push(definition);
      continue;
    }
    const configured = configure(definition, stream);
    plan.catalog.push(configured);
    plan.streams.push({
      name: stream.name,
      mode: configured.sync_mode,
      // A refresh starts over: the rows it had collected before were not kept.
      state: configured.sync_mode === 'full_refresh' ? null : (states.get(stream.name) ?? null),
      optional: isOptional(stream.name),
    });
  }
  return plan;
}

/** The definition; or why there is none, null when that is no failure. */
async function define(
  portal: Portal,
  name: string,
  optional: boolean,
): Promise<StreamDefinition | StreamFailure | null> {
  try {
    return (await portal.define(name)) ?? { stream: name, error: unknownStream(name, portal) };
  } catch (error) {
    if (optional && portal.noteUnreadable(name, error)) return null;
    return { stream: name, error: asHubflakeError(error) };
  }
}

/** Incremental and deduplicated by default; of a stream without a cursor always the whole, by default as an overwrite. */
function configure(
  definition: StreamDefinition,
  { name, syncMode, destinationSyncMode }: PipelineStream,
): ConfiguredStream {
  const stream = catalogEntry(definition);
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
