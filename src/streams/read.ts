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
  /** Selected because it was discovered, not because someone named it: if unreadable, it is left out instead of failing. */
  optional: boolean;
}

/** A stream that could not be finished, and why. */
export interface StreamFailure {
  stream: string;
  error: HubflakeError;
}

/** The number of streams read concurrently. Each has about one call in flight and one page in memory. */
const STREAMS_AT_ONCE = 12;

/**
 * Reads the streams concurrently. One that fails does not stop the others: its error is passed to the sink, and returned.
 *
 * @returns the streams that could not be finished (a stop on request is not a failure), and the minimum number of calls for what was
 *   read, to compare with the actual number
 */
export async function readStreams(
  portal: Portal,
  streams: readonly StreamToRead[],
  sink: RecordSink,
): Promise<{ failures: StreamFailure[]; leastCalls: number }> {
  const failures: StreamFailure[] = [];
  let leastCalls = 0;
  const waiting = [...streams];
  const worker = async () => {
    for (let stream = waiting.shift(); stream; stream = waiting.shift()) {
      const outcome = await readStream(portal, stream, sink);
      if (typeof outcome === 'number') leastCalls += outcome;
      else if (outcome) failures.push({ stream: stream.name, error: outcome });
    }
  };
  // Streams whose load or pass was interrupted go first: they have waited since the previous run.
  waiting.sort((a, b) => Number(isUnfinished(b.state)) - Number(isUnfinished(a.state)));
  await Promise.all(Array.from({ length: Math.min(STREAMS_AT_ONCE, streams.length) }, worker));
  return { failures, leastCalls: leastCalls + portal.leastCalls + portal.parents.leastCalls };
}

/** @returns the minimum number of calls for what was read; or the error, null if the stream was stopped or left out */
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
    const error = portal.explained(name, asHubflakeError(caught));
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
