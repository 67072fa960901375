import { nearest } from '../config/suggest.js';
import { asHubflakeError, type HubflakeError, StoppedError, UnknownStreamError } from '../errors.js';
import type { HubSpotClient } from '../hubspot/client/client.js';
import type { JsonObject, SyncMode } from '../protocol/messages.js';
import { readAssociationStream } from './associations/association-reader.js';
import { readDealSplitStream } from './associations/deal-split-reader.js';
import { ParentIds } from './associations/parent-ids.js';
import type { RecordSink } from './core/sink.js';
import { readObject } from './crm/object-reader.js';
import type { ReadOptions } from './crm/run/object-run.js';
import type { StreamDefinition } from './definition.js';
import type { Portal } from './portal.js';
import { readSnapshot } from './snapshots/snapshot-reader.js';

/** One stream to read. */
export interface StreamToRead {
  name: string;
  mode: SyncMode;
  state: JsonObject | null;
  /** Taken up because it was discoverable, not because someone asked for it: unreadable, it is left out, not failed. */
  optional: boolean;
}

/** A stream that could not be finished, and why. */
export interface StreamFailure {
  stream: string;
  error: HubflakeError;
}

/** Streams read side by side. Each has about one call in flight and one page in memory. */
const STREAMS_AT_ONCE = 12;

/**
 * Reads the streams side by side. One that fails does not stop the others: its error goes to the sink, and is returned.
 *
 * @returns the streams that could not be finished (a stop on request is no failure), and the fewest calls in which HubSpot
 *   gives what was read, to hold those that were made against
 */
export async function readStreams(
  client: HubSpotClient,
  portal: Portal,
  streams: readonly StreamToRead[],
  sink: RecordSink,
  options: Omit<ReadOptions, 'portalId'>,
): Promise<{ failures: StreamFailure[]; leastCalls: number }> {
  const failures: StreamFailure[] = [];
  const parents = new ParentIds(client);
  let leastCalls = portal.leastCalls;
  const waiting = [...streams];
  const worker = async () => {
    for (let stream = waiting.shift(); stream; stream = waiting.shift()) {
      const outcome = await readStream(client, portal, stream, parents, sink, { ...options, portalId: portal.id });
      if (typeof outcome === 'number') leastCalls += outcome;
      else if (outcome) failures.push({ stream: stream.name, error: outcome });
    }
  };
  // A stream whose load or pass was interrupted goes first: it has waited since the run before.
  waiting.sort((a, b) => Number(isUnfinished(b)) - Number(isUnfinished(a)));
  await Promise.all(Array.from({ length: Math.min(STREAMS_AT_ONCE, streams.length) }, worker));
  return { failures, leastCalls: leastCalls + parents.leastCalls };
}

function isUnfinished({ state }: StreamToRead): boolean {
  const own = state?.hubflake as { load?: unknown; pass?: unknown } | undefined;
  return Boolean(own?.load ?? own?.pass);
}

/** @returns the fewest calls for what was read; or what made it fail, null when that was a stop or the stream was left out */
async function readStream(
  client: HubSpotClient,
  portal: Portal,
  stream: StreamToRead,
  parents: ParentIds,
  sink: RecordSink,
  options: ReadOptions,
): Promise<number | HubflakeError | null> {
  const { name, state, optional } = stream;
  try {
    sink.started(name, state);
    const definition = await portal.define(name);
    if (!definition) throw unknownStream(name, portal);
    const leastCalls = await readDefined(client, definition, stream, parents, sink, options);
    await sink.complete(name);
    return leastCalls;
  } catch (caught) {
    if (optional && state === null && sink.emitted(name) === 0 && (await portal.noteUnreadable(name, caught)))
      return null;
    const error = asHubflakeError(caught);
    const stopped = error instanceof StoppedError;
    await sink.incomplete(name, stopped ? null : error);
    return stopped ? null : error;
  }
}

/** @returns the fewest calls for what was read, but for those that `parents` counts */
async function readDefined(
  client: HubSpotClient,
  definition: StreamDefinition,
  { mode, state }: StreamToRead,
  parents: ParentIds,
  sink: RecordSink,
  options: ReadOptions,
): Promise<number> {
  switch (definition.kind) {
    case 'object':
      return definition.definitionCalls + (await readObject(client, definition, sink, options, state, mode));
    case 'snapshot':
      return readSnapshot(client, definition, sink, options, state, mode);
    case 'associations':
      return readAssociationStream(client, definition, parents, sink, options, state, mode);
    case 'dealSplits':
      return readDealSplitStream(client, definition, parents, sink, options, state, mode);
  }
}

export function unknownStream(name: string, portal: Portal): UnknownStreamError {
  const meant = nearest(name, portal.streamNames);
  return new UnknownStreamError(
    `There is no stream "${name}" in this portal today.${meant ? ` Did you mean "${meant}"?` : ''} Run discover to see the streams there are.`,
  );
}
