import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf, estimateOf } from './catalog.js';

/** What users and contacts did: logs of an account, and events of each type, in windows of time. */

const PLACES: Readonly<Record<string, { path: string; cursor: string }>> = {
  audit_logs: { path: '/account-info/:date/activity/audit-logs', cursor: 'occurredAt' },
  security_history: { path: '/account-info/:date/activity/security', cursor: 'createdAt' },
  event_occurrences: { path: '/events/event-occurrences/:date', cursor: 'occurredAt' },
};

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });
const calls = () => played.sandbox.calls.counts().byKind.collection ?? 0;
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();
/** Times compare by what they mean. */
const plain = (item: object) =>
  Object.fromEntries(
    Object.entries(item).map(([field, value]) => [field, /At$/.test(field) ? Date.parse(value) : value]),
  );
const event = (name: string) => (name === 'event_occurrences' ? { eventType: 'e_call_started' } : {});

describe.each(Object.entries(PLACES))('%s', (name, { path, cursor }) => {
  test('has every event once with its members, in few calls', async () => {
    const items = collectionAt(path).truth();
    const { records, error } = await read(name, null);
    expect(error).toBeNull();
    expect(idsOf(records)).toEqual([...items.keys()].sort());
    for (const record of records) expect(plain(record)).toMatchObject(plain(items.get(String(record.id)) ?? {}));
    const { json_schema, default_cursor_field } = await catalogOf(played.sandbox, name, {});
    expect(default_cursor_field).toEqual([cursor]);
    expect(Object.keys(json_schema.properties as object)).toEqual(Object.keys(records[0] ?? {}));
    const made = calls();
    const { burst } = (await estimateOf(played.sandbox, name)).calls;
    expect(burst).toBeGreaterThan(5);
    expect(burst).toBeLessThanOrEqual(made);
    expect(made).toBeLessThan(60);
  });

  test('an increment brings what is new, also at the end of the read before and late, and nothing twice', async () => {
    const portal = collectionAt(path);
    const { clock } = played.sandbox.portal;
    const first = await read(name, null);
    const end = clock.now();
    portal.put('990001', event(name), end);
    portal.put('990008', event(name), end - 1);
    portal.put('990015', event(name), end - 50 * 60_000);
    played.wait(30);
    const second = await read(name, first.state);
    expect(idsOf(second.records)).toEqual(['990001', '990008', '990015']);
    expect((await read(name, second.state)).records).toEqual([]);
    played.wait(600);
    const third = await read(name, second.state);
    expect([third.records, third.error]).toEqual([[], null]);
  });

  test('events at the ends of windows are not lost', async () => {
    const portal = collectionAt(path);
    const start = Date.parse('2026-01-01T00:00:00Z');
    const config = { include: [name], start_date: '2026-01-01T00:00:00Z' };
    for (let day = 0; day < 59; day += 1) {
      for (const ms of [0, 1, -1])
        portal.put(String(980_000 + 10 * day + ms), event(name), start + day * 86_400_000 + ms);
    }
    const { records } = await read(name, null, { config });
    const wanted = [...portal.truth()].filter(([, item]) => Date.parse(String(item[cursor])) >= start);
    expect(idsOf(records)).toEqual(expect.arrayContaining(wanted.map(([id]) => id)));
  });
});

test('types of events are names, and one that is gone becomes a tombstone', async () => {
  const types = collectionAt('/events/event-occurrences/:date/event-types');
  const first = await read('event_types', null);
  expect(first.records.map(({ name }) => name).sort()).toEqual([...types.truth().keys()].sort());
  expect((await read('event_types', first.state)).records).toEqual([]);
  types.put('e_new', {});
  types.erase('e_call_started');
  const { records } = await read('event_types', first.state);
  expect(records.map(({ name, archived }) => [name, archived]).sort()).toEqual([
    ['e_call_started', true],
    ['e_new', false],
  ]);
});

test('events are of contacts and types that exist, and an event of a new type is found from the start', async () => {
  const types = collectionAt('/events/event-occurrences/:date/event-types');
  const first = await read('event_occurrences', null);
  const found = new Set(first.records.map(({ eventType }) => eventType));
  expect([...types.truth().keys()]).toEqual(expect.arrayContaining([...found]));
  types.put('e_new', {});
  const long = played.sandbox.portal.clock.now() - 300 * 86_400_000;
  collectionAt(PLACES.event_occurrences?.path ?? '').put('990001', { eventType: 'e_new' }, long);
  played.wait(5);
  const second = await read('event_occurrences', first.state);
  expect(idsOf(second.records)).toEqual(['990001']);
});

test('where HubSpot knows the older paths alone, those are read', async () => {
  const fault = { type: 'error', status: 404 } as const;
  played.sandbox.faults.set([
    { contains: '/events/event-occurrences/2026-09', fault },
    { contains: '/account-info/2026-09/activity', fault },
  ]);
  for (const [name, { path }] of Object.entries(PLACES)) {
    const { records, error } = await read(name, null);
    expect([name, error, records.length]).toEqual([name, null, collectionAt(path).truth().size]);
    played.wait(1);
  }
});
