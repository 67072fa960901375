import { Ajv } from 'ajv';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { CollectionItem } from '../../src/sandbox/portal/collection.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';
import { timeOf } from './times.js';

/**
 * Streams of what hangs on the items of another collection, as the sandbox serves them, which knows nothing of the declarations: all
 * members arrive, what changes is emitted and nothing else, and what goes becomes a tombstone, also with what it hangs on.
 */

interface Place {
  /** Where the sandbox has the parents, and where what hangs on them. */
  of: string;
  path: string;
  /** The member of the sandbox's item with its parent's id, and the field of the record. */
  parent: string;
  as: string;
  /** The rest of the record's key, as the sandbox's item has it; null: one record a parent. */
  rest: ((item: CollectionItem) => unknown[]) | null;
  /** A member that can be changed, and its other value. */
  edit: JsonObject;
  /** Whether the parent must be touched for a change to be seen, as HubSpot does; if not, all are read each time. */
  touches?: boolean;
  /** How many of untouched parents are read all the same. */
  always?: number;
}

const CAMPAIGNS = '/marketing/campaigns/:date';
const ofCampaign = (report: string, edit: JsonObject): Place => ({
  of: CAMPAIGNS,
  path: `${CAMPAIGNS}/:campaign/${report}`,
  parent: 'campaign',
  as: 'campaignId',
  rest: null,
  edit,
});

const PLACES: Readonly<Record<string, Place>> = {
  marketing_campaign_assets: {
    of: CAMPAIGNS,
    path: `${CAMPAIGNS}/:campaign/assets/:type`,
    parent: 'campaign',
    as: 'campaignId',
    rest: (item) => [membersOf(item).type, membersOf(item).asset],
    edit: { name: 'another' },
  },
  marketing_campaign_budget: ofCampaign('budget/totals', { budgetTotal: 12.5 }),
  marketing_campaign_metrics: ofCampaign('reports/metrics', { sessions: 77 }),
  marketing_campaign_revenue: ofCampaign('reports/revenue', { dealsNumber: 77 }),
  marketing_event_participants: {
    of: '/marketing/marketing-events/:date',
    path: '/marketing/marketing-events/:date/participations/:event/breakdown',
    parent: 'event',
    as: 'eventId',
    rest: ({ id }) => [id],
    edit: { properties: { attendanceState: 'LEFT' } },
    touches: true,
  },
  campaigns: {
    of: '/email/public/v1/campaigns/by-id',
    path: '/email/public/v1/campaigns/:campaign',
    parent: 'campaign',
    as: 'campaign',
    rest: null,
    edit: { counters: { sent: 1 } },
    touches: true,
    // The youngest, whose counters move without a time.
    always: 1,
  },
  flow_definitions: {
    of: '/automation/v4/flows',
    path: '/automation/v4/flows/:flow',
    parent: 'flow',
    as: 'id',
    rest: () => [],
    edit: { actions: [] },
    touches: true,
  },
  hubdb_rows: {
    of: '/cms/hubdb/:date/tables',
    path: '/cms/hubdb/:date/tables/:table/rows',
    parent: 'table',
    as: 'tableId',
    rest: ({ id }) => [id],
    edit: { name: 'another' },
    touches: true,
  },
  price_book_items: {
    of: '/commerce/price-books/:date/price-books',
    path: '/commerce/price-books/:date/price-books/:book/items',
    parent: 'priceBookId',
    as: 'priceBookId',
    rest: ({ id }) => [id],
    edit: { name: 'another' },
  },
};
const FINGERPRINTED = Object.entries(PLACES).filter(([, { touches }]) => touches);

const membersOf = ({ members }: CollectionItem) => members as JsonObject;

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);

const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });

describe.each(Object.entries(PLACES))('%s', (name, place) => {
  const { of, path, parent, as, rest, edit, touches = false } = place;

  /** What the portal has, by the record's key. */
  const truth = () => {
    const parents = collectionAt(of).truth();
    const items = collectionAt(path).list(false);
    return new Map(
      items
        .filter((item) => parents.has(String(membersOf(item)[parent])))
        .map((item) => [
          JSON.stringify([membersOf(item)[parent], ...(rest?.(item) ?? [])].map(String)),
          { ...collectionAt(path).json(item), [as]: membersOf(item)[parent] } as JsonObject,
        ]),
    );
  };
  const touch = (id: unknown) => touches && collectionAt(of).put(String(id), {});

  async function entryOf() {
    const { json_schema, source_defined_primary_key } = await catalogOf(played.sandbox, name, {});
    const keys = (source_defined_primary_key ?? []).map(([field]) => String(field));
    const keyOf = (record: JsonObject) => JSON.stringify(keys.map((key) => String(record[key])));
    return { keyOf, json_schema, validate: new Ajv({ strict: false, validateFormats: false }).compile(json_schema) };
  }

  test('has every member of every item, as its catalog says', async () => {
    const { keyOf, validate, json_schema } = await entryOf();
    const items = truth();
    expect(items.size).toBeGreaterThan(2);
    const { records, error } = await read(name, null);
    expect(error).toBeNull();
    expect(records.map(keyOf).sort()).toEqual([...items.keys()].sort());
    for (const record of records) {
      for (const [member, value] of Object.entries(items.get(keyOf(record)) ?? {})) {
        if (value === undefined || !Object.hasOwn(json_schema.properties as object, member)) continue;
        expect([name, member, timeOf(record[member])]).toEqual([name, member, timeOf(value)]);
      }
      expect([validate(record), validate.errors]).toEqual([true, null]);
    }
  });

  test('emits what changed, marks what went alone or with what it hung on, and nothing else', async () => {
    const { keyOf, validate } = await entryOf();
    const portal = collectionAt(path);
    const first = await read(name, null);
    expect((await read(name, first.state)).records).toEqual([]);
    played.wait(120);
    const before = truth();
    const [edited, erased] = portal.list(false) as [CollectionItem, CollectionItem];
    const alone = membersOf(erased)[parent];
    const withParent = [...collectionAt(of).truth().keys()].find(
      (id) => ![alone, membersOf(edited)[parent]].includes(id),
    );
    portal.put(edited.id, edit);
    portal.erase(erased.id);
    for (const item of [edited, erased]) touch(membersOf(item)[parent]);
    collectionAt(of).erase(String(withParent));
    const after = truth();
    const { records, state, error } = await read(name, first.state);
    expect(error).toBeNull();
    const gone = records.filter(({ archived }) => archived === true);
    const live = records.filter(({ archived }) => archived !== true);
    // Where there is one record a parent, an answer of 404 is no deletion.
    const isSeen = (key: string) => rest !== null || JSON.parse(key)[0] === withParent;
    expect(gone.map(keyOf).sort()).toEqual([...before.keys()].filter((key) => !after.has(key) && isSeen(key)).sort());
    expect(live).toHaveLength(1);
    expect(live[0]).toMatchObject(edit);
    for (const record of records) expect([validate(record), validate.errors]).toEqual([true, null]);
    expect((await read(name, state)).records).toEqual([]);
  });

  test('loses nothing to a kill', async () => {
    const { keyOf } = await entryOf();
    const keys = [...truth().keys()].sort();
    for (let killAfter = 1; killAfter <= keys.length + 2; killAfter += 4) {
      for (const mode of ['incremental', 'full_refresh'] as const) {
        const first = await read(name, null, { killAfter, mode });
        const second = await read(name, first.state, { mode });
        const found = new Set([...first.records, ...second.records].map(keyOf));
        expect([killAfter, mode, [...found].sort()]).toEqual([killAfter, mode, keys]);
      }
      played.wait(1);
    }
  });

  test('in columns has the same rows', async () => {
    const config = { include: [name], layout: 'columns' };
    const first = await read(name, null, { config });
    expect(first.records).toHaveLength(truth().size);
    for (const column of Object.keys(first.records[0] ?? {})) expect(column).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
    played.wait(10);
    const [erased] = collectionAt(of).truth().keys();
    const before = truth().size;
    collectionAt(of).erase(String(erased));
    const second = await read(name, first.state, { config });
    expect(second.records.map(({ archived }) => archived)).toEqual(Array(before - truth().size).fill(true));
  });
});

test.each(FINGERPRINTED)(
  '%s: a parent that did not move costs no call, and one that did its own',
  async (name, place) => {
    const { of, always = 0 } = place;
    const calls = () => played.sandbox.calls.counts().byKind.collection ?? 0;
    const first = await read(name, null);
    played.sandbox.calls.reset();
    const second = await read(name, first.state);
    expect([second.records, calls()]).toEqual([[], 1 + always]);
    played.wait(10);
    const moved = [...collectionAt(of).truth().keys()].at(-1) as string;
    collectionAt(of).put(moved, {});
    played.sandbox.calls.reset();
    await read(name, second.state);
    expect(calls()).toBe(1 + always + 1);
  },
);

test('the rows of a table that is not published any more are gone', async () => {
  const tables = collectionAt('/cms/hubdb/:date/tables');
  const first = await read('hubdb_rows', null);
  const [table] = tables.truth().keys();
  played.wait(10);
  tables.put(String(table), { published: false });
  const { records } = await read('hubdb_rows', first.state);
  expect(records.map(({ tableId, archived }) => [tableId, archived])).toEqual(Array(3).fill([table, true]));
});

test('an e-mail campaign is read until it has been left alone for thirty days', async () => {
  const list = collectionAt('/email/public/v1/campaigns/by-id');
  const details = collectionAt('/email/public/v1/campaigns/:campaign');
  const [id = ''] = list.truth().keys();
  const first = await read('campaigns', null);
  expect(first.records.map(({ id: each, counters_open, counters }) => [each, counters_open, counters])).toEqual(
    [...details.truth().values()].map(({ id: each, counters }) => [each, (counters as JsonObject).open, counters]),
  );
  details.put(id, { counters: { open: 1000 } });
  const second = await read('campaigns', first.state);
  expect(second.records.map((each) => [each.id, each.counters_open])).toEqual([[Number(id), 1000]]);
  played.wait(30 * 24 * 60);
  details.put(id, { counters: { open: 1001 } });
  const third = await read('campaigns', second.state);
  expect(third.records).toHaveLength(1);
  played.sandbox.calls.reset();
  details.put(id, { counters: { open: 1002 } });
  expect((await read('campaigns', third.state)).records).toEqual([]);
  expect(played.sandbox.calls.counts().byKind.collection).toBe(1);
});

test('a batch of which HubSpot answers a part is asked for again, and takes nothing away', async () => {
  const first = await read('flow_definitions', null);
  played.wait(10);
  for (const id of collectionAt('/automation/v4/flows').truth().keys())
    collectionAt('/automation/v4/flows').put(id, {});
  const text = JSON.stringify({
    results: [],
    numErrors: 1,
    errors: [{ category: 'INTERNAL_ERROR', message: 'Later.' }],
  });
  played.sandbox.faults.set([{ contains: '/flows/batch/read', times: 1, fault: { type: 'body', text } }]);
  const { records, error } = await read('flow_definitions', first.state);
  expect([error, records.some(({ archived }) => archived === true), records.length]).toEqual([null, false, 8]);
});
