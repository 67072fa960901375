import { memberOf } from '../../src/json.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { stateValue } from '../../src/streams/core/stream-state.js';
import { readInProcess } from '../support/processes/in-process.js';
import { hashOf } from './hash-of.js';

/** Archived deals that were read before: rows that have their values otherwise are read again, and no others are. */

const [SALT, OTHER_SALT] = ['a salt of these tests', 'another salt of these'];

let sandbox: Sandbox;
let ahead: number;

beforeEach(async () => {
  ahead = 0;
  sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => Date.now() + ahead });
  sandbox.portal.addProperty('deals', { name: 'signed_on', type: 'datetime' });
  const values = { dealname: 'A deal', signed_on: '2024-05-01T02:00:00Z' };
  const deals = Array.from({ length: 230 }, () => sandbox.portal.create('deals', values));
  sandbox.portal.archive('deals', deals);
});
afterEach(() => sandbox.close());

const hashed = (salt: string): JsonObject => ({
  objects: [{ object_type: 'deals', hash_properties: ['dealname'] }],
  hash_salt: salt,
});

/** Reads long behind what was archived. */
async function read(state: JsonObject | null, more: JsonObject = {}, killAfter?: number) {
  ahead += 3 * 3_600_000;
  const config = { include: ['deals_archived'], layout: 'columns', ...more };
  const result = await readInProcess(sandbox, 'deals_archived', state, { config, ...(killAfter ? { killAfter } : {}) });
  expect(result.error).toBeNull();
  return result;
}

/** The different values of a column. */
const valuesOf = (records: readonly JsonObject[], column: string) => [...new Set(records.map((data) => data[column]))];

test('hashing that begins, has another salt or ends reads all of them again, once', async () => {
  let { state } = await read(null);
  for (const [config, value] of [
    [hashed(SALT), hashOf('A deal', SALT)],
    [hashed(OTHER_SALT), hashOf('A deal', OTHER_SALT)],
    [{}, 'A deal'],
  ] as const) {
    const again = await read(state, config);
    expect([again.records.length, valuesOf(again.records, 'dealname')]).toEqual([230, [value]]);
    expect((await read(again.state, config)).records).toEqual([]);
    state = again.state;
  }
});

test('so do local dates that begin, or are of another time zone', async () => {
  const before = await read(null);
  const dated = await read(before.state, { local_dates: true });
  expect([dated.records.length, valuesOf(dated.records, 'signed_on_local_date')]).toEqual([230, ['2024-04-30']]);
  Object.assign(sandbox.portal.account, { timeZone: 'Europe/Berlin' });
  const moved = await read(dated.state, { local_dates: true });
  expect([moved.records.length, valuesOf(moved.records, 'signed_on_local_date')]).toEqual([230, ['2024-05-01']]);
  expect((await read(moved.state, { local_dates: true })).records).toEqual([]);
});

test('a load whose first pages were in clear begins anew', async () => {
  const { state } = await read(null, {}, 150);
  expect(memberOf(state?.hubflake, 'load')).not.toBeNull();
  const { records } = await read(state, hashed(SALT));
  expect([records.length, valuesOf(records, 'dealname')]).toEqual([230, [hashOf('A deal', SALT)]]);
});

test('a property that was left out meanwhile may be there in clear', async () => {
  const { state } = await read(null);
  const excluding = { objects: [{ object_type: 'deals', exclude_properties: ['dealname'] }] };
  const without = await read(state, excluding);
  expect(without.records).toEqual([]);
  expect(valuesOf((await read(without.state, hashed(SALT))).records, 'dealname')).toEqual([hashOf('A deal', SALT)]);
});

test('a property that is new is no reason', async () => {
  const { state } = await read(null, { ...hashed(SALT), local_dates: true });
  sandbox.portal.addProperty('deals', { name: 'closed_on', type: 'datetime' });
  expect((await read(state, { ...hashed(SALT), local_dates: true })).records).toEqual([]);
});

test('a state that does not tell, as that of an earlier version, is one where something is hashed or dated', async () => {
  const { state } = await read(null);
  const { written, ...own } = stateValue.object(state?.hubflake) ?? {};
  expect(written).toBeDefined();
  const older = { ...state, hubflake: own };
  expect((await read(older)).records).toEqual([]);
  expect((await read(older, hashed(SALT))).records).toHaveLength(230);
  expect((await read(older, { local_dates: true })).records).toHaveLength(230);
});
