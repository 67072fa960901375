import { parseSourceConfig } from '../../src/config/source.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { Portal } from '../../src/streams/portal.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';

/** Collections of which HubSpot answers what one user may see: several users see the same item, which is one row. */

const UNITS = '/business-units/public/:date/business-units/user/:user';

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const users = () => [...collectionAt('/settings/users/:date').truth().keys()];

const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => id);

const refuse = (...ids: string[]) =>
  played.sandbox.faults.set(ids.map((id) => ({ contains: `userId=${id}`, fault: { type: 'error', status: 400 } })));

test('what several users see comes once, for each of them it costs a call', async () => {
  for (const name of ['business_units', 'sequences']) {
    played.sandbox.calls.reset();
    const { records } = await read(name, null);
    expect(new Set(idsOf(records)).size).toBe(records.length);
    expect(played.sandbox.calls.counts().byKind.collection).toBe(1 + users().length);
  }
});

test('an item is there as long as one user sees it', async () => {
  const units = collectionAt(UNITS);
  const [first = '', second = ''] = users();
  units.put('1600', { name: 'New', users: [first, second] });
  const load = await read('business_units', null);
  units.put('1600', { users: [second] });
  const again = await read('business_units', load.state);
  expect(again.records).toEqual([]);
  units.put('1600', { users: [] });
  const { records, state } = await read('business_units', again.state);
  expect(records.map(({ id, archived }) => [id, archived])).toEqual([['1600', true]]);
  expect((await read('business_units', state)).records).toEqual([]);
});

test('a user who is refused once takes nothing away; who is again, is taken to see nothing', async () => {
  const sequences = collectionAt('/automation/sequences/:date');
  const [user = ''] = users();
  sequences.put('1190', { name: 'Own', userId: user, readers: [user] });
  const first = await read('sequences', null);
  expect(idsOf(first.records)).toContain('1190');
  refuse(user);
  const second = await read('sequences', first.state);
  expect([second.records, second.error]).toEqual([[], null]);
  const third = await read('sequences', second.state);
  expect(third.records.map(({ id, archived }) => [id, archived])).toEqual([['1190', true]]);
  played.sandbox.faults.set([]);
  expect(idsOf((await read('sequences', third.state)).records)).toEqual(['1190']);
});

test('users without a seat keep the others from nothing; where all are refused, the stream fails', async () => {
  const sequences = collectionAt('/automation/sequences/:date');
  const all = users();
  refuse(...all.slice(0, 3));
  const first = await read('sequences', null);
  expect(first.error).toBeNull();
  const [gone = ''] = idsOf(first.records) as string[];
  sequences.erase(gone);
  const second = await read('sequences', first.state);
  expect(second.records.map(({ id, archived }) => [id, archived])).toEqual([[gone, true]]);
  refuse(...all);
  const third = await read('sequences', second.state);
  expect([third.records, third.error?.code]).toEqual([[], expect.any(String)]);
});

test.each(['incremental', 'full_refresh'] as const)('nothing is lost to a kill, nor comes twice (%s)', async (mode) => {
  const ids = [...collectionAt('/automation/sequences/:date').truth().keys()];
  for (let killAfter = 1; killAfter <= ids.length + 2; killAfter += 1) {
    const first = await read('sequences', null, { killAfter, mode });
    const second = await read('sequences', first.state, { mode });
    expect([...new Set([...idsOf(first.records), ...idsOf(second.records)])].sort()).toEqual(ids);
    expect(new Set(idsOf(second.records)).size).toBe(second.records.length);
  }
});

test('to find out whether the token may read it, users are asked for until one may', async () => {
  const { sandbox } = played;
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({
    credentials: { access_token: sandbox.token },
    objects: [{ object_type: 'owners' }],
    include: ['sequences'],
  });
  const readable = async (...refused: string[]) => {
    refuse(...refused);
    sandbox.faults.add({ kind: 'tokenInfo', fault: { type: 'status', status: 500 } });
    sandbox.calls.reset();
    const client = new HubSpotClient(config);
    try {
      return await (await Portal.open(client, config, null)).readableNames();
    } finally {
      await client.close();
    }
  };
  expect(await readable(...users().slice(0, 2))).toEqual(['owners', 'sequences']);
  // The page of users, and three of them.
  expect(sandbox.calls.counts().byKind.collection).toBe(1 + 3);
  expect(await readable(...users())).toEqual(['owners']);
});
