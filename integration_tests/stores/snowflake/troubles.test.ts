import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { Loader } from '../../../src/warehouse/loader/loader.js';
import { Pool } from '../../../src/warehouse/snowflake/session/pool.js';
import { TIMEOUTS } from '../../../src/warehouse/snowflake/session/session.js';
import { SnowflakeStore } from '../../../src/warehouse/snowflake/store.js';
import { targetsOf } from '../../../src/warehouse/target.js';
import { TestFolder } from '../../support/processes/command.js';
import type { StandIn } from '../../support/stand-in/snowflake.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';

/** What Snowflake may do to a store in mid-work: each is one clear sentence, and nothing is confirmed that was not committed. */

const warehouse = new StandInWarehouse();
let standIn: StandIn;
let folder: TestFolder;

beforeEach(async () => {
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
});
afterEach(async () => {
  await standIn.rules([]);
  folder.remove();
});
afterAll(() => warehouse.end());

test('a session that was idle for longer than a strict session policy lets it be is not used again', async () => {
  for (const [longestIdle, logins] of [
    [60_000, 1],
    [1, 2],
  ]) {
    const before = (await standIn.logins()).length;
    const pool = new Pool(warehouse.config(), 1, TIMEOUTS, longestIdle);
    for (let i = 0; i < 2; i += 1) {
      await pool.use((session) => session.run('SELECT 1'));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await pool.close();
    expect((await standIn.logins()).length - before).toBe(logins);
  }
});

const TABLE = `"${DATABASE}"."${SCHEMA}"."T"`;
const SCHEMA_OF_T = { id: { type: 'string' }, name: { type: 'string' } };

async function load(
  records: object[],
  patience?: ConstructorParameters<typeof SnowflakeStore>[2],
  fileBytes?: number,
  properties: JsonObject = SCHEMA_OF_T,
) {
  const store = new SnowflakeStore(warehouse.config(), 'crm', patience);
  const released: number[] = [];
  try {
    await store.open();
    const stream = {
      name: 't',
      json_schema: { properties },
      supported_sync_modes: ['incremental' as const],
    };
    const targets = targetsOf(
      [{ stream, sync_mode: 'incremental', destination_sync_mode: 'append_dedup', primary_key: [['id']] }],
      { schema: SCHEMA, tableName: null, tableForm: 'typed', hardDeletes: true, names: store.names },
    );
    const loader = new Loader(store, targets, {
      spoolDir: folder.path,
      flushBytes: 1e9,
      flushMilliseconds: 1e6,
      spoolMaxBytes: 1e9,
      pipeline: 'crm',
      ...(fileBytes === undefined ? {} : { fileBytes }),
    });
    const lines = records.map((record) => ({
      data: Buffer.from(JSON.stringify(record)),
      emittedAt: 1e12,
      changes: null,
    }));
    for (let at = 0; at < lines.length; at += 100) await loader.records('t', lines.slice(at, at + 100));
    await loader.state({
      stream: 't',
      state: { at: 1 },
      isAhead: false,
      release: (count) => void released.push(count),
    });
    loader.complete('t');
    const [result] = await loader.finish();
    loader.close();
    return { error: result?.error ?? null, released };
  } finally {
    await store.close();
  }
}
const rows = () => warehouse.rows('t', { id: 'text' });
/** Whether a state was kept; the pipeline's lease is a row of that table, too. */
async function states(): Promise<boolean> {
  if (!(await warehouse.hasStates())) return false;
  const kept = await standIn.query(
    `SELECT 1 FROM "${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE" WHERE "STATE" IS NOT NULL`,
  );
  return kept.length > 0;
}
const ONE = [{ id: '1', name: 'a' }];

test.each<[string, string[], string | RegExp]>([
  [
    'a table of other columns',
    [`CREATE TABLE ${TABLE} (ID VARCHAR)`],
    'There is already a table or view T that hubflake did not make',
  ],
  [
    'a view of that name',
    [
      `CREATE TABLE ${TABLE.replace('"T"', '"X"')} (ID VARCHAR)`,
      `CREATE VIEW ${TABLE} AS SELECT * FROM ${TABLE.replace('"T"', '"X"')}`,
    ],
    'There is already a table or view T that hubflake did not make',
  ],
  [
    'a column of their own made NOT NULL',
    [
      `CREATE TABLE ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, "_AIRBYTE_META" VARIANT, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), "ID" VARCHAR, "MINE" VARCHAR NOT NULL)`,
    ],
    /The column MINE of the table T is NOT NULL.*DROP NOT NULL/,
  ],
  [
    'a column of ours made NOT NULL',
    [
      `CREATE TABLE ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, "_AIRBYTE_META" VARIANT, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), "ID" VARCHAR, "NAME" VARCHAR NOT NULL)`,
    ],
    /a column was made NOT NULL, and a record has no value for it/,
  ],
  [
    'a column of a type that holds nothing of ours',
    [
      `CREATE TABLE ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, "_AIRBYTE_META" VARIANT, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), "ID" VARCHAR, "NAME" BINARY)`,
    ],
    'The column NAME of the table T has the type BINARY',
  ],
])('%s is refused clearly', async (_what, statements, message) => {
  for (const sql of statements) await standIn.query(sql);
  const { error, released } = await load([{ id: '1', name: null }]);
  expect(error).toMatchObject({ kind: 'config_error', message: expect.stringMatching(message) });
  expect(released).toEqual([]);
  expect(await states()).toBe(false);
});

test('a column that is there keeps its type, and what does not fit is noted', async () => {
  await standIn.query(
    `CREATE TABLE ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR NOT NULL, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ NOT NULL, "_AIRBYTE_META" VARIANT NOT NULL, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), "ID" VARCHAR, "NAME" VARCHAR(3))`,
  );
  expect(
    (
      await load([
        { id: '1', name: '1.5' },
        { id: '2', name: 'text' },
      ])
    ).error,
  ).toBeNull();
  const found = await warehouse.rows('t', { id: 'text', name: 'text', _airbyte_meta: 'json' });
  expect(found).toMatchObject([
    { id: '1', name: '1.5', _airbyte_meta: { changes: [] } },
    { id: '2', name: null, _airbyte_meta: { changes: [{ field: 'name', change: 'NULLED', value: 'text' }] } },
  ]);
});

test.each<[string, JsonObject, unknown, 'text' | 'number' | 'instant', unknown]>([
  ['VARCHAR(3)', { type: 'string' }, 'abc', 'text', 'abc'],
  ['VARCHAR(3)', { type: 'string' }, 'abcd', 'text', null],
  ['VARCHAR(3)', { type: 'number' }, 12.5, 'text', null],
  ['NUMBER(5,2)', { type: 'number' }, 12.5, 'number', 12.5],
  ['NUMBER(5,2)', { type: 'number' }, 12.505, 'number', 12.51],
  ['NUMBER(5,2)', { type: 'integer' }, 12345, 'number', null],
  ['NUMBER(5,2)', { type: 'number', hubflake_decimal: true }, 'a lot', 'number', null],
  ['NUMBER(5,0)', { type: 'number' }, 5.5, 'number', 6],
  ['FLOAT', { type: 'integer' }, 5, 'number', 5],
  [
    'TIMESTAMP_LTZ',
    { type: 'string', format: 'date-time' },
    '2024-05-01T02:00:00+02:00',
    'instant',
    '2024-05-01T00:00:00.000Z',
  ],
  ['TIMESTAMP_LTZ', { type: 'string', format: 'date-time' }, 'soon', 'instant', null],
])('a column that someone made %s takes %j %j, or notes that it cannot', async (type, schema, value, as, expected) => {
  await standIn.query(
    `CREATE TABLE ${TABLE} ("_AIRBYTE_RAW_ID" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, "_AIRBYTE_META" VARIANT, "_AIRBYTE_GENERATION_ID" NUMBER(38,0), "ID" VARCHAR, "V" ${type})`,
  );
  const { error } = await load([{ id: '1', v: value }], undefined, undefined, { id: { type: 'string' }, v: schema });
  expect(error).toBeNull();
  const [found] = await warehouse.rows('t', { v: as, _airbyte_meta: 'json' });
  const meta = found?._airbyte_meta as { changes: { change: string }[] } | undefined;
  expect([found?.v, meta?.changes.map(({ change }) => change)]).toEqual([
    expected,
    expected === null ? ['NULLED'] : [],
  ]);
  expect(await warehouse.columns('t')).toHaveLength(6);
});

describe('a network that goes away', () => {
  const patience = {
    login: 5000,
    heartbeat: 200,
    silence: 1000,
    statement: 20_000,
    again: [10, 10],
    leastLease: 60_000,
  };

  test.each([
    ['CREATE TRANSIENT', 'CREATE OR REPLACE TRANSIENT TABLE'],
    ['COPY', 'COPY INTO'],
    ['CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'],
    ['MERGE', `MERGE INTO ${TABLE}`],
    ['the state', 'UPDATE .*_HUBFLAKE_STATE" SET "STATE"'],
  ])('at %s: nothing is confirmed, and the next run makes it whole', async (_where, match) => {
    await standIn.rules([
      { match, times: null, fault: { silence: true } },
      { on: 'heartbeat', times: null, fault: { silence: true } },
    ]);
    const { error, released } = await load(ONE, patience);
    expect(error).toMatchObject({
      kind: 'transient_error',
      message: expect.stringContaining('the connection to Snowflake is gone'),
    });
    expect(released).toEqual([]);
    await standIn.rules([]);
    expect(await load(ONE)).toEqual({ error: null, released: [1] });
    expect(await rows()).toEqual([{ id: '1' }]);
    expect(await states()).toBe(true);
  });

  test('a statement that takes long is waited for while the server shows life', async () => {
    await standIn.rules([{ match: `MERGE INTO ${TABLE}`, fault: { delayMs: 2500 } }]);
    expect(await load(ONE, patience)).toEqual({ error: null, released: [1] });
  });

  test.each([['dropBefore'], ['dropAfter']])(
    'an answer that is lost (%s) is asked for again, and the batch is there once',
    async (fault) => {
      await standIn.rules([{ match: `MERGE INTO ${TABLE}`, fault: { [fault]: true } }]);
      expect(await load(ONE, { ...patience, silence: 10_000 })).toEqual({ error: null, released: [1] });
      expect(await rows()).toEqual([{ id: '1' }]);
    },
  );

  test('what was uploaded and staged is gone after a failure, too', async () => {
    await standIn.rules([
      { match: `MERGE INTO ${TABLE}`, times: null, fault: { error: { code: '001003', message: 'no' } } },
    ]);
    expect((await load(ONE)).error).toMatchObject({ kind: 'system_error' });
    expect(await warehouse.tables()).toEqual(['T']);
    expect(await standIn.stagedFiles()).toEqual([]);
  });
});

test('a large batch goes up in many files, side by side over sessions of their own, and is one merge', async () => {
  const records = Array.from({ length: 2000 }, (_, i) => ({ id: String(i), name: randomBytes(200).toString('hex') }));
  expect(await load(records, undefined, 100_000)).toEqual({ error: null, released: [2000] });
  expect(await rows()).toHaveLength(2000);
  const sent = await standIn.statements();
  const sessions = new Set(sent.filter(({ sql }) => sql.startsWith('PUT')).map(({ session }) => session));
  expect(sessions.size).toBeGreaterThan(2);
  expect(sent.filter(({ sql }) => sql.startsWith(`MERGE INTO ${TABLE}`))).toHaveLength(1);
});

test('rows that did not all arrive are an error, and no state leaves', async () => {
  await standIn.rules([{ on: 'upload', times: null, fault: { status: 500 } }]);
  const patience = { login: 5000, heartbeat: 200, silence: 3000, statement: 4000, again: [10], leastLease: 60_000 };
  const { error, released } = await load(ONE, patience);
  expect(error).not.toBeNull();
  expect(released).toEqual([]);
  expect(await warehouse.tables()).toEqual([]);
});
