import fc from 'fast-check';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { Memberships } from '../../src/sandbox/resources/memberships.js';
import { Destination, type Played, startPlayed } from '../strategies/play.js';
import { randomRuns } from '../support/schedules/random-runs.js';

/** The members of lists end as they are in the portal, by the counters of lists, which are not always right. */

const LISTS = '/crm/lists/:date/all';
const JOINED = '/crm/lists/:date/:list/memberships/join-order';

let played: Played;
let lists: Collection;
let members: Memberships;

beforeAll(async () => {
  played = await startPlayed({});
  const { portal } = played.sandbox;
  lists = collectionAt(LISTS);
  members = new Memberships(portal);
});
afterAll(() => played.sandbox.close());

function collectionAt(path: string): Collection {
  return played.sandbox.portal.collectionAt(path);
}

const keyOf = ({ listId, recordId }: JsonObject) => `${listId} ${recordId}`;

/** A portal with three lists and no members. */
function begin(layout = 'airbyte'): Destination {
  played.wait(20_000);
  for (const archived of [false, true]) {
    for (const { id } of lists.list(archived)) {
      members.remove(id, recordsOf(id));
      lists.erase(id);
    }
  }
  for (const id of ['1', '2', '3'])
    lists.put(id, { name: `List ${id}`, objectTypeId: '0-1', additionalProperties: {} });
  collectionAt(JOINED).isRising = false;
  played.sandbox.faults.set([]);
  return new Destination(played.sandbox, 'list_memberships', undefined, { layout }, keyOf);
}

const recordsOf = (list: string) => members.of(list).map(({ record }) => record);

/** By key, when a member joined. */
const truth = () =>
  Object.fromEntries(
    lists.list(false).flatMap(({ id }) => members.of(id).map(({ record, at }) => [`${id} ${record}`, Math.floor(at)])),
  );
const rowsOf = (destination: Destination) =>
  Object.fromEntries(
    [...destination.live()].map(([key, { membershipTimestamp }]) => [key, Date.parse(String(membershipTimestamp))]),
  );
const calls = () => played.sandbox.calls.counts().byKind.collection ?? 0;

const list = fc.constantFrom('1', '2', '3');
const record = fc.integer({ min: 1, max: 6 }).map((n) => String(n * 1_000_003));
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('add'), list, record, minutesAgo: fc.constantFrom(0, 0, 7) }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom('remove', 'again'), list, record }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('erase', 'make', 'refuse'), list }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('wait'), minutes: fc.constantFrom(1, 30, 300, 12_000) }) },
  { weight: 4, arbitrary: fc.record({ is: fc.constant('sync'), killAfter: fc.option(fc.nat(10)) }) },
);

async function take(each: JsonObject, destination: Destination): Promise<void> {
  played.wait(1);
  const id = String(each.list);
  switch (each.is) {
    case 'add':
      return members.add(
        id,
        [String(each.record)],
        played.sandbox.portal.clock.now() - Number(each.minutesAgo) * 60_000,
      );
    case 'remove':
      return members.remove(id, [String(each.record)]);
    case 'again':
      members.remove(id, [String(each.record)]);
      return members.add(id, [String(each.record)]);
    case 'erase':
      return lists.erase(id);
    case 'make':
      return lists.put(id, { name: 'again', objectTypeId: '0-1' });
    case 'refuse': {
      const fault = { type: 'error', status: 403, category: 'FORBIDDEN' } as const;
      return played.sandbox.faults.set([{ contains: `/${id}/memberships`, fault }]);
    }
    case 'wait':
      return played.wait(Number(each.minutes));
    default:
      await destination.sync(each.killAfter as number | null);
      played.sandbox.faults.set([]);
  }
}

test.each([false, true])(
  'whatever happens to lists, and wherever syncs are killed (oldest first: %s)',
  async (isRising) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const destination = begin();
        collectionAt(JOINED).isRising = isRising;
        members.add('1', ['1000003', '2000006']);
        members.add('2', ['1000003']);
        for (const each of steps) await take(each as JsonObject, destination);
        played.sandbox.faults.set([]);
        played.wait(1);
        await destination.sync(null);
        expect(rowsOf(destination)).toEqual(truth());
        expect(await destination.sync(null)).toEqual([]);
      }),
      randomRuns(60),
    );
  },
);

test('a list whose counters stand still costs no call; one that grew its newest page; one that lost members all of it', async () => {
  const destination = begin();
  for (let n = 0; n < 600; n += 1) {
    members.add('1', [String(1_000 + n)]);
    played.wait(1);
  }
  members.add('2', ['1000']);
  lists.put('3', { additionalProperties: { hs_list_size: '0' } });
  await destination.sync(null);
  played.wait(600);
  const { calls: log } = played.sandbox;
  log.reset();
  expect(await destination.sync(null)).toEqual([]);
  expect(calls()).toBe(1);
  members.add('1', ['7']);
  log.reset();
  expect((await destination.sync(null)).map(keyOf)).toEqual(['1 7']);
  expect(calls()).toBe(2);
  played.wait(600);
  members.remove('1', ['1500']);
  log.reset();
  expect((await destination.sync(null)).map((each) => [keyOf(each), each.archived])).toEqual([['1 1500', true]]);
  expect(calls()).toBe(1 + 3);
});

test('what counters do not tell is found by the size that does not fit, or within a week', async () => {
  const destination = begin();
  members.add('1', ['1', '2', '3']);
  played.wait(600);
  await destination.sync(null);
  played.wait(600);
  // One was removed, and the time of that is not counted.
  members.remove('1', ['2'], 0);
  members.add('1', ['4']);
  const { additionalProperties } = lists.truth().get('1') as { additionalProperties: JsonObject };
  lists.put('1', { additionalProperties: { ...additionalProperties, hs_last_record_removed_at: null } });
  expect((await destination.sync(null)).map((each) => [keyOf(each), each.archived]).sort()).toEqual([
    ['1 2', true],
    ['1 4', false],
  ]);
  // One is exchanged for another, and no counter moves.
  members.remove('1', ['1'], 0);
  members.add('1', ['5']);
  lists.put('1', { additionalProperties: { ...additionalProperties, hs_last_record_removed_at: null } });
  const seen = await destination.sync(null);
  played.wait(8 * 24 * 60);
  const later = await destination.sync(null);
  expect([...seen, ...later].map(keyOf).sort()).toEqual(['1 1', '1 5']);
  expect(rowsOf(destination)).toEqual(truth());
});

test('a first load of a long list goes on at the page where it was killed, and a refresh behind the lists that it read', async () => {
  for (const mode of ['sync', 'refresh'] as const) {
    for (const killAfter of [0, 1, 2, 400, 700, 802]) {
      const destination = begin();
      members.add(
        '1',
        Array.from({ length: 700 }, (_, n) => String(1_000 + n)),
      );
      members.add(
        '2',
        Array.from({ length: 100 }, (_, n) => String(1_000 + n)),
      );
      await destination[mode](killAfter);
      played.wait(1);
      members.remove('1', ['1001', '1690']);
      members.add('1', ['5']);
      played.wait(1);
      await destination[mode](null);
      // What changes in lists that a refresh has read is left to the next sync.
      await destination.sync(null);
      expect([mode, killAfter, rowsOf(destination)]).toEqual([mode, killAfter, truth()]);
    }
  }
});

test('members that joined long ago and come to sight are not lost where a sync is killed in front of them', async () => {
  for (let killAfter = 0; killAfter <= 4; killAfter += 1) {
    const destination = begin();
    members.add('1', ['1', '2', '3']);
    lists.archive('1');
    played.wait(600);
    await destination.sync(null);
    played.wait(600);
    lists.erase('1');
    lists.put('1', { name: 'again', objectTypeId: '0-1', additionalProperties: { hs_list_size: '3' } });
    await destination.sync(killAfter);
    played.wait(1);
    await destination.sync(null);
    expect([killAfter, rowsOf(destination)]).toEqual([killAfter, truth()]);
  }
});

test('a list that is deleted takes its members with it, and brings them back', async () => {
  const destination = begin();
  members.add('1', ['1', '2']);
  await destination.sync(null);
  played.wait(10);
  lists.archive('1');
  expect(await destination.sync(null)).toEqual([
    expect.objectContaining({ archived: true }),
    expect.objectContaining({ archived: true }),
  ]);
  expect(rowsOf(destination)).toEqual({});
  played.wait(10);
  const [item] = lists.list(true);
  lists.erase('1');
  lists.put('1', item?.members ?? {});
  await destination.sync(null);
  expect(Object.keys(rowsOf(destination)).sort()).toEqual(['1 1', '1 2']);
});

test('in columns, and without tombstones where none are wanted', async () => {
  const destination = begin('columns');
  members.add('2', ['77']);
  const [row] = await destination.sync(null);
  expect(row).toMatchObject({ list_id: '2', record_id: '77', object_type_id: '0-1', archived: false });
  expect(row).toMatchObject({ membership_timestamp: expect.stringMatching(/^\d{4}/), noticed_at: expect.any(String) });
  played.wait(10);
  members.remove('2', ['77']);
  expect(await destination.sync(null)).toEqual([
    expect.objectContaining({ list_id: '2', record_id: '77', archived: true, archived_at: expect.any(String) }),
  ]);
  const silent = new Destination(played.sandbox, 'list_memberships', undefined, { deletes: 'off' }, keyOf);
  members.add('2', ['78']);
  await silent.sync(null);
  played.wait(10);
  members.remove('2', ['78']);
  expect(await silent.sync(null)).toEqual([]);
});
