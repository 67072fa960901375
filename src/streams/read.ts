import { nearest } from '../config/suggest.js';
import { asHubflakeError, type HubflakeError, StoppedError, UnknownStreamError } from '../errors.js';
import type { JsonObject, SyncMode } from '../protocol/messages.js';
import type { RecordSink } from './core/sink.js';
import { isUnfinished } from './core/stream-state.js';
import type { Portal } from './portal.js';

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
  portal: Portal,
  streams: readonly StreamToRead[],
  sink: RecordSink,
): Promise<{ failures: StreamFailure[]; leastCalls: number }> {
  const failures: StreamFailure[] = [];
  let leastCalls = portal.leastCalls;
  const waiting = [...streams];
  const worker = async () => {
    for (let stream = waiting.shift(); stream; stream = waiting.shift()) {
      const outcome = await readStream(portal, stream, sink);
      if (typeof outcome === 'number') leastCalls += outcome;
      else if (outcome) failures.push({ stream: stream.name, error: outcome });
    }
  };
  // A stream whose load or pass was interrupted goes first: it has waited since the run before.
  waiting.sort((a, b) => Number(isUnfinished(b.state)) - Number(isUnfinished(a.state)));
  await Promise.all(Array.from({ length: Math.min(STREAMS_AT_ONCE, streams.length) }, worker));
  return { failures, leastCalls: leastCalls + portal.parents.leastCalls };
}

/** @returns the fewest calls for what was read; or what made it fail, null when that was a stop or the stream was left out */
async function readStream(
  portal: Portal,
  toRead: StreamToRead,
  sink: RecordSink,
): Promise<number | HubflakeError | null> {
  const { name, state, mode, optional } = toRead;
  try {
    sink.started(name, state);
    const stream = await portal.stream(name);
    if (!stream) throw unknownStream(name, portal);
    const leastCalls = await stream.read({ state, mode, sink });
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

export function unknownStream(name: string, portal: Portal): UnknownStreamError {
  const meant = nearest(name, portal.streamNames);
  return new UnknownStreamError(
    `There is no stream "${name}" in this portal today.${meant ? ` Did you mean "${meant}"?` : ''} Run discover to see the streams there are.`,
  );
}
