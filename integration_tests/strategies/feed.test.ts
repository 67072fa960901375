import fc from 'fast-check';
import { burstCall } from '../../src/hubspot/client/calls.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { INSTANT, STRING } from '../../src/streams/layouts/property-schema.js';
import { feed } from '../../src/streams/strategies/feed/feed.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { Destination, type Played, startPlayed } from './play.js';

/** What is added to parents ends as it is in the portal, wherever syncs are killed and in whatever order HubSpot answers it. */

const SHELVES = '/made-up/shelves';
const BOOKS = `${SHELVES}/:shelf/books`;
const shelves = {
  kind: burstCall('shelves', 'made-up'),
  path: SHELVES,
  what: 'shelves',
  paging: 'after' as const,
  limit: 2,
};
const booksOf = (shelf: string) => ({
  kind: burstCall('books', 'made-up'),
  path: `${SHELVES}/${shelf}/books`,
  what: 'books',
  paging: 'after' as const,
  limit: 2,
});
const base = {
  name: 'books',
  group: 'marketing' as const,
  scopes: [['books.read']],
  endpoint: booksOf('0'),
  parents: { endpoints: [shelves], id: 'id', as: 'shelf' },
  itemsAt: ({ id }: { id: string }) => booksOf(id),
  overlapMinutes: 60,
  key: ['shelf', 'id'],
  cursor: 'createdAt',
  schema: { id: STRING, shelf: STRING, createdAt: INSTANT },
};
const everyParent = feed(base);
const movedParents = feed({ ...base, movedSince: (since) => ({ movedSince: since }) });

let played: Played;
let parents: Collection;
let items: Collection;
let next = 1000;

beforeAll(async () => {
  played = await startPlayed({
    collections: [
      { path: SHELVES, scopes: [], since: { by: 'movedSince', member: 'movedAt' } },
      { path: BOOKS, scopes: [], paging: 'newest', within: { of: SHELVES, id: 'shelf', by: { shelf: 'shelf' } } },
    ],
  });
  [parents, items] = played.sandbox.portal.collections as [Collection, Collection];
});
afterAll(() => played.sandbox.close());

const keyOf = ({ shelf, id }: JsonObject) => `${shelf} ${id}`;

function erase(): void {
  played.wait(600);
  for (const collection of [items, parents]) for (const item of collection.list(false)) collection.erase(item.id);
  items.isRising = false;
}

function add(shelf: string, minutesAgo = 0): void {
  const at = played.sandbox.portal.clock.now();
  next += 1;
  items.put(String(next), { shelf }, at - minutesAgo * 60_000);
  parents.put(shelf, { movedAt: new Date(at).toISOString() });
}

/** By key, what the portal has. */
const truth = () => items.list(false).map(({ id, members }) => `${(members as JsonObject).shelf} ${id}`);

const shelf = fc.integer({ min: 1, max: 4 }).map(String);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('add'), shelf, minutesAgo: fc.constantFrom(0, 0, 5, 50) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(1, 30, 200) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('refuse'), shelf }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(12)) }) },
);

describe.each([
  ['every parent is asked', everyParent],
  ['HubSpot tells which parents moved', movedParents],
])('%s', (_, declaration) => {
  test.each([false, true])('whatever is added, refused and killed (oldest first: %s)', async (isRising) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        erase();
        items.isRising = isRising;
        for (const each of ['1', '2', '3']) add(each);
        const destination = new Destination(played.sandbox, 'books', [declaration], {}, keyOf);
        for (const each of steps) {
          played.wait(1);
          if (each.is === 'wait' && 'minutes' in each) played.wait(each.minutes);
          else if ('killAfter' in each) {
            await destination.sync(each.killAfter);
            played.sandbox.faults.set([]);
          } else if ('minutesAgo' in each) add(each.shelf, each.minutesAgo);
          else if ('shelf' in each) refuse(each.shelf);
        }
        played.sandbox.faults.set([]);
        played.wait(1);
        await destination.sync(null);
        expect([...destination.rows.keys()].sort()).toEqual(truth().sort());
        // Nothing was added since: nothing is emitted.
        expect(await destination.sync(null)).toEqual([]);
      }),
      randomRuns(50),
    );
  });

  test('a first load that is killed goes on in the parent where it was, and a refresh behind those that it read', async () => {
    erase();
    for (let n = 0; n < 9; n += 1) for (const each of ['1', '2', '3']) add(each);
    for (const mode of ['sync', 'refresh'] as const) {
      for (let killAfter = 0; killAfter <= 30; killAfter += 5) {
        played.wait(10);
        const destination = new Destination(played.sandbox, 'books', [declaration], {}, keyOf);
        await destination[mode](killAfter);
        await destination[mode](null);
        expect([mode, killAfter, [...destination.rows.keys()].sort()]).toEqual([mode, killAfter, truth().sort()]);
      }
    }
  });
});

test('an increment asks each parent for its first page, and no more', async () => {
  erase();
  for (let n = 0; n < 20; n += 1) {
    for (const each of ['1', '2']) add(each);
    played.wait(90);
  }
  const destination = new Destination(played.sandbox, 'books', [everyParent], {}, keyOf);
  await destination.sync(null);
  played.wait(90);
  add('1');
  const { calls } = played.sandbox;
  calls.reset();
  expect((await destination.sync(null)).map(keyOf)).toEqual([`1 ${next}`]);
  // The page of shelves, and a page of each.
  expect(calls.counts().byKind.collection).toBe(3);
  played.wait(90);
  const moved = new Destination(played.sandbox, 'books', [movedParents], {}, keyOf);
  await moved.sync(null);
  played.wait(90);
  add('2');
  calls.reset();
  expect((await moved.sync(null)).map(keyOf)).toEqual([`2 ${next}`]);
  expect(calls.counts().byKind.collection).toBe(2);
});

test('items of one moment do not make an order', async () => {
  erase();
  // The oldest come first, and the first pages are of one moment.
  items.isRising = true;
  for (let n = 0; n < 6; n += 1) add('1');
  const destination = new Destination(played.sandbox, 'books', [everyParent], {}, keyOf);
  played.wait(300);
  await destination.sync(null);
  played.wait(300);
  add('1');
  expect(await destination.sync(null)).toHaveLength(1);
});

test('source-hubspot goes on with its state, and start_date bounds what is read', async () => {
  erase();
  add('1');
  played.wait(600);
  const at = new Date(played.sandbox.portal.clock.now()).toISOString();
  add('1');
  add('2');
  const taken = new Destination(played.sandbox, 'books', [everyParent], {}, keyOf);
  taken.state = { createdAt: at };
  expect(await taken.sync(null)).toHaveLength(2);
  taken.state = { use_global_cursor: true, state: { createdAt: at }, lookback_window: 1 };
  expect(await taken.sync(null)).toHaveLength(2);
  // By parent, as source-hubspot has it: a parent that it did not know is read from the start.
  taken.state = { states: [{ partition: { shelf_id: ['1'] }, cursor: { createdAt: at } }] };
  expect((await taken.sync(null)).map(({ shelf: each }) => each).sort()).toEqual(['1', '2']);
  const bounded = new Destination(played.sandbox, 'books', [everyParent], { start_date: at }, keyOf);
  expect(await bounded.sync(null)).toHaveLength(2);
});

/** HubSpot answers nothing of a parent until the next sync. */
function refuse(id: string): void {
  const fault = { type: 'error', status: 403, category: 'FORBIDDEN' } as const;
  played.sandbox.faults.set([{ contains: `${SHELVES}/${id}/books`, fault }]);
}
