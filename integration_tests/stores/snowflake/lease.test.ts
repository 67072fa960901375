import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { hubflake, TestFolder } from '../../support/processes/command.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { TOKEN } from '../crashes.js';

/** What keeps runs of one pipeline apart, and what ends a run, or one of its streams, early. */

const warehouse = new StandInWarehouse();
const STATE = `"${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE"`;
let folder: TestFolder;
let sandbox: Sandbox;

beforeEach(async () => {
  await warehouse.begin();
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 900, companies: 300 }, limits: 'off' });
});
afterEach(async () => {
  await warehouse.standIn.rules([]);
  folder.remove();
  await sandbox.close();
});
afterAll(() => warehouse.end());

async function sync(environment: Record<string, string> = {}) {
  const path = folder.write('p.json', {
    name: 'crm',
    source: {
      credentials: { access_token: TOKEN },
      objects: [{ object_type: 'contacts' }, { object_type: 'companies' }],
      layout: 'columns',
      deletes: 'off',
    },
    destination: { ...warehouse.destination(), flush_seconds: 1, spool_dir: folder.path },
  });
  const outcome = await hubflake(['sync', '--json', '--config', path], {
    environment: { HUBSPOT_BASE_URL: sandbox.url, ...environment },
  });
  const result = outcome.stdout === '' ? null : JSON.parse(outcome.stdout);
  return { ...outcome, result: result as { errors: { stream: string; code: string }[] } | null };
}

const idsOf = async (table: string) => (await warehouse.rows(table, { id: 'text' })).map(({ id }) => String(id)).sort();
const live = (type: string) =>
  sandbox.portal
    .truth(type)
    .live.map(({ id }) => id)
    .sort();
const leases = () =>
  warehouse.standIn.query(`SELECT "OWNER", "FENCE", "LEASE_UNTIL" FROM ${STATE} WHERE "STREAM" = ''`);

async function until(what: () => Promise<boolean>) {
  while (!(await what().catch(() => false))) await sleep(50);
}

test('a lease is prolonged while a statement of the run waits for longer than it lasts', async () => {
  await warehouse.standIn.rules([{ match: '^COPY INTO', fault: { hold: true } }]);
  const short = { HUBFLAKE_LEASE_SECONDS: '3' };
  const first = sync(short);
  await until(async () => (await leases()).length > 0);
  await sleep(5_000);
  expect(await sync(short)).toMatchObject({ code: 4, stdout: '' });
  await warehouse.standIn.rules([]);
  expect(await first).toMatchObject({ code: 0 });
  expect(await idsOf('contacts')).toEqual(live('contacts'));
});

test('two rows of a lease, as two runs can make at the same moment, become one again', async () => {
  expect((await sync()).code).toBe(0);
  await warehouse.standIn.query(
    `INSERT INTO ${STATE} ("PIPELINE", "STREAM", "FENCE", "OWNER") SELECT "PIPELINE", "STREAM", "FENCE", 'another' FROM ${STATE} WHERE "STREAM" = ''`,
  );
  expect(await leases()).toHaveLength(2);
  sandbox.portal.create('contacts', { firstname: 'New' });
  for (const _ of [1, 2]) {
    expect((await sync()).code).toBe(0);
    sandbox.portal.create('contacts', { firstname: 'Newer' });
  }
  expect(await leases()).toHaveLength(1);
});

test('a run that has lost its lease reads no further', async () => {
  sandbox.switches.set({ latencyMs: 1_500 });
  const run = sync({ HUBFLAKE_LEASE_SECONDS: '3' });
  await until(async () => (await warehouse.tables()).length > 0 && (await idsOf('contacts')).length > 0);
  await warehouse.standIn.query(`UPDATE ${STATE} SET "FENCE" = "FENCE" + 1, "OWNER" = 'another' WHERE "STREAM" = ''`);
  const { code, stderr } = await run;
  expect([code, stderr]).toEqual([1, expect.stringContaining('has taken over')]);
  expect((await idsOf('contacts')).length).toBeLessThan(live('contacts').length);
});

test('a stream whose table refuses its rows is read no further; the others are, and the run names it', async () => {
  sandbox.switches.set({ latencyMs: 700 });
  await warehouse.standIn.rules([
    {
      match: '^MERGE INTO .*"CONTACTS"',
      times: null,
      fault: { error: { code: '003001', message: 'Insufficient privileges to operate on table' } },
    },
  ]);
  const outcome = await sync();
  const pages = sandbox.calls.last().filter(({ kind, objectType }) => kind === 'list' && objectType === 'contacts');
  expect(outcome.code).toBe(1);
  expect(outcome.result?.errors).toMatchObject([{ stream: 'contacts' }]);
  expect(pages.length).toBeLessThan(live('contacts').length / 100);
  await warehouse.standIn.rules([]);
  expect(await idsOf('companies')).toEqual(live('companies'));
  expect((await sync()).code).toBe(0);
  expect(await idsOf('contacts')).toEqual(live('contacts'));
});
