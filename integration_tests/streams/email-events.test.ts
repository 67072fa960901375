import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { estimateOf } from './catalog.js';

/** Email events and changes of subscriptions: all of them, each once, in windows whose offsets serve for one question only. */

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const eventsIn = () => collectionAt('/email/public/v1/events');
const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });
const calls = () => played.sandbox.calls.counts().byKind.collection ?? 0;

/** What the portal has, as the API answers it, by id. */
const truth = () => new Map([...eventsIn().truth().values()].map((item) => [String(item.id), item]));

test('every event arrives once with its members, in few calls', async () => {
  const items = truth();
  const { records, error } = await read('email_events', null);
  expect(error).toBeNull();
  expect(records.map(({ id }) => id).sort()).toEqual([...items.keys()].sort());
  for (const record of records) {
    for (const [member, value] of Object.entries(items.get(String(record.id)) ?? {})) {
      expect([member, record[member]]).toEqual([member, value]);
    }
  }
  // What plan says beforehand is the fewest.
  const { burst } = (await estimateOf(played.sandbox, 'email_events')).calls;
  expect(burst).toBeGreaterThan(5);
  expect(burst).toBeLessThanOrEqual(calls());
  // Windows double in the twenty years without an event, and in the four months with few of them.
  expect(calls()).toBeLessThan(40);
});

test('an increment brings what is new, also what HubSpot shows an hour late, and nothing twice', async () => {
  const first = await read('email_events', null);
  played.wait(30);
  const { clock } = played.sandbox.portal;
  eventsIn().put('900001', { type: 'OPEN' });
  eventsIn().put('900008', { type: 'CLICK' }, clock.now() - 80 * 60_000);
  const second = await read('email_events', first.state);
  expect(second.records.map(({ type }) => type).sort()).toEqual(['CLICK', 'OPEN']);
  expect((await read('email_events', second.state)).records).toEqual([]);
});

test.each([
  ['email_events', 'created'],
  ['subscription_changes', 'timestamp'],
])(
  'the state of %s is one from which source-hubspot goes on: text in milliseconds, before what may come late',
  async (name, cursor) => {
    const { state } = await read(name, null);
    expect(state?.[cursor]).toMatch(/^\d{13}$/);
    const minutesAgo = (played.sandbox.portal.clock.now() - Number(state?.[cursor])) / 60_000;
    expect(Math.round(minutesAgo)).toBe(60);
  },
);

test('of the same millisecond, and at the ends of windows, none is lost', async () => {
  const { clock } = played.sandbox.portal;
  const midnight = Math.floor(clock.now() / 86_400_000) * 86_400_000;
  for (let day = 0; day < 58; day += 1) {
    for (let n = 0; n < 30; n += 1)
      eventsIn().put(String(800_000 + day * 100 + n), {}, midnight - day * 86_400_000 - (n % 2));
  }
  // What happens at the moment of a read is left to the next one.
  played.wait(1);
  // From here on windows of 1, 2, 4 … days end at midnight.
  const start = '2026-01-01T00:00:00Z';
  const wanted = [...truth()].filter(([, { created }]) => Number(created) >= Date.parse(start));
  const { records } = await read('email_events', null, { config: { include: ['email_events'], start_date: start } });
  expect(records.map(({ id }) => id).sort()).toEqual(wanted.map(([id]) => id).sort());
});

test.each([1, 50, 200, 399, 400, 401])(
  'a read that is killed behind %d messages goes on behind its last window',
  async (killAfter) => {
    const first = await read('email_events', null, { killAfter });
    expect(first.killed).toBe(true);
    const second = await read('email_events', first.state);
    const ids = new Set([...first.records, ...second.records].map(({ id }) => id));
    expect(ids).toEqual(new Set(truth().keys()));
  },
);

test('start_date bounds them, and in columns times are timestamps', async () => {
  const config = { include: ['email_events'], layout: 'columns', start_date: '2026-02-01T00:00:00Z' };
  const { records } = await read('email_events', null, { config });
  const wanted = [...truth().values()].filter(({ created }) => Number(created) >= Date.parse('2026-02-01T00:00:00Z'));
  expect(records).toHaveLength(wanted.length);
  for (const record of records) {
    expect(record.created).toMatch(/^2026-\d\d-\d\dT/);
    expect(Object.keys(record)).toContain('email_campaign_id');
  }
});

test('changes of subscriptions have no ids: two of one moment are two rows, and no row comes again', async () => {
  const timeline = collectionAt('/email/public/v1/subscriptions/timeline');
  const at = played.sandbox.portal.clock.now() - 3_600_000;
  for (const [id, subscriptionId] of [
    ['700001', 1],
    ['700002', 2],
  ] as const) {
    timeline.put(
      id,
      { recipient: 'a@sandbox.example', portalId: 1, changes: [{ subscriptionId, change: 'SUBSCRIBED' }] },
      at,
    );
  }
  const { records, state } = await read('subscription_changes', null);
  expect(records).toHaveLength(timeline.truth().size);
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  expect(records.filter(({ timestamp }) => timestamp === at)).toHaveLength(2);
  expect((await read('subscription_changes', state)).records).toEqual([]);
  const again = await read('subscription_changes', null);
  expect(again.records.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => id).sort());
});
