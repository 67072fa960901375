import type { ReportData } from '../../src/observing/report/report-data.js';
import { epochMs } from '../../src/time.js';

/** A text that tries to leave every place where it may be put. */
export const HOSTILE = `</script><img src=x onerror="document.title='gone'"><!-- "'>`;

const SECONDS = 300;

const wave = (most: number) =>
  Array.from({ length: SECONDS }, (_, second) => Math.round((most / 2) * (1 + Math.sin(second / 20))));

/** A page of all that a report can have. */
export const SAMPLE: ReportData = {
  version: '1.2.3',
  command: 'sync',
  pipeline: `crm ${HOSTILE}`,
  startedAt: epochMs(Date.parse('2026-11-30T10:00:00Z')),
  endedAt: epochMs(Date.parse('2026-11-30T10:05:00Z')),
  verdict: { is: 'bad', text: '2 streams failed.' },
  figures: [
    { label: 'Streams', value: 40 },
    { label: 'Records', value: 1_234_567, unit: 'read' },
    { label: 'Minutes', value: 'under 1', unit: "at HubSpot's limits" },
  ],
  tables: [
    {
      heading: 'Streams',
      about: 'What was read and written.',
      columns: [
        { label: 'stream', is: 'text' },
        { label: 'status', is: 'status' },
        ...['records', 'inserted', 'updated', 'marked', 'removed', 'calls', 'seconds'].map((label) => ({
          label,
          is: 'number' as const,
        })),
        { label: 'table', is: 'text' },
      ],
      rows: Array.from({ length: 40 }, (_, n) => [
        n === 0 ? HOSTILE : `a_stream_with_a_long_name_${n}`,
        (
          [
            { is: 'good', text: 'complete' },
            { is: 'bad', text: 'failed' },
            { is: 'running', text: 'running' },
            { is: 'quiet', text: 'nothing new' },
          ] as const
        )[n % 4] ?? null,
        1_234_567 - n,
        0,
        12,
        0,
        0,
        345,
        12.3,
        n === 1 ? null : `A_STREAM_WITH_A_LONG_NAME_${n}`,
      ]),
    },
  ],
  limits: { burst: 190, burstSeconds: 10, searchesASecond: 5 },
  timeline: {
    startedAt: epochMs(Date.parse('2026-11-30T10:00:00Z')),
    seconds: 1,
    calls: wave(19),
    records: wave(1900),
    answering: wave(8),
    waiting: wave(12),
    pausing: wave(1),
    committing: wave(2),
    burst: wave(171),
    searches: wave(5),
  },
  time: [
    { what: 'HubSpot answering', clock: 200, sum: 900, times: 4000 },
    { what: "waiting for HubSpot's limits", clock: 80, sum: 1200, times: 4000 },
    { what: 'pauses before a repeat', clock: 0, sum: 0, times: 0 },
    { what: 'warehouse commits', clock: 60, sum: 60, times: 20 },
  ],
  quota: { max: 650_000, left: 500_000, ours: 4000 },
  notes: (['failed', 'scopes', 'leftOut', 'changed', 'warning', 'columns', 'note'] as const).map((about, n) => ({
    about,
    text:
      n === 0
        ? `deals: ${HOSTILE} [HF-REQUEST]`
        : `Something is to be said of ${about}, as long as a sentence of a note is.`,
    advice: n % 2 === 0 ? '' : 'And this is what you can do about it, if you want to.',
    count: n + 1,
  })),
  notesLeftOut: 3,
};
