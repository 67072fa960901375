import fc from 'fast-check';
import { burstCall } from '../../src/hubspot/client/calls.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { INSTANT, STRING } from '../../src/streams/layouts/property-schema.js';
import { whole } from '../../src/streams/strategies/whole/whole.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { Destination, type Played, startPlayed } from './play.js';

/** A collection that is read whole ends as it is in the portal, whatever happens in it and wherever syncs are killed. */

const PATH = '/made-up/widgets';
const endpoint = { kind: burstCall('widgets', 'made-up'), path: PATH, paging: 'after' as const, limit: 2 };
const base = {
  name: 'widgets',
  group: 'marketing' as const,
  scopes: [['widgets.read']],
  key: 'id',
  cursor: 'updatedAt',
  schema: { id: STRING, name: STRING, createdAt: INSTANT, updatedAt: INSTANT },
};
const plain = whole({ ...base, endpoint: { ...endpoint, what: 'widgets' } });
const withArchived = whole({
  ...base,
  endpoint: { ...endpoint, what: 'widgets' },
  archived: { ...endpoint, what: 'archived widgets', query: { archived: 'true' } },
});

let played: Played;
let widgets: Collection;

beforeAll(async () => {
  played = await startPlayed({ collections: [{ path: PATH, scopes: [] }] });
  widgets = played.sandbox.portal.collections[0] as Collection;
});
afterAll(() => played.sandbox.close());

const id = fc.integer({ min: 1, max: 7 }).map(String);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('put'), id, name: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constantFrom('archive', 'erase'), id }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(12)) }) },
);

function apply(each: { is: string; id?: string; name?: string }): void {
  const name = each.id ?? '';
  if (each.is === 'put') widgets.put(name, { name: each.name });
  else if (each.is === 'archive') widgets.archive(name);
  else widgets.erase(name);
}

function erase(): void {
  played.wait(1);
  for (const archived of [false, true]) for (const item of widgets.list(archived)) widgets.erase(item.id);
}

test.each([
  ['with a list of archived items', withArchived],
  ['without one', plain],
])('%s', async (_, declaration) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      erase();
      const destination = new Destination(played.sandbox, 'widgets', [declaration]);
      for (const each of steps) {
        played.wait(1);
        if ('killAfter' in each) await destination.sync(each.killAfter);
        else apply(each);
      }
      await destination.sync(null);
      expect(namesOf(destination.live())).toEqual(namesOf(widgets.truth()));
      // Nothing has changed since: nothing is emitted.
      expect(await destination.sync(null)).toEqual([]);
    }),
    randomRuns(60),
  );
});

test('wherever a sync is killed that has something to change and something to mark', async () => {
  for (let killAfter = 0; killAfter <= 8; killAfter += 1) {
    erase();
    for (const each of ['1', '2', '3', '4']) widgets.put(each, { name: 'a' });
    const destination = new Destination(played.sandbox, 'widgets', [plain]);
    await destination.sync(null);
    played.wait(1);
    widgets.put('1', { name: 'b' });
    widgets.erase('2');
    widgets.erase('3');
    await destination.sync(killAfter);
    played.wait(1);
    // What comes back as it was before must not be taken for what is out.
    widgets.put('1', { name: 'a' });
    await destination.sync(null);
    expect([killAfter, namesOf(destination.live())]).toEqual([killAfter, namesOf(widgets.truth())]);
  }
});

test('past 20,000 items unchanged ones are not emitted again, and those that are gone are noticed', async () => {
  erase();
  for (let n = 1; n <= 20_100; n += 1) widgets.put(String(n), { name: 'a' });
  const large = whole({ ...base, endpoint: { ...endpoint, what: 'widgets', limit: 500 } });
  const destination = new Destination(played.sandbox, 'widgets', [large]);
  expect((await destination.sync(null)).length).toBe(20_100);
  played.wait(1);
  widgets.put('7', { name: 'b' });
  widgets.erase('8');
  const records = await destination.sync(null);
  expect(records.map(({ id: each, archived }) => [each, archived])).toEqual([
    ['7', false],
    ['8', true],
  ]);
  expect(namesOf(destination.live())).toEqual(namesOf(widgets.truth()));
});

test('a full refresh that is killed goes on behind what it emitted', async () => {
  erase();
  for (let n = 1; n <= 8_000; n += 1) widgets.put(String(n), { name: 'a' });
  const large = whole({ ...base, endpoint: { ...endpoint, what: 'widgets', limit: 500 } });
  const destination = new Destination(played.sandbox, 'widgets', [large]);
  expect((await destination.refresh(7_000)).length).toBe(6_999);
  // A state came behind the first 5,000.
  played.wait(1);
  expect((await destination.refresh(null)).length).toBe(3_000);
  expect(namesOf(destination.live())).toEqual(namesOf(widgets.truth()));
});

function namesOf(items: Map<string, object>): object {
  return Object.fromEntries([...items].map(([key, item]) => [key, (item as { name?: unknown }).name]).sort());
}

test("with a state of source-hubspot's all comes once, also what that leaves out", async () => {
  erase();
  widgets.put('1', { name: 'a' });
  played.wait(60);
  const destination = new Destination(played.sandbox, 'widgets', [plain]);
  destination.state = { updatedAt: new Date(played.sandbox.portal.clock.now()).toISOString() };
  played.wait(60);
  widgets.put('2', { name: 'a' });
  expect((await destination.sync(null)).map(({ id: each }) => each)).toEqual(['1', '2']);
  expect(await destination.sync(null)).toEqual([]);
  destination.state = { updatedAt: '2222-01-01T00:00:00.000Z' };
  expect(await destination.sync(null)).toEqual([]);
});
