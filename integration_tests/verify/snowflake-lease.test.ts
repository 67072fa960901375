import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLostError, WarehouseBusyError } from '../../src/errors.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { Lifetime, QUICK } from '../support/processes/lifetime.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import { only, pipelineOf, sync, verify } from './harness.js';

const warehouse = new StandInWarehouse();
const STATE = `"${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE"`;
let sandbox: Sandbox;
let config: ReturnType<typeof pipelineOf>;
let deleted: string;

beforeEach(async () => {
  await warehouse.begin();
  sandbox = await startSandbox({ counts: { contacts: 60, companies: 5 }, limits: 'off' });
  config = pipelineOf(warehouse, sandbox);
  await sync(config);
  deleted = sandbox.portal.truth('contacts').live[3]?.id as string;
  await warehouse.execute(`DELETE FROM {table} WHERE "ID" = '${deleted}'`, 'contacts');
});
afterEach(async () => {
  await warehouse.standIn.rules([]);
  await sandbox.close();
});
afterAll(() => warehouse.end());

const leases = () => warehouse.standIn.query(`SELECT "FENCE", "LEASE_UNTIL" FROM ${STATE} WHERE "STREAM" = ''`);
const ids = async () => (await warehouse.rows('contacts', { id: 'text' })).map(({ id }) => id);

test('a repair that another run has taken over from writes nothing more', async () => {
  await warehouse.standIn.rules([{ match: '^COPY INTO', fault: { hold: true } }]);
  const repairing = verify(config, { repairs: true }).catch((error: unknown) => error);
  while ((await leases()).every(({ LEASE_UNTIL }) => LEASE_UNTIL === null)) await sleep(50);
  await warehouse.standIn.query(`UPDATE ${STATE} SET "FENCE" = "FENCE" + 1, "OWNER" = 'another' WHERE "STREAM" = ''`);
  await warehouse.standIn.rules([]);
  expect(await repairing).toBeInstanceOf(LeaseLostError);
  expect(await ids()).not.toContain(deleted);
});

test('a repair that waits for HubSpot while it is taken over says so, and not that it was asked to stop', async () => {
  const objects = ['contacts', 'companies'].map((object_type) => ({ object_type, associations: [] }));
  const two = pipelineOf(warehouse, sandbox, { source: { objects }, destination: { flush_seconds: 1 } });
  await sync(two);
  await warehouse.execute(`DELETE FROM {table} WHERE "ID" = '${deleted}'`, 'contacts');
  sandbox.faults.set([{ kind: 'search', objectType: 'companies', fault: { type: 'silence' } }]);
  const quick = { timeouts: { ...QUICK.timeouts, leastLease: 600 } };
  const repairing = verify(two, { repairs: true }, new Lifetime(null), quick).catch((error: unknown) => error);
  while ((await leases()).every(({ LEASE_UNTIL }) => LEASE_UNTIL === null)) await sleep(50);
  await warehouse.standIn.query(`UPDATE ${STATE} SET "FENCE" = "FENCE" + 1, "OWNER" = 'another' WHERE "STREAM" = ''`);
  expect(await repairing).toBeInstanceOf(LeaseLostError);
});

test('while another run is going on, a repair stops before it has begun; a look does not', async () => {
  await warehouse.standIn.query(
    `UPDATE ${STATE} SET "OWNER" = 'another', "LEASE_UNTIL" = DATEADD(minute, 5, CURRENT_TIMESTAMP()) WHERE "STREAM" = ''`,
  );
  await expect(verify(config, { repairs: true })).rejects.toBeInstanceOf(WarehouseBusyError);
  await expect(verify(config, { isDeep: true })).rejects.toBeInstanceOf(WarehouseBusyError);
  expect(only((await verify(config)).streams)).toMatchObject({ missing: 1, mended: 0 });
});

test('a table that the role may not read is named, with the right that is missing', async () => {
  const error = {
    code: '002003',
    message: "SQL compilation error:\nObject 'CONTACTS' does not exist or not authorized.",
  };
  await warehouse.standIn.rules([{ match: '^SELECT COUNT.*CONTACTS', times: null, fault: { error } }]);
  const { errors, streams } = await verify(config);
  expect(streams).toEqual([]);
  expect(errors).toMatchObject([{ stream: 'contacts', message: expect.stringMatching(/Reading the table CONTACTS/) }]);
  expect(errors[0]?.message).toMatch(/GRANT|privilege|not authorized/);
});

test('columns that a policy masks are not compared, and said; one that tells which rows are live stops it', async () => {
  const table = `${DATABASE}.${SCHEMA}.CONTACTS`;
  await warehouse.standIn.account({ policies: [{ table, column: 'LASTNAME' }] });
  const found = only((await verify(config, { isDeep: true })).streams);
  expect(found).toMatchObject({ missing: 1, stale: 0, ghosts: 0 });
  expect(found.notes.join()).toContain('masked, and not compared: lastname');
  await warehouse.standIn.account({ policies: [{ table, column: 'ARCHIVED', value: 'NULL' }] });
  const { errors, streams } = await verify(config);
  expect(streams).toEqual([]);
  expect(errors[0]?.message).toContain('The column ARCHIVED of the table CONTACTS has the masking policy');
  await warehouse.standIn.account({});
});

test('what cannot be kept is a warning, and what was found is told', async () => {
  const error = {
    code: '003001',
    message: "SQL access control error:\nInsufficient privileges to operate on schema 'HUBSPOT'.",
  };
  await warehouse.standIn.rules([{ match: '_HUBFLAKE_VERIFICATIONS', times: null, fault: { error } }]);
  const { errors, streams } = await verify(config);
  expect(errors).toEqual([]);
  expect(only(streams)).toMatchObject({ missing: 1 });
});
