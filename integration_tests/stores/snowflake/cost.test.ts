import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { runSync } from '../../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../../src/config/pipeline.js';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { FAST } from '../../support/fast-source.js';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';

/**
 * What a sync costs in Snowflake: logins, statements, and those that wake a warehouse, which is billed for a minute at least. The figures
 * of docs/cost.md are held here.
 */

const warehouse = new StandInWarehouse();
let sandbox: Sandbox;

beforeAll(() => warehouse.begin());
beforeEach(async () => {
  await warehouse.begin();
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 60, companies: 20, deals: 15 }, limits: 'off' });
});
afterEach(() => sandbox.close());
afterAll(() => warehouse.end());

const STREAMS = ['contacts', 'companies', 'deals'];

interface Cost {
  logins: number;
  statements: string[];
  /** Those that need a warehouse. */
  woken: string[];
}

async function sync(streams = STREAMS, mode = 'append_dedup'): Promise<Cost> {
  const { standIn } = warehouse;
  const [before, logins] = [(await standIn.statements()).length, (await standIn.logins()).length];
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parsePipelineConfig({
    name: 'crm',
    source: {
      credentials: { access_token: sandbox.token },
      objects: streams.map((object_type) => ({ object_type, properties: ['hs_object_id', 'createdate'] })),
      layout: 'columns',
    },
    destination: warehouse.destination(),
    streams: streams.map((name) => ({
      name,
      destination_sync_mode: mode,
      ...(mode === 'overwrite' ? { sync_mode: 'full_refresh' } : {}),
    })),
  });
  Object.assign(config.source, FAST);
  const dispatcher = getGlobalDispatcher();
  const { errors } = await runSync(config, new AbortController().signal, []);
  // The sync's own has ended with it.
  setGlobalDispatcher(dispatcher);
  expect(errors).toEqual([]);
  const all = (await standIn.statements()).map(({ sql }) => sql);
  return {
    logins: (await standIn.logins()).length - logins,
    statements: all.slice(before),
    woken: all.slice(before).filter((sql, i) => needsWarehouse(sql, all.slice(0, before + i))),
  };
}

/**
 * What Snowflake computes. What it answers of its metadata needs none; nor does a question that was asked before in the same words, as
 * long as the table has not changed (https://docs.snowflake.com/en/user-guide/querying-persisted-results).
 */
function needsWarehouse(sql: string, before: readonly string[]): boolean {
  const changes = /^(COPY INTO|MERGE INTO|INSERT|UPDATE|DELETE|CREATE .* AS SELECT)/;
  if (changes.test(sql)) return true;
  const [, table] = /^SELECT .* FROM ("ANALYTICS"\S*)/s.exec(sql) ?? [];
  if (table === undefined) return false;
  const asked = before.lastIndexOf(sql);
  return asked < 0 || before.slice(asked).some((each) => changes.test(each) && each.includes(table));
}

const ofKind = (statements: readonly string[], kind: RegExp) => statements.filter((sql) => kind.test(sql));
/** What is run for a stream's batch, whichever its table. */
const OF_A_BATCH = /^(PUT|COPY|BEGIN|COMMIT|ROLLBACK|MERGE INTO "ANALYTICS"."HUBSPOT"."(?!_)|UPDATE .*"STATE" = )/;

test('nothing changed: one login, and nothing that needs a warehouse', async () => {
  await sync();
  const { logins, statements, woken } = await sync();
  expect(logins).toBe(1);
  expect(woken).toEqual([]);
  expect(statements.length).toBeLessThanOrEqual(6);
  // The run after it, too.
  expect((await sync()).woken).toEqual([]);
});

test('a changed stream: six statements a batch, of which three need a warehouse', async () => {
  await sync();
  const [contact, other] = sandbox.portal.truth('contacts').live;
  sandbox.portal.edit('contacts', contact?.id as string, { firstname: 'New' });
  sandbox.portal.archive('contacts', other?.id as string);
  const { statements, woken } = await sync();
  const own = ofKind(statements, OF_A_BATCH);
  expect(own.map((sql) => sql.split(' ')[0])).toEqual(['PUT', 'COPY', 'BEGIN', 'MERGE', 'UPDATE', 'COMMIT']);
  expect(ofKind(woken, OF_A_BATCH).map((sql) => sql.split(' ')[0])).toEqual(['COPY', 'MERGE', 'UPDATE']);
  // Besides, once a run: the lease taken and looked at, the states of all streams without rows, the log of syncs, the lease given back, and
  // the states asked for again while the warehouse is awake.
  const rest = woken.filter((sql) => !OF_A_BATCH.test(sql));
  expect(rest.map((sql) => sql.split(' ')[0])).toEqual(['MERGE', 'SELECT', 'MERGE', 'INSERT', 'UPDATE', 'SELECT']);
  expect((await sync()).woken).toEqual([]);
});

test('an overwrite replaces nothing where the rows are the same, and the copy beside the table costs no Time Travel', async () => {
  const swaps = ({ statements }: Cost) => ofKind(statements, /^INSERT OVERWRITE/).length;
  const first = await sync(['deals'], 'overwrite');
  expect(swaps(first)).toBe(1);
  const [side] = ofKind(first.statements, /^CREATE .*SIDE/);
  expect(side).toMatch(/^CREATE TRANSIENT TABLE .* DATA_RETENTION_TIME_IN_DAYS = 0$/s);
  expect(swaps(await sync(['deals'], 'overwrite'))).toBe(0);
  const [deal] = sandbox.portal.truth('deals').live;
  sandbox.portal.edit('deals', deal?.id as string, { dealname: 'New' });
  expect(swaps(await sync(['deals'], 'overwrite'))).toBe(1);
  sandbox.portal.erase('deals', deal?.id as string);
  expect(swaps(await sync(['deals'], 'overwrite'))).toBe(1);
  const ids = (await warehouse.rows('deals', { id: 'text' })).map(({ id }) => id);
  expect(ids.sort()).toEqual(
    sandbox.portal
      .truth('deals')
      .live.map(({ id }) => id)
      .sort(),
  );
});

test('small batches share stage tables: one more stream costs its batch, and a look at its table', async () => {
  await sync();
  for (const [type, property] of [
    ['contacts', 'firstname'],
    ['companies', 'name'],
    ['deals', 'dealname'],
  ] as const) {
    const [record] = sandbox.portal.truth(type).live;
    sandbox.portal.edit(type, record?.id as string, { [property]: 'New' });
  }
  const { statements, logins } = await sync();
  expect(ofKind(statements, OF_A_BATCH)).toHaveLength(6 * STREAMS.length);
  const made = ofKind(statements, /^CREATE OR REPLACE TRANSIENT TABLE/).length;
  expect(made).toBeLessThanOrEqual(STREAMS.length);
  expect(ofKind(statements, /^DROP TABLE/)).toHaveLength(made);
  expect(logins).toBeLessThanOrEqual(STREAMS.length + 1);
});
