import { existsSync, readFileSync } from 'node:fs';
import type { SyncForecast } from '../../src/commands/sync/run-plan.js';
import type { SyncResult } from '../../src/commands/sync/sync-result.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/** `plan` says what `sync` then does, and changes nothing. */

const TOKEN = 'pat-na1-of-the-sandbox';
const HOUR = 3_600_000;

let sandbox: Sandbox;
let folder: TestFolder;
let ahead = 0;

beforeEach(async () => {
  ahead = 0;
  folder = new TestFolder();
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 730, companies: 40, deals: 20 },
    hubContacts: 0,
    limits: 'off',
    token: TOKEN,
    clock: () => Date.now() + ahead,
  });
});

afterEach(async () => {
  await sandbox.close();
  folder.remove();
});

const STREAMS = [
  { name: 'contacts' },
  { name: 'companies', destination_sync_mode: 'append' },
  { name: 'deals', sync_mode: 'full_refresh', destination_sync_mode: 'overwrite' },
  { name: 'owners' },
  { name: 'associations_contacts_companies' },
];

function pipeline(destination: object, streams: readonly object[] = STREAMS): string {
  return folder.write('pipeline.json', {
    name: 'crm',
    source: {
      credentials: { access_token: TOKEN },
      association_streams: [{ from_object: 'contacts', to_object: 'companies' }],
      layout: 'columns',
    },
    destination,
    streams,
  });
}

async function run<T>(command: 'plan' | 'sync', path: string, code = 0): Promise<T> {
  const outcome = await hubflakeHere([command, '--json', '--config', path], {
    cwd: folder.path,
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
  expect(outcome).toMatchObject({ code });
  return JSON.parse(outcome.stdout) as T;
}

const live = (object: string) => sandbox.portal.truth(object).live.map(({ id }) => id);

describe('into DuckDB', () => {
  const destination = () => ({ type: 'duckdb', path: folder.join('crm.duckdb') });

  test('a first load: its rows and calls, and the tables it makes; without making the file', async () => {
    const path = pipeline(destination());
    const plan = await run<SyncForecast>('plan', path);
    expect(existsSync(folder.join('crm.duckdb'))).toBe(false);
    const by = new Map(plan.streams.map((stream) => [stream.stream, stream]));
    expect(by.get('contacts')).toMatchObject({
      what: 'first load',
      rows: live('contacts').length,
      destinationSyncMode: 'append_dedup',
      tableWillBe: 'new',
    });
    expect(by.get('deals')).toMatchObject({ what: 'everything', rows: live('deals').length });
    expect(by.get('contacts')?.sql.some((statement) => statement.startsWith('MERGE INTO "main"."contacts"'))).toBe(
      true,
    );
    expect(by.get('companies')?.sql.some((statement) => statement.startsWith('INSERT INTO "main"."companies"'))).toBe(
      true,
    );
    const done = await run<SyncResult>('sync', path);
    // What is archived, and how many owners there are, no count of HubSpot's tells.
    expect(Math.abs(plan.calls.total - done.calls.total)).toBeLessThanOrEqual(STREAMS.length);
    expect(plan.quota?.remaining).toBeGreaterThan(0);
  });

  test('an increment: what was modified since, and a file that stays as it is', async () => {
    const path = pipeline(destination());
    await run('sync', path);
    ahead += 5 * HOUR;
    for (const id of live('contacts').slice(0, 321)) sandbox.portal.edit('contacts', id, { jobtitle: 'Planned' });
    const before = readFileSync(folder.join('crm.duckdb'));
    const plan = await run<SyncForecast>('plan', path);
    expect(readFileSync(folder.join('crm.duckdb')).equals(before)).toBe(true);
    expect(plan.streams[0]).toMatchObject({ rows: 321, tableWillBe: 'there' });
    expect(plan.streams[0]?.what).toMatch(/^modified since /);
    const done = await run<SyncResult>('sync', path);
    expect(done.streams.find(({ stream }) => stream === 'contacts')).toMatchObject({ records: 321 });
    expect(done.calls.total).toBe(plan.calls.total);
  });

  test.each([
    ['a start date that leaves out most', 450],
    ['a start date that leaves out some', 250],
    ['filters', null],
  ])('a first load and an increment with %s: their calls', async (_, leftOut) => {
    const times = sandbox.portal.truth('contacts').live.map((record) => record.updatedAt);
    const filters = [{ propertyName: 'firstname', operator: 'HAS_PROPERTY' }];
    const more = leftOut === null ? { filter_groups: [{ filters }] } : { updated_after: times.sort()[leftOut] };
    const path = folder.write('one.json', {
      name: 'one',
      source: { credentials: { access_token: TOKEN }, objects: [{ object_type: 'contacts', ...more }] },
      destination: destination(),
    });
    for (const hours of [0, 5]) {
      ahead += hours * HOUR;
      const plan = await run<SyncForecast>('plan', path);
      const done = await run<SyncResult>('sync', path);
      expect([hours, plan.calls.total]).toEqual([hours, done.calls.total]);
    }
  });

  test('a first load of more than 4,000 records: its calls, with the search for how many there are', async () => {
    for (let n = live('contacts').length; n < 4_300; n += 1) sandbox.portal.create('contacts', { firstname: 'More' });
    ahead += HOUR;
    const path = pipeline(destination(), [{ name: 'contacts' }]);
    const plan = await run<SyncForecast>('plan', path);
    expect(plan.calls.search).toBe(2);
    const done = await run<SyncResult>('sync', path);
    expect(done.calls.total).toBe(plan.calls.total);
  });

  test('a stream that cannot be had is an error; the others are planned', async () => {
    const plan = await run<SyncForecast>(
      'plan',
      pipeline(destination(), [{ name: 'contacts' }, { name: 'nobody' }]),
      1,
    );
    expect(plan.streams.map(({ stream }) => stream)).toEqual(['contacts']);
    expect(plan.errors).toMatchObject([{ stream: 'nobody', code: 'HF-UNKNOWN-STREAM' }]);
  });
});

describe('into Snowflake', () => {
  const warehouse = new StandInWarehouse();
  beforeEach(() => warehouse.begin());
  afterAll(() => warehouse.end());

  const destination = () => ({
    host: warehouse.standIn.url,
    role: 'LOADER',
    warehouse: 'LOADING',
    database: DATABASE,
    schema: SCHEMA,
    username: 'LOADER_USER',
    credentials: { auth_type: 'Programmatic Access Token', token: 'canary-of-snowflake' },
  });
  const WRITES = /^(CREATE|ALTER TABLE|COMMENT|MERGE|PUT|COPY|INSERT|UPDATE|DELETE|DROP|BEGIN)/;

  test('the statements that a sync runs then; none of them is run', async () => {
    const path = pipeline(destination(), [{ name: 'contacts' }, { name: 'deals', destination_sync_mode: 'overwrite' }]);
    const plan = await run<SyncForecast>('plan', path);
    expect((await warehouse.standIn.statements()).map(({ sql }) => sql).filter((sql) => WRITES.test(sql))).toEqual([]);
    expect(plan.streams.map(({ tableWillBe }) => tableWillBe)).toEqual(['new', 'new']);
    await run('sync', path);
    const sent = (await warehouse.standIn.statements()).map(({ sql }) => sql);
    // A table that is collected beside has the name of its run.
    const own = (sql: string) => sql.replaceAll(/__HUBFLAKE_SIDE_0\w*/g, '__HUBFLAKE_SIDE_0');
    const planned = plan.streams
      .flatMap(({ sql }) => sql)
      .filter((sql) => /^(CREATE TABLE|INSERT OVERWRITE)/.test(sql));
    expect(planned.length).toBeGreaterThanOrEqual(3);
    expect(sent.map(own)).toEqual(expect.arrayContaining(planned));
    const after = await run<SyncForecast>('plan', path);
    expect(after.streams.map(({ tableWillBe }) => tableWillBe)).toEqual(['there', 'there']);
  });
});
