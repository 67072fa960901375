import { jest } from '@jest/globals';
import { type CallActivity, observed, tell } from '../../activity.js';
import { configureLog, log } from '../../log.js';
import { epochNow } from '../../time.js';
import { outcomeOfSync } from './outcomes/sync-outcome.js';
import { ReportCollector } from './report-collector.js';
import type { ReportData } from './report-data.js';

const START = Date.parse('2026-11-30T10:00:00Z');
const LIMITS = { max: 100, remaining: 90, intervalMs: 10_000, dailyMax: 650_000, dailyRemaining: 649_000 };
const DONE = {
  stream: 'contacts',
  table: 'CONTACTS',
  records: 5,
  inserted: 3,
  updated: 1,
  marked: 1,
  removed: 0,
  complete: true,
};

let collector: ReportCollector;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  configureLog({ sink: () => undefined, level: 'error' });
  collector = new ReportCollector({ command: 'sync', pipeline: 'crm', version: '1.2.3' });
});

afterEach(() => {
  collector.close();
  jest.useRealTimers();
});

const after = (milliseconds: number) => jest.setSystemTime(Date.now() + milliseconds);
const rowsOf = (data: ReportData, heading: string) =>
  data.tables.find((table) => table.heading === heading)?.rows ?? [];

/** A call that waits, is answered, and learns what HubSpot says of its limits. */
async function call(about: Partial<CallActivity> = {}, waitsMs = 0, takesMs = 100): Promise<void> {
  const activity: CallActivity = {
    stream: 'contacts',
    kind: 'list',
    budget: 'burst',
    what: 'contacts',
    method: 'GET',
    server: 'api.hubapi.com',
    attemptsBefore: 0,
    queuedAt: epochNow(),
    ...about,
  };
  await observed('call', activity, async () => {
    after(waitsMs);
    activity.sentAt = epochNow();
    tell('sent', activity);
    after(takesMs);
    activity.status ??= 200;
    tell('limits', LIMITS);
  });
}

test('counts calls, waits and commits, and tells them apart by the clock and added up', async () => {
  await call({ bytes: 2_000_000 }, 2_000, 1_000);
  await observed('batch', { stream: 'contacts', table: 'CONTACTS', rows: 5, bytes: 1, modifiedAt: [] }, async () =>
    after(500),
  );
  const pause = { stream: null, what: 'contacts', why: 'a reset', milliseconds: 300 };
  await observed('pause', pause, async () => after(300));
  await call({ status: 503, isRepeated: true });
  await call({ attemptsBefore: 1 });
  const data = collector.data();
  expect(data.time.map(({ what, clock, sum, times }) => [what, clock, sum, times])).toEqual([
    ['HubSpot answering', 1.2, expect.closeTo(1.2), 3],
    ["waiting for HubSpot's limits", 2, 2, 3],
    ['pauses before a repeat', 0.3, 0.3, 1],
    ['warehouse commits', 0.5, 0.5, 1],
  ]);
  expect(rowsOf(data, 'Calls to HubSpot')).toEqual([['list', 3, 1, 0, 667, 400, 2]]);
  expect(data.figures).toContainEqual({ label: 'Calls made', value: 3, unit: '1 of them repeats' });
  expect(data.limits).toEqual({ burst: 100, burstSeconds: 10, searchesASecond: 5 });
  expect(data.quota).toEqual({ max: 650_000, left: 649_000, ours: 3 });
  expect(data.timeline?.waiting.slice(0, 3)).toEqual([1, 1, 0]);
});

test('the calls of a burst leave the ten seconds one after the other, also where none follows', async () => {
  await call();
  after(2_900);
  await call();
  after(20_000);
  expect(collector.data().timeline?.burst.slice(0, 15)).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 0, 0]);
});

test('searches are held against their limit a second', async () => {
  for (let n = 0; n < 4; n += 1) await call({ budget: 'search', kind: 'search' });
  after(1_000);
  await call({ budget: 'search', kind: 'search' });
  expect(collector.data().timeline).toMatchObject({ searches: [4, 1], burst: [0, 0], calls: [4, 1] });
});

test('streams have what is known of them while they run, and what came out in the end', async () => {
  await observed('stream', { streams: ['contacts'] }, async () => {
    tell('records', { stream: 'contacts', count: 5 });
    expect(rowsOf(collector.data(), 'Streams')[0]?.slice(0, 3)).toEqual([
      'contacts',
      { is: 'running', text: 'running' },
      5,
    ]);
    await call();
  });
  expect(collector.data().verdict).toEqual({ is: 'running', text: expect.any(String) });
  const errors = [{ stream: 'deals', code: 'HF-SCOPES', message: 'The token lacks a scope.' }];
  collector.take(
    outcomeOfSync({
      streams: [DONE, { ...DONE, stream: 'deals', records: 0, complete: false }],
      calls: { least: 1 },
      errors,
    }),
  );
  const data = collector.data();
  expect(data.verdict).toEqual({ is: 'bad', text: '1 stream failed.' });
  expect(rowsOf(data, 'Streams').map((row) => row.slice(0, 3))).toEqual([
    ['contacts', { is: 'good', text: 'complete' }, 5],
    ['deals', { is: 'bad', text: 'failed' }, 0],
  ]);
  expect(rowsOf(data, 'Streams')[0]?.slice(3)).toEqual([3, 1, 1, 0, 1, 0.1, 'CONTACTS']);
  expect(data.notes).toContainEqual({
    about: 'failed',
    text: 'deals: The token lacks a scope. [HF-SCOPES]',
    advice: '',
    count: 1,
  });
});

test('the rounds of a service are one: counts are added up, what failed last fails', () => {
  const errors = [{ stream: 'contacts', code: 'HF-UNAVAILABLE', message: 'HubSpot was not reached.' }];
  for (const failures of [[], errors, []]) {
    collector.take(outcomeOfSync({ streams: [DONE], calls: { least: 1 }, errors: failures }));
    const [row] = rowsOf(collector.data(), 'Streams');
    expect(row?.[1]).toMatchObject({ is: failures.length > 0 ? 'bad' : 'good' });
  }
  expect(rowsOf(collector.data(), 'Streams')[0]?.slice(2, 6)).toEqual([15, 9, 3, 3]);
  collector.failed('The last round failed: no. [HF-WAREHOUSE]');
  expect(collector.data().verdict).toEqual({ is: 'bad', text: 'The last round failed: no. [HF-WAREHOUSE]' });
  expect(rowsOf(collector.data(), 'Streams')).toHaveLength(1);
});

test('notes say what was left out, changed and added, each once, with what to do', () => {
  tell('leftOut', { stream: 'forms', why: 'the token lacks the scope forms', scopes: ['forms'] });
  tell('leftOut', { stream: 'goals', why: 'it is switched off', scopes: [] });
  for (let n = 0; n < 3; n += 1)
    tell('changed', { stream: 'deals', field: 'amount', change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR' });
  tell('columns', { stream: 'deals', table: 'DEALS', columns: Array.from({ length: 14 }, (_, n) => `C${n}`) });
  log.warn('Something is odd.');
  log.info('Something is as ever.');
  const { notes } = collector.data();
  expect(notes.map(({ about, text, count }) => [about, text, count])).toEqual([
    ['scopes', 'forms is left out: the token lacks the scope forms.', 1],
    ['leftOut', 'goals is left out: it is switched off.', 1],
    [
      'changed',
      'deals: values of amount are NULL in the table, as they do not fit its type (DESTINATION_TYPECAST_ERROR).',
      3,
    ],
    ['columns', expect.stringMatching(/^deals: the table DEALS got the columns C0, .*C11 and 2 more\.$/), 1],
    ['warning', 'Something is odd.', 1],
  ]);
  expect(notes.find(({ about }) => about === 'scopes')?.advice).toContain('Add forms');
});

test('what it keeps does not grow with days, calls or notes', async () => {
  const round = async (n: number) => {
    await observed('sync', { pipeline: 'crm' }, async () => {
      await observed('stream', { streams: ['contacts'] }, () => call({}, 0, 50));
      tell('records', { stream: 'contacts', count: 1 });
      tell('freshness', { stream: 'contacts', seconds: n % 60 });
      log.warn(`Round ${n} is odd.`);
    });
    after(60_000);
  };
  for (let n = 0; n < 2_000; n += 1) await round(n);
  const before = JSON.stringify(collector.data()).length;
  for (let n = 2_000; n < 6_000; n += 1) await round(n);
  const data = collector.data();
  // The digits of counts.
  expect(JSON.stringify(data).length).toBeLessThan(before + 1_000);
  expect(data.timeline?.calls.length).toBeLessThanOrEqual(720);
  expect(data.figures).toContainEqual({ label: 'Rounds', value: 6_000 });
  expect(data.notes).toHaveLength(200);
  expect(data.notesLeftOut).toBe(5_800);
  // What was so last is what counts today.
  expect(data.notes.at(-1)?.text).toBe('Round 5999 is odd.');
  expect(rowsOf(data, 'Streams')[0]).toContain(59);
});

test('hears nothing more once it is closed', async () => {
  collector.close();
  await call();
  tell('records', { stream: 'contacts', count: 5 });
  log.warn('Something is odd.');
  expect(collector.data()).toMatchObject({ endedAt: START, notes: [], timeline: null, tables: [] });
});
