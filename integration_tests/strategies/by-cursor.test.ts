import fc from 'fast-check';
import { burstCall } from '../../src/hubspot/client/calls.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { INSTANT, STRING } from '../../src/streams/layouts/property-schema.js';
import { byCursor } from '../../src/streams/strategies/by-cursor/by-cursor.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { Destination, type Played, startPlayed } from './play.js';

/** A collection that is read by its cursor ends as it is in the portal, and its unchanged items are neither asked for nor emitted again. */

const PATH = '/made-up/pages';
const endpoint = { kind: burstCall('pages', 'made-up'), path: PATH, paging: 'after' as const, limit: 2 };
const pages = byCursor({
  name: 'pages',
  group: 'marketing' as const,
  scopes: [['pages.read']],
  key: 'id',
  cursor: 'updatedAt',
  schema: { id: STRING, name: STRING, createdAt: INSTANT, updatedAt: INSTANT },
  endpoint: { ...endpoint, what: 'pages' },
  since: (instant) => ({ updatedAfter: instant }),
  archived: {
    endpoint: { ...endpoint, what: 'archived pages', query: { archived: 'true' } },
    archivedAt: (item) => (typeof item.archivedAt === 'string' ? item.archivedAt : null),
  },
});

let played: Played;
let items: Collection;

beforeAll(async () => {
  played = await startPlayed({ collections: [{ path: PATH, scopes: [] }] });
  items = played.sandbox.portal.collections[0] as Collection;
});
afterAll(() => played.sandbox.close());
beforeEach(erase);

const id = fc.integer({ min: 1, max: 7 }).map(String);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ id, name: fc.constantFrom('a', 'b', 'c'), minutesAgo: fc.constantFrom(0, 0, 20, 50) }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('archive'), id }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(10, 100, 1_000) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(12)) }) },
);

function erase(): void {
  for (const archived of [false, true]) for (const item of items.list(archived)) items.erase(item.id);
}

/** Changes an item; HubSpot shows that so many minutes late. */
function put(key: string, name: string, minutesAgo: number): void {
  const before = items.list(false).find((each) => each.id === key) ?? items.list(true).find((each) => each.id === key);
  const at = played.sandbox.portal.clock.now() - minutesAgo * 60_000;
  items.put(key, { name }, Math.max(at, (before?.archivedAt ?? before?.updatedAt ?? 0) + 1_000));
}

test('whatever happens to the collection, and wherever a sync is killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      erase();
      const destination = new Destination(played.sandbox, 'pages', [pages]);
      for (const each of steps) {
        played.wait('minutes' in each ? each.minutes : 1);
        if ('killAfter' in each) await destination.sync(each.killAfter);
        else if ('name' in each) put(each.id, each.name, each.minutesAgo);
        else if ('id' in each) items.archive(each.id);
      }
      await destination.sync(null);
      expect(namesOf(destination.live())).toEqual(namesOf(items.truth()));
      // Nothing has changed since: nothing is emitted.
      expect(await destination.sync(null)).toEqual([]);
    }),
    randomRuns(80),
  );
});

test('an increment asks for what was updated since, less the lookback', async () => {
  for (let n = 1; n <= 9; n += 1) items.put(String(n), { name: 'a' });
  played.wait(90);
  const destination = new Destination(played.sandbox, 'pages', [pages], { lookback_window: 60 });
  expect(await destination.sync(null)).toHaveLength(9);
  played.wait(60);
  items.put('4', { name: 'b' });
  played.wait(60);
  played.sandbox.calls.reset();
  expect(await destination.sync(null)).toHaveLength(1);
  const urls = played.sandbox.calls
    .last()
    .map(({ url }) => url)
    .filter((url) => url.startsWith(PATH));
  expect(urls).toHaveLength(2);
  expect(urls[0]).toContain('updatedAfter=');
});

test('what changes on pages that an interrupted first load had read', async () => {
  for (let n = 1; n <= 9; n += 1) items.put(String(n), { name: 'a' });
  played.wait(100);
  const destination = new Destination(played.sandbox, 'pages', [pages]);
  await destination.sync(7);
  played.wait(1);
  items.put('1', { name: 'b' });
  await destination.sync(null);
  expect(namesOf(destination.live())).toEqual(namesOf(items.truth()));
});

test('what is archived behind a first load that was killed on its first page', async () => {
  for (const key of ['1', '2']) items.put(key, { name: 'a' });
  const destination = new Destination(played.sandbox, 'pages', [pages]);
  // The state before the records, and one of these.
  expect(await destination.sync(2)).toHaveLength(1);
  items.archive('1');
  played.wait(1_000);
  await destination.sync(null);
  expect(namesOf(destination.live())).toEqual({ 2: 'a' });
});

test('a full refresh has everything, also after a first load that was killed', async () => {
  for (let n = 1; n <= 9; n += 1) items.put(String(n), { name: 'a' });
  const destination = new Destination(played.sandbox, 'pages', [pages]);
  await destination.sync(6);
  const first = await destination.refresh(6);
  const second = await destination.refresh(null);
  expect(new Set([...first, ...second].map((data) => data.id)).size).toBe(9);
  expect(second.length).toBeLessThan(9);
});

test('a first load that is killed goes on with the page it was at', async () => {
  for (let n = 1; n <= 9; n += 1) items.put(String(n), { name: 'a' });
  const destination = new Destination(played.sandbox, 'pages', [pages]);
  const first = await destination.sync(5);
  const second = await destination.sync(null);
  expect(first.length + second.length).toBeLessThan(12);
  expect(namesOf(destination.live())).toEqual(namesOf(items.truth()));
});

function namesOf(all: Map<string, object>): object {
  return Object.fromEntries([...all].map(([key, item]) => [key, (item as { name?: unknown }).name]).sort());
}
