import fc from 'fast-check';
import type { JsonObject } from '../../src/protocol/messages.js';
import { Memberships } from '../../src/sandbox/resources/memberships.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { readTogether } from './reading.js';
import { Rows } from './rows.js';

/** Tables end as the portal is, whatever changes, and wherever runs are killed. */

const TEAMS = '/settings/users/:date/teams';
const EVENTS = '/email/public/v1/events';
const KINDS = { OPEN: 'email_event_open', CLICK: 'email_event_click', SENT: 'email_event_sent', PROCESSED: null };
const TABLES = ['email_event', 'email_event_open', 'email_event_click', 'email_event_sent'];

let played: Played;
beforeAll(async () => {
  played = await startPlayed({});
});
afterAll(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const kill = fc.option(fc.nat(12), { freq: 2 });
const sync = fc.record({ is: fc.constant('sync' as const), killAfter: kill });
const user = fc.constantFrom('11', '12', '13');
const team = fc.constantFrom('1', '2');

/** By key, what is live. */
function live(rows: Rows): string[] {
  return Object.entries(rows.all).flatMap(([key, row]) => (row._fivetran_deleted === true ? [] : [key]));
}

test('teams and their users', async () => {
  const step = fc.oneof(
    fc.record({ is: fc.constant('put' as const), team, users: fc.subarray(['11', '12', '13']), user }),
    fc.record({ is: fc.constant('erase' as const), team }),
    sync,
  );
  const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    for (const id of collectionAt(TEAMS).truth().keys()) collectionAt(TEAMS).erase(id);
    const rows = new Rows(played.sandbox, 'team_user');
    for (const each of steps) {
      played.wait(1);
      if (each.is === 'sync') await rows.sync(each.killAfter);
      else if (each.is === 'erase') collectionAt(TEAMS).erase(each.team);
      else {
        const others = [each.user].filter((one) => !each.users.includes(one));
        collectionAt(TEAMS).put(each.team, { name: 'A team', userIds: each.users, secondaryUserIds: others });
      }
    }
    played.wait(1);
    await rows.sync();
    const wanted = [...collectionAt(TEAMS).truth()].flatMap(([id, { userIds, secondaryUserIds }]) =>
      [...(userIds as string[]), ...(secondaryUserIds as string[])].map((one) => `${id} ${one}`),
    );
    expect(live(rows).sort()).toEqual(wanted.sort());
    expect(await rows.sync()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), run), randomRuns(30));
});

test('properties, of which those that are gone are taken away', async () => {
  const { portal, access } = played.sandbox;
  access.setScopes(['crm.objects.contacts.read', 'crm.objects.deals.read']);
  const object = fc.constantFrom('contacts', 'deals');
  const step = fc.oneof(
    fc.record({ is: fc.constant('add' as const), object, label: fc.constantFrom('One', 'Other') }),
    fc.record({ is: fc.constant('archive' as const), object }),
    sync,
  );
  let runs = 0;
  const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    runs += 1;
    const name = `made_${runs}`;
    const rows = new Rows(played.sandbox, 'property');
    const there = new Set<string>();
    for (const each of steps) {
      played.wait(1);
      if (each.is === 'sync') await rows.sync(each.killAfter);
      else if (each.is === 'archive' && there.delete(each.object)) portal.archiveProperty(each.object, name);
      else if (each.is === 'add' && !there.has(each.object)) {
        portal.addProperty(each.object, { name, type: 'string', label: each.label });
        there.add(each.object);
      }
    }
    played.wait(1);
    await rows.sync();
    const found = live(rows).filter((key) => key.endsWith(` ${name}`));
    const singular: Record<string, string> = { contacts: 'contact', deals: 'deal' };
    expect(found.sort()).toEqual([...there].map((each) => `${singular[each]} ${name}`).sort());
    expect(await rows.sync()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), run), randomRuns(25));
  access.setScopes('all');
});

test('members of lists', async () => {
  const members = new Memberships(played.sandbox.portal);
  const lists = collectionAt('/crm/lists/:date/all');
  const list = fc.constantFrom('1', '2');
  const contact = fc.constantFrom('1001', '1002', '1003');
  const step = fc.oneof(
    fc.record({ is: fc.constantFrom('add' as const, 'remove' as const), list, contact }),
    fc.record({ is: fc.constant('sync' as const), killAfter: kill }),
  );
  const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    played.wait(20_000);
    for (const { id } of lists.list(false)) {
      members.remove(
        id,
        members.of(id).map(({ record }) => record),
      );
      lists.erase(id);
    }
    for (const id of ['1', '2']) lists.put(id, { name: id, objectTypeId: '0-1', additionalProperties: {} });
    const rows = new Rows(played.sandbox, 'contact_list_member');
    for (const each of steps) {
      played.wait(1);
      if (each.is === 'sync') await rows.sync(each.killAfter);
      else members[each.is](each.list, [each.contact]);
    }
    played.wait(1);
    await rows.sync();
    const wanted = ['1', '2'].flatMap((id) => members.of(id).map(({ record }) => `${id} ${record}`));
    expect(live(rows).sort()).toEqual(wanted.sort());
    expect(await rows.sync()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 14 }), run), randomRuns(30));
});

test('tables that one reading feeds, killed at the same moment with states of different ages', async () => {
  const events = collectionAt(EVENTS);
  let next = 700_000;
  const type = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]));
  const step = fc.oneof(
    fc.record({
      is: fc.constant('happen' as const),
      type,
      minutesAgo: fc.constantFrom(0, 0, 30, 5_000),
      count: fc.integer({ min: 1, max: 8 }),
    }),
    fc.record({ is: fc.constant('wait' as const), minutes: fc.constantFrom(5, 300) }),
    fc.record({
      is: fc.constant('sync' as const),
      killAfter: fc.option(fc.nat(60), { freq: 2 }),
      without: fc.subarray(TABLES, { maxLength: 2 }),
    }),
  );
  const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    for (const id of events.list(false).map((each) => each.id)) events.erase(id);
    const rows = new Map(TABLES.map((table) => [table, new Map<string, JsonObject>()]));
    let states = new Map<string, JsonObject>();
    const read = async (names: readonly string[], killAfter: number | null) => {
      const result = await readTogether(played.sandbox, names, states, [], killAfter);
      states = new Map([...states, ...result.states]);
      for (const [table, records] of result.records)
        for (const row of records) rows.get(table)?.set(String(row.id), row);
      return result;
    };
    for (const each of steps) {
      played.wait(1);
      if (each.is === 'wait') played.wait(each.minutes);
      else if (each.is === 'sync') {
        await read(
          TABLES.filter((table) => !each.without.includes(table)),
          each.killAfter,
        );
      } else {
        // What happened long before a run comes in the first one only; what is half an hour late, in each.
        const minutes = states.size === 0 ? each.minutesAgo : Math.min(each.minutesAgo, 30);
        for (let n = 0; n < each.count; n += 1) {
          events.put(String(next), { type: each.type }, played.sandbox.portal.clock.now() - minutes * 60_000);
          next += 1;
        }
      }
    }
    played.wait(1);
    await read(TABLES, null);
    const there = [...events.truth().values()] as JsonObject[];
    for (const [table, found] of rows) {
      const wanted = there.filter(
        (event) => table === 'email_event' || KINDS[event.type as keyof typeof KINDS] === table,
      );
      expect([table, [...found.keys()].sort()]).toEqual([table, wanted.map(({ id }) => String(id)).sort()]);
    }
    played.wait(1);
    const last = await readTogether(played.sandbox, TABLES, states);
    expect([...last.records.values()].flat()).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), run), randomRuns(30));
});
