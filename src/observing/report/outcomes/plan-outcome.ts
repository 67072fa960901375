import { counted, failureNotes, type Outcome, type StreamError } from './outcome.js';

/** What a sync would do. */
interface PlanOutcome {
  streams: readonly {
    stream: string;
    table: string;
    syncMode: string;
    destinationSyncMode: string;
    what: string;
    rows: number | null;
    calls: { burst: number; search: number; exempt: number };
    tableWillBe: 'new' | 'changed' | 'there';
  }[];
  calls: { burst: number; search: number; exempt: number; total: number };
  minutes: number;
  quota: { remaining: number } | null;
  notes: readonly string[];
  errors: readonly StreamError[];
}

const TABLE = { new: 'created with its first row', changed: 'gets columns', there: 'there' };

/** A plan as a report shows it. */
export function outcomeOfPlan({ streams, calls, minutes, quota, notes, errors }: PlanOutcome): Outcome {
  const rows = streams.reduce((all, each) => all + (each.rows ?? 0), 0);
  const share = quota === null ? null : Math.round((10_000 * calls.total) / Math.max(1, quota.remaining)) / 100;
  return {
    verdict:
      errors.length > 0
        ? { is: 'bad', text: `${counted(errors.length, 'stream')} cannot be read.` }
        : { is: 'good', text: `A sync would read ${counted(streams.length, 'stream')}. Nothing was changed.` },
    figures: [
      { label: 'Streams', value: streams.length },
      { label: 'Rows', value: rows, unit: 'at most' },
      { label: 'Calls a sync', value: calls.total, unit: 'would take' },
      { label: 'Minutes', value: minutes < 1 ? 'under 1' : Math.ceil(minutes), unit: "at HubSpot's limits" },
      ...(share === null
        ? []
        : [{ label: 'Share of the day', value: `${share} %`, unit: 'of the calls that are left' }]),
    ],
    tables: [
      {
        heading: 'Streams',
        about:
          'Rows at most: what did not change within the lookback is read, and not written. Calls by the limit that they count for.',
        columns: [
          { label: 'stream', is: 'text' },
          { label: 'reads', is: 'text' },
          { label: 'rows at most', is: 'number' },
          { label: 'burst', is: 'number' },
          { label: 'search', is: 'number' },
          { label: 'exempt', is: 'number' },
          { label: 'mode', is: 'text' },
          { label: 'table', is: 'text' },
          { label: 'table is', is: 'text' },
        ],
        rows: streams.map((each) => [
          each.stream,
          each.what,
          each.rows,
          each.calls.burst,
          each.calls.search,
          each.calls.exempt,
          `${each.syncMode}, ${each.destinationSyncMode}`,
          each.table,
          TABLE[each.tableWillBe],
        ]),
      },
    ],
    notes: [...failureNotes(errors), ...notes.map((text) => ({ about: 'note' as const, text, advice: '' }))],
  };
}
