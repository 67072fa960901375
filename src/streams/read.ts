import { observed, onBehalfOf, type StreamActivity } from '../activity.js';
import { nearest } from '../config/suggest.js';
import { asHubflakeError, HubflakeError, StoppedError, UnknownStreamError } from '../errors.js';
import type { JsonObject, SyncMode } from '../protocol/messages.js';
import type { RecordSink } from './core/sink.js';
import type { Stream, StreamRun } from './core/stream.js';
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

/** The number of streams, or of groups that are read together, that are read concurrently. Each has about one call in flight and one page in memory. */
const STREAMS_AT_ONCE = 12;

/**
 * Reads the streams concurrently, those together that are read from the same calls. One that fails does not stop the others: its error is
 * passed to the sink, and returned.
 *
 * @returns the streams that could not be finished (a stop on request is not a failure), and the minimum number of calls for what was
 *   read, to compare with the actual number: of all, and by stream
 */
export async function readStreams(
  portal: Portal,
  streams: readonly StreamToRead[],
  sink: RecordSink,
): Promise<{ failures: StreamFailure[]; leastCalls: number; leastOf: ReadonlyMap<string, number> }> {
  const failures: StreamFailure[] = [];
  const leastOf = new Map<string, number>();
  const waiting = groupsOf(portal, streams);
  const worker = async () => {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      const streams = group.map(({ name }) => name);
      const activity: StreamActivity = { streams };
      const read = () =>
        observed('stream', activity, async () => {
          const outcomes = await readGroup(portal, group, sink);
          activity.failures = outcomes.flatMap(({ name, outcome }) =>
            outcome instanceof HubflakeError ? [{ stream: name, code: outcome.code }] : [],
          );
          return outcomes;
        });
      for (const { name, outcome } of await onBehalfOf(streams[0] ?? '', read)) {
        if (typeof outcome === 'number') leastOf.set(name, outcome);
        else if (outcome) failures.push({ stream: name, error: outcome });
      }
    }
  };
  // Streams whose load or pass was interrupted go first: they have waited since the previous run.
  const isWaiting = (group: readonly StreamToRead[]) => group.some(({ state }) => isUnfinished(state));
  waiting.sort((a, b) => Number(isWaiting(b)) - Number(isWaiting(a)));
  await Promise.all(Array.from({ length: Math.min(STREAMS_AT_ONCE, waiting.length) }, worker));
  const ofStreams = [...leastOf.values()].reduce((sum, calls) => sum + calls, 0);
  return { failures, leastCalls: ofStreams + portal.leastCalls + portal.parents.leastCalls, leastOf };
}

/** The streams in groups that share sources, directly or through others. */
export function groupsOf<S extends { name: string }>(portal: Portal, streams: readonly S[]): S[][] {
  const groups: { streams: S[]; sources: Set<unknown> }[] = [];
  for (const stream of streams) {
    const joined = { streams: [stream], sources: new Set(portal.sourcesOf(stream.name)) };
    for (const group of groups.filter(({ sources }) => [...sources].some((each) => joined.sources.has(each)))) {
      groups.splice(groups.indexOf(group), 1);
      joined.streams.unshift(...group.streams);
      for (const source of group.sources) joined.sources.add(source);
    }
    groups.push(joined);
  }
  return groups.map((group) => group.streams);
}

/** What became of a stream: the minimum number of calls for what was read; the error; or null, if it was stopped or left out. */
interface Outcome {
  name: string;
  outcome: number | HubflakeError | null;
}

async function readGroup(portal: Portal, group: readonly StreamToRead[], sink: RecordSink): Promise<Outcome[]> {
  const opened = await Promise.all(group.map((each) => openStream(portal, each, sink)));
  const ready = opened.flatMap((each, index) => {
    const toRead = group[index];
    return toRead && !isFailure(each) ? [{ stream: each, toRead }] : [];
  });
  const failed = opened.flatMap((each, index) =>
    isFailure(each) ? [{ toRead: group[index], error: each.error }] : [],
  );
  const outcomes: Outcome[] = [];
  for (const { toRead, error } of failed) if (toRead) outcomes.push(await failedOutcome(portal, toRead, error, sink));
  const results = await readAll(
    ready.map(({ stream, toRead: { state, mode } }) => ({ stream, run: { state, mode, sink } })),
  );
  for (const [index, result] of results.entries()) {
    const toRead = ready[index]?.toRead;
    if (toRead) outcomes.push(await outcomeOf(portal, toRead, result, sink));
  }
  return outcomes;
}

interface Failure {
  error: unknown;
}

function isFailure(opened: Stream | Failure): opened is Failure {
  return 'error' in opened;
}

async function openStream(portal: Portal, { name, state }: StreamToRead, sink: RecordSink): Promise<Stream | Failure> {
  try {
    sink.started(name, state);
    const stream = await portal.stream(name);
    return stream ?? { error: unknownStream(name, portal) };
  } catch (error) {
    return { error };
  }
}

/** Reads streams that share sources: together, as far as they can be. */
async function readAll(runs: readonly { stream: Stream; run: StreamRun }[]): Promise<readonly unknown[]> {
  const together = runs[0]?.stream.together;
  if (together && runs.every(({ stream }) => stream.together === together)) {
    return together(runs).catch((error: unknown) => runs.map(() => error));
  }
  return Promise.all(runs.map(({ stream, run }) => stream.read(run).catch((error: unknown) => error)));
}

async function outcomeOf(portal: Portal, toRead: StreamToRead, result: unknown, sink: RecordSink): Promise<Outcome> {
  if (typeof result !== 'number') return failedOutcome(portal, toRead, result, sink);
  try {
    await sink.complete(toRead.name);
    return { name: toRead.name, outcome: result };
  } catch (error) {
    return failedOutcome(portal, toRead, error, sink);
  }
}

async function failedOutcome(
  portal: Portal,
  { name, state, optional }: StreamToRead,
  caught: unknown,
  sink: RecordSink,
): Promise<Outcome> {
  if (optional && state === null && sink.emitted(name) === 0 && (await portal.noteUnreadable(name, caught)))
    return { name, outcome: null };
  const error = portal.explained(name, asHubflakeError(caught));
  const stopped = error instanceof StoppedError;
  await sink.incomplete(name, stopped ? null : error);
  return { name, outcome: stopped ? null : error };
}

export function unknownStream(name: string, portal: Portal): UnknownStreamError {
  const meant = nearest(name, portal.streamNames);
  return new UnknownStreamError(
    `There is no stream "${name}" in this portal today.${meant ? ` Did you mean "${meant}"?` : ''} Run discover to see the streams there are.`,
  );
}
