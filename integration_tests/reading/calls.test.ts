import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess } from '../support/processes/in-process.js';

/** docs/calls.md says how many calls what costs; here it is counted. */
const CONFIG = {
  objects: [{ object_type: 'contacts', properties: ['firstname', 'email'], associations: ['companies', 'deals'] }],
};
const HOUR = 3_600_000;

let sandbox: Sandbox;
let ahead = 0;

beforeEach(async () => {
  ahead = 0;
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 3_700, companies: 20, deals: 20 },
    hubContacts: 20,
    limits: 'off',
    clock: () => Date.now() + ahead,
  });
});

afterEach(() => sandbox.close());

const liveIds = () => sandbox.portal.truth('contacts').live.map((record) => record.id);

/** Reads, and counts the calls by kind. */
async function read(state: JsonObject | null, config: JsonObject = CONFIG) {
  sandbox.calls.reset();
  const sync = await readInProcess(sandbox, 'contacts', state, { config });
  const { byKind, total } = sandbox.calls.counts();
  return { ...sync, calls: { ...byKind }, total };
}

test('a first load costs a list call for 100 records, and one for 100 archived ones before and behind it', async () => {
  sandbox.portal.archive('contacts', liveIds().slice(0, 250));
  const { live, archived } = sandbox.portal.truth('contacts');
  const { calls, records, total } = await read(null);
  expect(records).toHaveLength(live.length);
  const pages = Math.ceil(live.length / 100) + 2 * Math.ceil(archived.length / 100);
  expect(calls.list).toBe(pages);
  expect(calls.search).toBe(1);
  // The account and the properties.
  expect(total).toBe(pages + 3);
});

test('a first load of a single page costs no search', async () => {
  sandbox.portal.archive('contacts', liveIds().slice(0, 3_600));
  const { calls, total } = await read(null);
  const { live, archived } = sandbox.portal.truth('contacts');
  expect(live.length).toBeLessThan(100);
  expect(calls.list).toBe(1 + 2 * Math.ceil(archived.length / 100));
  expect(total).toBe((calls.list as number) + 2);
});

test('an increment with nothing changed costs four calls', async () => {
  const first = await read(null);
  ahead += 3 * HOUR;
  const second = await read(first.state);
  expect(second.calls).toEqual({ account: 1, properties: 1, search: 1, list: expect.any(Number) });
  expect(second.calls.list).toBe(Math.ceil(sandbox.portal.truth('contacts').archived.length / 100));
  expect(second.events.map((event) => event.type)).toEqual(['state']);
});

test.each([1, 200, 201, 1_000, 2_345])(
  'an increment of %d records costs a search for 200 and a batch read for 1,000 and association',
  async (changed) => {
    const first = await read(null);
    ahead += 3 * HOUR;
    sandbox.portal.edit('contacts', liveIds().slice(0, changed), { firstname: 'Changed' });
    const { calls, records } = await read(first.state);
    expect(records).toHaveLength(changed);
    expect(calls.search).toBe(Math.ceil(changed / 200));
    expect(calls.associations).toBe(2 * Math.ceil(changed / 1000));
    expect(calls.batchRead).toBeUndefined();
  },
);

test('a restored record costs one batch read, and its associations', async () => {
  const ids = liveIds().slice(0, 90);
  const first = await read(null);
  sandbox.portal.archive('contacts', ids);
  const second = await read(first.state);
  sandbox.portal.restore('contacts', ids);
  const third = await read(second.state);
  expect(third.records).toHaveLength(90);
  expect(third.calls).toMatchObject({ batchRead: 1, associations: 2, search: 1 });
});

test('a property more in the selection costs a list call for 100 records, where most have a value, and two searches to know', async () => {
  const first = await read(null);
  ahead += 3 * HOUR;
  const wider = { objects: [{ ...CONFIG.objects[0], properties: ['firstname', 'email', 'lastname'] }] };
  const { calls, records } = await read(first.state, wider);
  const { live, archived } = sandbox.portal.truth('contacts');
  expect(records).toHaveLength(live.length);
  expect(calls.list).toBe(Math.ceil(live.length / 100) + Math.ceil(archived.length / 100));
  expect(calls.search).toBe(3);
});

test('what does not fit in a URL costs a batch read for each page, and each record is one version', async () => {
  await sandbox.close();
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 350 },
    extraProperties: { contacts: 900 },
    limits: 'off',
  });
  const { calls, records } = await read(null, { objects: [{ object_type: 'contacts', associations: ['companies'] }] });
  const { live, archived } = sandbox.portal.truth('contacts');
  expect(records).toHaveLength(live.length);
  expect(Object.keys(records[0]?.properties as JsonObject).length).toBeGreaterThan(900);
  expect(calls.batchRead).toBe(Math.ceil(live.length / 100));
  expect(calls.list).toBe(Math.ceil(live.length / 100) + 2 * Math.ceil(archived.length / 100));
});

test.each([1, 150, 700, 2_500])(
  'a kill behind message %d costs the page in flight, and no page of the list more',
  async (killAfter) => {
    const killed = await readInProcess(sandbox, 'contacts', null, { config: CONFIG, killAfter });
    const asked = sandbox.calls.last().filter((call) => call.url.includes('archived=false')).length;
    const rest = await read(killed.state);
    const lists = sandbox.calls.last().filter((call) => call.url.includes('archived=false')).length;
    const pages = Math.ceil(liveIds().length / 100);
    // The page that was being written, or that travelled.
    expect(asked + lists).toBeLessThanOrEqual(pages + 1);
    const ids = new Set([...killed.records, ...rest.records].map((data) => data.id));
    expect(ids.size).toBe(liveIds().length);
  },
);

test('owners cost one call a page; their archived ones are asked for only when one of them is gone', async () => {
  const owners = sandbox.portal.owners.filter((owner) => !owner.archived);
  const readOwners = async (state: JsonObject | null) => {
    sandbox.calls.reset();
    const sync = await readInProcess(sandbox, 'owners', state);
    return { ...sync, calls: sandbox.calls.counts().byKind.owners };
  };
  const first = await readOwners(null);
  expect([first.records.length, first.calls]).toEqual([owners.length, 1]);
  const second = await readOwners(first.state);
  expect([second.records, second.calls]).toEqual([[], 1]);
  const left = owners[0] as { -readonly [K in keyof (typeof owners)[number]]: (typeof owners)[number][K] };
  left.archived = true;
  const third = await readOwners(second.state);
  expect(third.records).toMatchObject([{ id: left.id, email: left.email, archived: true }]);
  expect(third.calls).toBe(2);
  left.archived = false;
  const fourth = await readOwners(third.state);
  expect(fourth.records).toMatchObject([{ id: left.id, archived: false, archivedAt: null }]);
});

describe('a first load with a start date', () => {
  const LEFT_OUT = 3_000;
  let from: string;

  /** Contacts last updated long ago, and others since. */
  function startAt(leftOut: number): JsonObject {
    const times = sandbox.portal.truth('contacts').live.map((record) => record.updatedAt as string);
    from = times.sort()[leftOut] as string;
    return { objects: [{ ...CONFIG.objects[0], updated_after: from }] } as JsonObject;
  }
  const wanted = () => sandbox.portal.truth('contacts').live.filter((record) => (record.updatedAt as string) >= from);

  test('that leaves out most is made by search: two questions of which one is its first page', async () => {
    const config = startAt(LEFT_OUT);
    const { calls, records } = await read(null, config);
    const n = wanted().length;
    expect(new Set(records.map((data) => data.id))).toEqual(new Set(wanted().map((record) => record.id)));
    expect(records).toHaveLength(n);
    expect(n).toBeGreaterThan(400);
    // The total of what is left out; the pages; what changed meanwhile.
    expect(calls.search).toBe(1 + Math.ceil(n / 200) + 1);
    expect(calls.associations).toBe(2);
    expect(calls.list).toBe(2 * Math.ceil(sandbox.portal.truth('contacts').archived.length / 100));
  });

  test('of a single page costs two searches', async () => {
    const { calls, records } = await read(null, startAt(liveIds().length - 150));
    expect(records).toHaveLength(wanted().length);
    expect(wanted().length).toBeLessThan(200);
    expect(calls).toMatchObject({ search: 2, associations: 2 });
  });

  test.each([
    [0, 1],
    [150, 1],
    [600, 2],
    [1_500, 2],
  ])('that leaves out %d is made by list, %d questions later', async (leftOut, questions) => {
    const { calls, records } = await read(null, startAt(leftOut));
    expect(records).toHaveLength(wanted().length);
    const { live, archived } = sandbox.portal.truth('contacts');
    expect(calls.list).toBe(Math.ceil(live.length / 100) + 2 * Math.ceil(archived.length / 100));
    // The last one is for what changed meanwhile.
    expect(calls.search).toBe(questions + 1);
    expect(calls.associations).toBeUndefined();
  });

  test('as a full refresh is made by list, which is never late, and asks nothing', async () => {
    sandbox.calls.reset();
    const config = startAt(LEFT_OUT);
    const { records } = await readInProcess(sandbox, 'contacts', null, { config, mode: 'full_refresh' });
    expect(records).toHaveLength(wanted().length);
    expect(sandbox.calls.counts().byKind.search).toBeUndefined();
  });
});
