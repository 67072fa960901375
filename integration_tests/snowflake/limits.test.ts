import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { TestFolder } from '../support/processes/command.js';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { StandInSessions } from '../support/stand-in/stand-in-sessions.js';

/** Statements that Snowflake refuses for their form or their size. Where each rule comes from stands beside it, in Python. */

/** Snowflake's documentation says that it refuses, and not with which code. */
const UNDOCUMENTED = { code: '261003' };

let standIn: StandIn;
let sessions: StandInSessions;
let folder: TestFolder;

beforeAll(async () => {
  folder = new TestFolder();
  standIn = await startStandIn();
  sessions = new StandInSessions(standIn);
});
beforeEach(() => sessions.begin());
afterEach(() => sessions.end());
afterAll(async () => {
  folder.remove();
  await standIn.stop();
});

test('the text of a view has at most 95 KB', async () => {
  const run = await sessions.session();
  const view = (bytes: number) => {
    const sql = `CREATE OR REPLACE VIEW V ("N" COMMENT '#') AS SELECT "N" FROM T`;
    return sql.replace('#', 'ü'.repeat((bytes - sql.length + 1) / 2));
  };
  const longest = view(95 * 1024);
  expect(Buffer.byteLength(longest)).toBe(95 * 1024);
  await run(longest);
  await expect(run(view(95 * 1024 + 2))).rejects.toMatchObject(UNDOCUMENTED);
  await run(longest.replace('VIEW V ("N" COMMENT', 'TABLE U ("N" INT COMMENT').replace(/ AS .*/, ''));
});

test('a name has at most 255 characters', async () => {
  const run = await sessions.session();
  const name = 'ü'.repeat(255);
  await run(`CREATE TABLE "${name}" ("${'"'.repeat(200)}" INT)`);
  await run(`ALTER TABLE T ADD COLUMN "${name}" INT`);
  await run("SELECT '\"' || ? || '\"' AS X", ['x'.repeat(300)]);
  await run(`SELECT '"${name}x"' AS X`);
  for (const sql of [
    `CREATE TABLE "${name}x" (A INT)`,
    `CREATE TABLE ${'A'.repeat(256)} (A INT)`,
    `ALTER TABLE T ADD COLUMN "${name}x" INT`,
    `SELECT 1 AS "${name}x"`,
  ])
    await expect(run(sql)).rejects.toMatchObject(UNDOCUMENTED);
});

test('statements and comments have the limits that a test says', async () => {
  const run = await sessions.session();
  await standIn.account({ longestStatement: 200, longestComment: 9 });
  await run(`SELECT '${'x'.repeat(180)}' AS X`);
  await expect(run(`SELECT '${'ü'.repeat(100)}' AS X`)).rejects.toMatchObject(UNDOCUMENTED);
  await run("CREATE TABLE U (A INT COMMENT '123456789')");
  for (const sql of [
    "CREATE TABLE W (A INT COMMENT '1234567890')",
    "ALTER TABLE U ADD COLUMN B INT COMMENT '1234567890'",
    "COMMENT ON COLUMN U.A IS '1234567890'",
  ])
    await expect(run(sql)).rejects.toMatchObject(UNDOCUMENTED);
  await standIn.account({});
  await run(`SELECT '${'ü'.repeat(1000)}' AS X`);
});

test('a stage whose name has a space or a special character stands in single quotes', async () => {
  await standIn.query('CREATE SCHEMA DB."a sch-ema"');
  const run = await sessions.session();
  const path = folder.join('quoted.json.gz');
  writeFileSync(path, gzipSync('{"id":1}'));
  await run('CREATE TABLE DB."a sch-ema"."STG" ("V" VARIANT)');
  const put = (stage: string) => run(`PUT file://${path} ${stage} AUTO_COMPRESS=FALSE OVERWRITE=TRUE`);
  const copy = (stage: string) =>
    run(`COPY INTO DB."a sch-ema"."STG" FROM ${stage} FILE_FORMAT=(TYPE=JSON) FORCE=TRUE PURGE=TRUE`);
  const bare = '@"DB"."a sch-ema".%STG';
  await expect(put(bare)).rejects.toMatchObject({ code: '001003' });
  await expect(copy(bare)).rejects.toMatchObject({ code: '001003' });
  expect(await standIn.uploads()).toEqual([]);

  expect(await put(`'${bare}'`)).toMatchObject([{ status: 'UPLOADED' }]);
  expect(await standIn.stagedFiles()).toEqual(['DB/a sch-ema/%STG/quoted.json.gz']);
  expect(await copy(`'${bare}'`)).toMatchObject([{ status: 'LOADED', rows_loaded: '1' }]);

  // In the current schema no name but the table's is needed.
  await run('USE SCHEMA DB."a sch-ema"');
  for (const stage of ['@%STG', '@%"STG"', "'@%STG'"]) {
    expect(await put(stage)).toMatchObject([{ status: 'UPLOADED' }]);
    expect(await copy(stage)).toMatchObject([{ status: 'LOADED' }]);
  }
  expect(await standIn.query('SELECT COUNT(*) AS N FROM DB."a sch-ema"."STG"')).toEqual([{ N: '4' }]);
});

test('a job keeps its name when it has ended, and its options stand before FROM', async () => {
  const run = await sessions.session();
  const job = (options: string, after = '') =>
    `EXECUTE JOB SERVICE\n  IN COMPUTE POOL P\n  ${options}\n  FROM @CONFIG SPECIFICATION_FILE = 'job.yaml'${after}`;
  await run(job('NAME = J QUERY_WAREHOUSE = W EXTERNAL_ACCESS_INTEGRATIONS = (E)'));
  const taken = { code: '002002', sqlState: '42710' };
  await expect(run(job('NAME = DB.S.J'))).rejects.toMatchObject(taken);
  await run(job("COMMENT = 'NAME = J'"));
  await run(job('ASYNC = TRUE'));
  await run(job('NAME = DB.S.OTHER').replace(/@.*/, () => 'SPECIFICATION $$\nspec:\n  NAME = x\n$$'));
  await run('DROP SERVICE IF EXISTS J');
  await run(job('NAME=J'));

  const syntax = { code: '001003' };
  await expect(run(job('', ' NAME = K'))).rejects.toMatchObject(syntax);
  await expect(run(job('NAME = K', ' EXTERNAL_ACCESS_INTEGRATIONS = (E)'))).rejects.toMatchObject(syntax);
  await expect(run(job('NAME = "k"'))).rejects.toMatchObject(syntax);
  const task = (body: string) => run(`CREATE OR REPLACE TASK NIGHTLY SCHEDULE = '30 MINUTE' AS ${body}`);
  await expect(task(job('', ' QUERY_WAREHOUSE = W'))).rejects.toMatchObject(syntax);
  await task(job('QUERY_WAREHOUSE = W'));
});
