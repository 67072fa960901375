import type { JsonObject } from '../../src/protocol/messages.js';
import { Memberships } from '../../src/sandbox/resources/memberships.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readTogether } from './reading.js';
import { plain, Rows } from './rows.js';

/** Lists of contacts, and who is in them. */

let played: Played;
let members: Memberships;
beforeEach(async () => {
  played = await startPlayed({});
  members = new Memberships(played.sandbox.portal);
  members.add('901', ['1001', '1002', '1003']);
  members.add('904', ['2001']);
  played.wait(1);
});
afterEach(() => played.sandbox.close());

const lists = () => played.sandbox.portal.collectionAt('/crm/lists/:date/all');

test('lists of contacts are there with their members, and those of other objects are not', async () => {
  const table = new Rows(played.sandbox, 'contact_list');
  await table.sync();
  const wanted = [...lists().truth().values()].filter(({ objectTypeId }) => objectTypeId === '0-1');
  const rows = wanted.map((list) => {
    const counters = list.additionalProperties as JsonObject;
    return {
      id: Number(list.listId),
      name: list.name,
      object_type_id: '0-1',
      processing_type: list.processingType,
      processing_status: list.processingStatus,
      list_version: list.listVersion,
      created_by_id: list.createdById,
      created_at: plain(list.createdAt),
      updated_at: plain(list.updatedAt),
      filters_updated_at: plain(list.filtersUpdatedAt),
      portal_id: played.sandbox.portal.account.portalId,
      deleteable: null,
      dynamic: list.processingType === 'DYNAMIC',
      metadata_error: null,
      metadata_last_processing_state_change_at: null,
      metadata_last_size_change_at: null,
      metadata_processing: null,
      metadata_size: Number(counters.hs_list_size),
      _fivetran_deleted: false,
    };
  });
  expect(wanted.length).toBeGreaterThan(5);
  expect(table.all).toEqual(Object.fromEntries(rows.map((row) => [row.id, row])));
  expect(await table.sync()).toEqual([]);
  lists().erase('901');
  played.wait(1);
  expect(await table.sync()).toMatchObject([{ id: 901, _fivetran_deleted: true }]);
  expect(table.at(901)).toMatchObject({ name: 'List 1', _fivetran_deleted: true });
});

test('who leaves a list stays in its table, and is marked; who comes again is live', async () => {
  const table = new Rows(played.sandbox, 'contact_list_member');
  await table.sync();
  const of = (list: string) =>
    Object.fromEntries(
      members.of(list).map(({ record, at }) => [
        `${list} ${record}`,
        {
          contact_list_id: Number(list),
          contact_id: Number(record),
          added_at: plain(Math.floor(at)),
          _fivetran_deleted: false,
        },
      ]),
    );
  const contacts = [...lists().truth().values()].filter(({ objectTypeId }) => objectTypeId === '0-1');
  const truth = () => Object.assign({}, ...contacts.map(({ listId }) => of(String(listId))));
  expect(table.all).toEqual(truth());
  expect(table.at(904, 2001)).toBeUndefined();
  const before = table.at(901, 1002);
  expect(before).toBeDefined();
  members.remove('901', ['1002']);
  members.add('901', ['1009']);
  played.wait(10);
  const came = await table.sync();
  expect(came).toHaveLength(2);
  expect(came).toContainEqual({
    ...{ contact_list_id: 901, contact_id: 1002, _fivetran_deleted: true },
    _fivetran_synced: expect.stringMatching(/^2026-03-01T00:11:\d\d\.\d{3}$/),
  });
  expect(table.all).toEqual({ ...truth(), '901 1002': { ...before, _fivetran_deleted: true } });
  members.add('901', ['1002']);
  played.wait(10);
  await table.sync();
  expect(table.all).toEqual(truth());
  // A list that is gone takes all of its members with it.
  lists().erase('901');
  played.wait(10);
  await table.sync();
  const marks = Object.values(table.all).filter(({ contact_list_id: list }) => list === 901);
  expect(marks.every((row) => row._fivetran_deleted === true)).toBe(true);
  expect(marks.length).toBe(members.of('901').length);
});

test('lists are asked for once for both tables', async () => {
  played.sandbox.calls.reset();
  await readTogether(played.sandbox, ['contact_list', 'contact_list_member']);
  const asked = played.sandbox.calls
    .last(Number.POSITIVE_INFINITY)
    .filter(({ url }) => url.includes('/lists/2026-09/all'));
  expect(asked).toHaveLength(1);
});
