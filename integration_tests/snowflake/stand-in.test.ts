import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import { TestFolder } from '../support/processes/command.js';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { close, connect, execute, type Row } from '../support/stand-in/snowflake-driver.js';

/** The stand-in for Snowflake, judged by the official drivers. */

const root = fileURLToPath(new URL('../../', import.meta.url));
let standIn: StandIn;
let folder: TestFolder;
const connections: Connection[] = [];

beforeAll(async () => {
  standIn = await startStandIn();
  folder = new TestFolder();
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map(close));
  await standIn.reset();
});
afterAll(async () => {
  folder.remove();
  await standIn.stop();
});

async function login(options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await connect({ accessUrl: standIn.url, username: 'ANN', password: 'secret', ...options });
  connections.push(connection);
  return connection;
}

/** A session on an empty schema. */
async function session(): Promise<(sql: string, binds?: (string | number | boolean | null)[]) => Promise<Row[]>> {
  await standIn.query('CREATE DATABASE IF NOT EXISTS DB');
  await standIn.query('CREATE SCHEMA IF NOT EXISTS DB.S');
  const connection = await login({ database: 'DB', schema: 'S' });
  return (sql, binds) => execute(connection, sql, binds && { binds });
}

test('values come back as they were', async () => {
  const run = await session();
  await run(
    'CREATE TABLE V ("ID" NUMBER(38,0), "T" VARCHAR, "B" BOOLEAN, "D" DATE, "TZ" TIMESTAMP_TZ, "NTZ" TIMESTAMP_NTZ, ' +
      '"TI" TIME, "N" NUMBER(38,10), "F" FLOAT, "V" VARIANT)',
  );
  const insert =
    'INSERT INTO V SELECT ?, ?, ?, ?, CAST(? AS TIMESTAMP_TZ), CAST(? AS TIMESTAMP_NTZ), ?, CAST(? AS NUMBER(38,10)), ?, ' +
    'PARSE_JSON(?)';
  const text = 'ü 😀 \'"\\ \n 漢';
  const json = '{"a":[1,null,"ü😀"],"b":9007199254740993}';
  const before1970 = '1969-12-31T23:59:58.500Z';
  await run(insert, [
    1,
    text,
    true,
    '2024-02-29',
    before1970,
    '2024-01-02 03:04:05.678',
    '23:59:59.5',
    '-0.5',
    0.1,
    json,
  ]);
  await run(insert, [
    '9007199254740993',
    '',
    false,
    '0001-01-01',
    '9999-12-31T23:59:59Z',
    null,
    null,
    '12345678901234567890.5',
    1.25e-300,
    '"s"',
  ]);
  await run(insert, [3, null, null, null, null, null, null, null, null, null]);
  const rows = [
    {
      ID: '1',
      T: text,
      B: true,
      D: '2024-02-29',
      TZ: before1970,
      NTZ: '2024-01-02T03:04:05.678Z',
      TI: '23:59:59',
      N: '-0.5000000000',
      F: '0.1',
      V: { a: [1, null, 'ü😀'], b: 9007199254740992 },
    },
    {
      ID: '9007199254740993',
      T: '',
      B: false,
      D: '0001-01-01',
      TZ: '9999-12-31T23:59:59.000Z',
      NTZ: null,
      TI: null,
      N: '12345678901234567890.5000000000',
      F: '1.25e-300',
      V: 's',
    },
    { ID: '3', T: null, B: null, D: null, TZ: null, NTZ: null, TI: null, N: null, F: null, V: null },
  ];
  expect(await standIn.query('SELECT * FROM DB.S.V ORDER BY T DESC NULLS LAST')).toEqual(rows);
  expect(await run('SELECT TO_JSON("V") AS J FROM V WHERE "ID" = 1')).toEqual([{ J: json }]);
  expect(await run('SELECT * FROM V WHERE FALSE')).toEqual([]);

  // The same rows as another client reads them.
  const sql = 'SELECT ID, T, B, D, TZ, NTZ, TI, N FROM DB.S.V ORDER BY T DESC NULLS LAST';
  const python = `${root}.venv-snowflake/bin/python`;
  const reader = [`${root}integration_tests/snowflake/read.py`, new URL(standIn.url).port, sql];
  const { stdout } = await promisify(execFile)(python, reader);
  expect(JSON.parse(stdout)).toEqual([
    [
      '1',
      text,
      true,
      '2024-02-29',
      '1969-12-31 23:59:58.500000+00:00',
      '2024-01-02 03:04:05.678000',
      '23:59:59.500000',
      '-0.5000000000',
    ],
    [
      '9007199254740993',
      '',
      false,
      '0001-01-01',
      '9999-12-31 23:59:59+00:00',
      null,
      null,
      '12345678901234567890.5000000000',
    ],
    ['3', null, null, null, null, null, null, null],
  ]);
});

test('a session in no schema names everything in full', async () => {
  await standIn.query('CREATE DATABASE DB');
  await standIn.query('CREATE SCHEMA "DB"."S"');
  const connection = await login();
  const run = (sql: string) => execute(connection, sql);
  await run('CREATE TABLE "DB"."S"."T" ("V" VARIANT, "TEXT" VARCHAR(20) COMMENT \'it\'\'s one\')');
  await run(
    'ALTER TABLE "DB"."S"."T" ADD COLUMN IF NOT EXISTS "TEXT" INT COMMENT \'x\', IF NOT EXISTS "N" INT COMMENT \'n\'',
  );
  expect(await run('DESCRIBE TABLE "DB"."S"."T"')).toMatchObject([
    { name: 'V', type: 'VARIANT', comment: null },
    { name: 'TEXT', type: 'VARCHAR(20)', comment: "it's one" },
    { name: 'N', comment: 'n' },
  ]);
  const path = folder.join('full.json.gz');
  writeFileSync(path, gzipSync('{"a":{"b":1}}'));
  await run('CREATE TABLE "DB"."S"."STG" ("V" VARIANT)');
  await run(`PUT file://${path} @"DB"."S".%STG AUTO_COMPRESS=FALSE`);
  const copied = await run('COPY INTO "DB"."S"."STG" FROM @"DB"."S".%STG FILE_FORMAT=(TYPE=JSON)');
  expect(copied).toMatchObject([{ status: 'LOADED' }]);
  await run(
    'MERGE INTO "DB"."S"."T" t USING (SELECT V, LPAD(\'a\', 3, \'-\')::VARCHAR AS X FROM "DB"."S"."STG") s ON FALSE ' +
      'WHEN NOT MATCHED THEN INSERT ("V", "TEXT") VALUES (s.V, s.X)',
  );
  const select = 'SELECT "TEXT" AS "text", IS_OBJECT("V"[\'a\']) AS "o", IS_OBJECT("V") AS P FROM "DB"."S"."T"';
  expect(await run(select)).toEqual([{ text: '--a', o: true, P: true }]);
  await expect(run('SELECT * FROM T')).rejects.toMatchObject({ code: '090105' });
});

test('a source row whose key is NULL meets no row that has one', async () => {
  const run = await session();
  await run('CREATE TABLE "DB"."S"."T" ("ID" VARCHAR, "N" NUMBER(38,0))');
  await run('INSERT INTO "DB"."S"."T" VALUES (\'a\', 1)');
  const merge =
    'MERGE INTO "DB"."S"."T" t USING (SELECT NULL::VARCHAR AS ID, 2 AS N) s ON EQUAL_NULL(t."ID", s.ID) ' +
    'WHEN MATCHED AND (t."N" IS NULL OR s.N > t."N") THEN UPDATE SET "N" = s.N WHEN NOT MATCHED THEN INSERT ("ID", "N") VALUES (s.ID, s.N)';
  expect(await run(merge)).toMatchObject([{ 'number of rows inserted': '1', 'number of rows updated': '0' }]);
  expect(await run(merge)).toMatchObject([{ 'number of rows inserted': '0', 'number of rows updated': '0' }]);
  expect(await run('SELECT * FROM "DB"."S"."T" ORDER BY N')).toEqual([
    { ID: 'a', N: '1' },
    { ID: null, N: '2' },
  ]);
});

test('files are uploaded, copied and merged', async () => {
  const run = await session();
  await run('CREATE TABLE "DB"."S"."T" ("ID" VARCHAR, "NAME" VARCHAR, "AT" TIMESTAMP_TZ)');
  await run('CREATE OR REPLACE TRANSIENT TABLE "DB"."S"."STG" ("V" VARIANT)');
  await run('CREATE STAGE IF NOT EXISTS "DB"."S"."HF"');
  const load = async (name: string, records: Row[]) => {
    const path = folder.join(name);
    writeFileSync(path, gzipSync(records.map((record) => `${JSON.stringify(record)}\n`).join('')));
    const put = () => run(`PUT file://${path} @"DB"."S"."HF"/run/ AUTO_COMPRESS=FALSE`);
    expect(await put()).toMatchObject([{ target: name, status: 'UPLOADED' }]);
    expect(await put()).toMatchObject([{ target: name, status: 'SKIPPED' }]);
    expect(await standIn.stagedFiles()).toEqual([`DB/S/HF/run/${name}`]);
    const copy = await run('COPY INTO "STG" FROM @"DB"."S"."HF"/run/ FILE_FORMAT=(TYPE=JSON) PURGE=TRUE');
    expect(copy).toMatchObject([{ status: 'LOADED', rows_loaded: String(records.length) }]);
    expect(await standIn.stagedFiles()).toEqual([]);
    const merged = await run(
      'MERGE INTO "DB"."S"."T" t USING (SELECT V:id::VARCHAR AS "ID", V:name::VARCHAR AS "NAME", V:at::TIMESTAMP_TZ AS "AT" ' +
        'FROM "STG" QUALIFY ROW_NUMBER() OVER (PARTITION BY V:id::VARCHAR ORDER BY V:at::TIMESTAMP_TZ DESC) = 1) s ' +
        'ON t."ID" = s."ID" WHEN MATCHED AND s."AT" > t."AT" THEN UPDATE SET "NAME" = s."NAME", "AT" = s."AT" ' +
        'WHEN NOT MATCHED THEN INSERT ("ID", "NAME", "AT") VALUES (s."ID", s."NAME", s."AT")',
    );
    await run('DELETE FROM "STG"');
    return merged;
  };
  const at = (day: number) => `2024-01-0${day}T00:00:00.000Z`;
  const first = [
    { id: '1', name: 'one', at: at(1) },
    { id: '2', name: 'old', at: at(1) },
    { id: '2', name: 'ü😀', at: at(2) },
  ];
  expect(await load('a.json.gz', first)).toEqual([{ 'number of rows inserted': '2', 'number of rows updated': '0' }]);
  const second = [
    { id: '1', name: 'older', at: at(1) },
    { id: '2', name: 'newer', at: at(3) },
  ];
  expect(await load('b.json.gz', second)).toEqual([{ 'number of rows inserted': '0', 'number of rows updated': '1' }]);
  expect(await standIn.query('SELECT * FROM DB.S.T ORDER BY ID')).toEqual([
    { ID: '1', NAME: 'one', AT: at(1) },
    { ID: '2', NAME: 'newer', AT: at(3) },
  ]);
  expect(await run('UPDATE T SET "NAME" = ?', ['x'])).toMatchObject([{ 'number of rows updated': '2' }]);
  expect(await run('INSERT INTO T ("ID") VALUES (?), (?)', ['7', '8'])).toEqual([{ 'number of rows inserted': '2' }]);
  const puts = (await standIn.statements()).filter(({ sql }) => sql.startsWith('PUT'));
  expect(puts).toHaveLength(4);
  expect(await standIn.uploads()).toMatchObject([{ ended: 'ok' }, { ended: 'ok' }]);
});

test('databases in a folder outlast the process', async () => {
  const options = { databaseDir: mkdtempSync(folder.join('databases-')) };
  const before = await startStandIn(options);
  await before.query('CREATE DATABASE KEPT');
  await before.query('CREATE SCHEMA KEPT.S');
  await before.query('CREATE TABLE KEPT.S.T AS SELECT 1 AS N');
  await before.stop();
  const after = await startStandIn(options);
  expect(await after.query('SELECT N FROM KEPT.S.T')).toEqual([{ N: '1' }]);
  await after.reset();
  await expect(after.query('SELECT N FROM KEPT.S.T')).rejects.toMatchObject({ code: '002003' });
  await after.stop();
});
