import type { Cell } from '../report-data.js';
import { counted, failureNotes, type Outcome, type StreamError } from './outcome.js';

/** What a verification has found. */
interface VerifyOutcome {
  streams: readonly {
    stream: string;
    table: string;
    portal: number | null;
    rows: number;
    missing: number;
    stale: number;
    ghosts: number;
    pending: number;
    mended: number;
    calls: number;
    least: number;
    isProved: boolean;
    notes: readonly string[];
  }[];
  skipped: readonly string[];
  errors: readonly StreamError[];
}

/** A verification as a report shows it. */
export function outcomeOfVerify({ streams, skipped, errors }: VerifyOutcome): Outcome {
  const leftOf = (each: VerifyOutcome['streams'][number]) => each.missing + each.stale + each.ghosts - each.mended;
  const sum = (of: (each: VerifyOutcome['streams'][number]) => number) =>
    streams.reduce((all, each) => all + of(each), 0);
  const left = sum(leftOf);
  const status = (each: VerifyOutcome['streams'][number]): Cell => {
    if (leftOf(each) > 0) return { is: 'bad', text: 'differs' };
    if (each.mended > 0) return { is: 'good', text: 'mended' };
    return { is: 'good', text: each.isProved ? 'equal' : 'equal by counts' };
  };
  return {
    verdict:
      left > 0
        ? { is: 'bad', text: `${counted(left, 'difference remains', 'differences remain')}.` }
        : errors.length > 0
          ? { is: 'bad', text: `${counted(errors.length, 'stream')} could not be compared.` }
          : { is: 'good', text: 'The tables equal HubSpot.' },
    figures: [
      { label: 'Streams', value: streams.length, unit: 'compared' },
      { label: 'Rows', value: sum(({ rows }) => rows) },
      { label: 'Differences', value: left, unit: 'remain' },
      { label: 'Mended', value: sum(({ mended }) => mended) },
    ],
    tables: [
      {
        heading: 'Streams',
        about:
          'Missing: in HubSpot, not in the table. Stale: an older version is there. Ghosts: rows whose record is gone. To come: changed too recently for the last sync.',
        columns: [
          { label: 'stream', is: 'text' },
          { label: 'status', is: 'status' },
          { label: 'in HubSpot', is: 'number' },
          { label: 'rows', is: 'number' },
          { label: 'missing', is: 'number' },
          { label: 'stale', is: 'number' },
          { label: 'ghosts', is: 'number' },
          { label: 'to come', is: 'number' },
          { label: 'mended', is: 'number' },
          { label: 'calls', is: 'number' },
          { label: 'least calls', is: 'number' },
          { label: 'table', is: 'text' },
        ],
        rows: streams.map((each) => [
          each.stream,
          status(each),
          each.portal,
          each.rows,
          each.missing,
          each.stale,
          each.ghosts,
          each.pending,
          each.mended,
          each.calls,
          each.least,
          each.table,
        ]),
      },
    ],
    notes: [
      ...failureNotes(errors),
      ...streams.flatMap(({ table, notes }) =>
        notes.map((note) => ({ about: 'note' as const, text: `${table}: ${note}.`, advice: '' })),
      ),
      ...(skipped.length > 0
        ? [
            {
              about: 'note' as const,
              text: `Not compared, as they have no records to count: ${skipped.join(', ')}.`,
              advice: 'verify --deep compares them.',
            },
          ]
        : []),
      ...(left > 0
        ? [
            {
              about: 'failed' as const,
              text: `${counted(left, 'difference remains', 'differences remain')}.`,
              advice: 'verify --repair mends them.',
            },
          ]
        : []),
    ],
  };
}
