import type { Cell, Figure, ReportTable } from '../report-data.js';
import type { StreamProgress } from '../stream-tally.js';
import { counted, failureNotes, type Outcome, type StreamError, type StreamOutcome } from './outcome.js';

/** What a sync did. */
interface SyncOutcome {
  streams: readonly StreamOutcome[];
  calls: { least: number };
  errors: readonly StreamError[];
}

/** A sync's result as a report shows it. */
export function outcomeOfSync({ streams, calls, errors }: SyncOutcome): Outcome {
  const incomplete = streams.filter((each) => !each.complete && !errors.some(({ stream }) => stream === each.stream));
  const isGood = errors.length === 0 && incomplete.length === 0;
  return {
    verdict: {
      is: isGood ? 'good' : 'bad',
      text: isGood
        ? `${counted(streams.length, 'stream')} up to date.`
        : errors.length > 0
          ? `${counted(errors.length, 'stream')} failed.`
          : `${counted(incomplete.length, 'stream')} not complete; the next sync goes on there.`,
    },
    figures: [{ label: 'Fewest calls', value: calls.least, unit: 'possible' }],
    streams,
    notes: failureNotes(errors),
    failed: errors.map(({ stream }) => stream),
  };
}

const COLUMNS: ReportTable['columns'] = [
  { label: 'stream', is: 'text' },
  { label: 'status', is: 'status' },
  { label: 'records', is: 'number' },
  { label: 'inserted', is: 'number' },
  { label: 'updated', is: 'number' },
  { label: 'marked', is: 'number' },
  { label: 'removed', is: 'number' },
  { label: 'calls', is: 'number' },
  { label: 'seconds', is: 'number' },
];
const FRESHNESS: ReportTable['columns'][number] = { label: 'longest delay, s', is: 'number' };
const TABLE: ReportTable['columns'][number] = { label: 'table', is: 'text' };

/** What a sync did, or all rounds of a service did together. */
export function syncFigures(streams: readonly StreamOutcome[]): Figure[] {
  const sum = (of: 'records' | 'inserted' | 'updated' | 'marked' | 'removed') =>
    streams.reduce((all, each) => all + each[of], 0);
  return [
    { label: 'Streams', value: streams.length },
    { label: 'Records', value: sum('records'), unit: 'read' },
    { label: 'Rows', value: sum('inserted') + sum('updated') + sum('marked') + sum('removed'), unit: 'changed' },
  ];
}

/** Two rounds of a stream as one. */
export function together(before: StreamOutcome | undefined, last: StreamOutcome): StreamOutcome {
  if (before === undefined) return last;
  const sum = (of: 'records' | 'inserted' | 'updated' | 'marked' | 'removed') => before[of] + last[of];
  return {
    ...last,
    records: sum('records'),
    inserted: sum('inserted'),
    updated: sum('updated'),
    marked: sum('marked'),
    removed: sum('removed'),
  };
}

/**
 * A row a stream: what was done where it is known, and what goes on.
 *
 * @param failed the streams that failed last
 * @param callsOf how many calls were made on behalf of a stream
 */
export function streamsTable(
  streams: readonly StreamOutcome[],
  failed: readonly string[],
  progress: ReadonlyMap<string, StreamProgress>,
  callsOf: (stream: string) => number,
): ReportTable {
  const done = new Map(streams.map((each) => [each.stream, each]));
  const names = [...done.keys(), ...[...progress.keys()].filter((stream) => !done.has(stream))];
  const isTimed = [...progress.values()].some(({ freshness }) => freshness !== null);
  const rows = names.map((stream): Cell[] => {
    const going = progress.get(stream);
    const counts = done.get(stream) ?? going;
    return [
      stream,
      statusOf(failed.includes(stream), done.get(stream), going),
      counts?.records ?? 0,
      counts?.inserted ?? 0,
      counts?.updated ?? 0,
      counts?.marked ?? 0,
      done.get(stream)?.removed ?? 0,
      callsOf(stream),
      Math.round((going?.seconds ?? 0) * 10) / 10,
      ...(isTimed ? [going?.freshness ?? null] : []),
      counts?.table ?? null,
    ];
  });
  return {
    heading: 'Streams',
    about:
      'Streams that are read together have their calls under the first of them. Marked: archived or merged away in HubSpot.',
    columns: [...COLUMNS, ...(isTimed ? [FRESHNESS] : []), TABLE],
    rows: rows.sort((a, b) => Number(b[2]) - Number(a[2])),
  };
}

function statusOf(isFailed: boolean, done: StreamOutcome | undefined, going: StreamProgress | undefined): Cell {
  if (going?.isRunning) return { is: 'running', text: 'running' };
  if (isFailed) return { is: 'bad', text: 'failed' };
  if (done === undefined) return { is: 'quiet', text: going ? 'read' : 'waiting' };
  if (!done.complete) return { is: 'bad', text: 'not complete' };
  return done.records > 0 ? { is: 'good', text: 'complete' } : { is: 'quiet', text: 'nothing new' };
}
