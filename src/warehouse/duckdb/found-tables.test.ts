import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.js';
import { FoundTables } from './found-tables.js';

const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
const db = new Database(join(folder, 'a.duckdb'), 256 * 1024 * 1024);
let looks = 0;
const looker = {
  get tablesVersion() {
    return db.tablesVersion;
  },
  rows: (query: string) => {
    looks += 1;
    return db.rows(query);
  },
};
const found = new FoundTables(looker, (name) => name.toLowerCase());

beforeAll(() => db.open(folder));
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  for (const statement of ['DROP VIEW IF EXISTS v', 'DROP TABLE IF EXISTS t', 'DROP TABLE IF EXISTS u']) {
    await db.run(statement);
  }
});

const columns = async (table: string) =>
  (await found.find({ schema: 'main', table }))?.columns.map(({ name }) => name) ?? null;

test.each<[string, string[], string[] | null]>([
  ['created', ['CREATE TABLE t (a VARCHAR)'], ['a']],
  ['created in another case', ['CREATE TABLE "T" (a VARCHAR)'], ['a']],
  ['completed', ['CREATE TABLE t (a VARCHAR)', 'ALTER TABLE t ADD COLUMN b VARCHAR'], ['a', 'b']],
  ['dropped', ['CREATE TABLE t (a VARCHAR)', 'DROP TABLE t'], null],
  ['created and taken back', ['BEGIN', 'CREATE TABLE t (a VARCHAR)', 'ROLLBACK'], null],
  ['dropped and taken back', ['CREATE TABLE t (a VARCHAR)', 'BEGIN', 'DROP TABLE t', 'ROLLBACK'], ['a']],
  ['renamed', ['CREATE TABLE u (a VARCHAR)', 'ALTER TABLE u RENAME TO t'], ['a']],
  ['replaced', ['CREATE TABLE t (a VARCHAR)', 'CREATE OR REPLACE TABLE t AS SELECT 1 AS c'], ['c']],
  ['made in one text with another', ['CREATE TABLE u (a VARCHAR); CREATE TABLE t (a VARCHAR)'], ['a']],
])('a table is found as it is after each statement, here %s', async (_, statements, expected) => {
  for (const statement of statements) {
    await columns('t');
    await db.run(statement);
  }
  expect(await columns('t')).toEqual(expected);
});

test('what a failed statement leaves is looked at anew', async () => {
  await db.run('CREATE TABLE t (a VARCHAR)');
  await columns('t');
  await expect(db.run('CREATE TABLE u (a VARCHAR); CREATE TABLE t (a VARCHAR)')).rejects.toThrow('already exists');
  expect(await columns('u')).toEqual(['a']);
});

test('comments, values that rows need, and views are told', async () => {
  await db.run('CREATE TABLE t (a VARCHAR, b INTEGER NOT NULL, c INTEGER NOT NULL DEFAULT 1)');
  await db.run(`COMMENT ON TABLE t IS 'mine'`);
  await db.run('CREATE VIEW v AS SELECT a FROM t');
  const table = await found.find({ schema: 'MAIN', table: 't' });
  expect(table).toMatchObject({ name: 't', isView: false, identity: 'mine' });
  expect(table?.columns.map(({ name, isRequired }) => [name, isRequired])).toEqual([
    ['a', false],
    ['b', true],
    ['c', false],
  ]);
  expect(await found.find({ schema: 'main', table: 'v' })).toMatchObject({ isView: true, identity: '' });
  expect(await found.find({ schema: 'elsewhere', table: 't' })).toBeUndefined();
});

test('rows that change, and temporary tables, need no new look', async () => {
  await db.run('CREATE TABLE t (a VARCHAR)');
  await columns('t');
  looks = 0;
  await db.transaction(async () => {
    await db.run('CREATE OR REPLACE TEMP TABLE stage AS SELECT 1 AS a');
    await db.change('INSERT INTO t SELECT a FROM stage');
    await db.run('DROP TABLE IF EXISTS temp.main.stage');
    expect(await columns('t')).toEqual(['a']);
  });
  expect(await columns('t')).toEqual(['a']);
  expect(looks).toBe(0);
});

test('a look that fails is tried again', async () => {
  const failing = {
    tablesVersion: 0,
    rows: () => Promise.reject(new Error('no')),
  };
  const tables = new FoundTables(failing, (name) => name);
  await expect(tables.ofSchema('main')).rejects.toThrow('no');
  failing.rows = (): Promise<never> => Promise.resolve([]) as Promise<never>;
  expect((await tables.ofSchema('main')).size).toBe(0);
});
