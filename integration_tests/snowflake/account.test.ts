import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { TestFolder } from '../support/processes/command.js';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { StandInSessions } from '../support/stand-in/stand-in-sessions.js';

/** What an administrator can make of an account: grants, policies and parameters that a loader meets. */

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

test('a table of a schema whose future tables are another role’s is not its maker’s', async () => {
  const run = await sessions.session();
  const path = folder.join('owned.json.gz');
  writeFileSync(path, gzipSync('{"id":1}'));
  const put = (stage: string) => run(`PUT file://${path} ${stage} AUTO_COMPRESS=FALSE`);
  await run('CREATE TABLE MINE ("V" VARIANT)');
  await standIn.account({ futureOwners: { 'DB.S': 'other' } });
  await run('CREATE TABLE IF NOT EXISTS MINE ("V" VARIANT)');
  await run('CREATE TRANSIENT TABLE STG ("V" VARIANT)');
  const refused = { code: '003001', sqlState: '42501' };
  for (const sql of [
    'DROP TABLE STG',
    'DROP TABLE IF EXISTS "DB"."S"."STG"',
    'ALTER TABLE STG ADD COLUMN IF NOT EXISTS X INT',
    'CREATE OR REPLACE TABLE STG ("V" VARIANT)',
  ])
    await expect(run(sql)).rejects.toMatchObject(refused);
  for (const stage of ['@%STG', '@"DB"."S".%STG', "'@DB.S.%STG'"])
    await expect(put(stage)).rejects.toMatchObject(refused);
  expect(await standIn.stagedFiles()).toEqual([]);
  // What was granted beside.
  await run('INSERT INTO STG SELECT PARSE_JSON(\'{"id":1}\')');
  expect(await run('SELECT COUNT(*) AS N FROM STG')).toEqual([{ N: '1' }]);
  // A table from before, another role, another schema, the test itself.
  expect(await put('@%MINE')).toMatchObject([{ status: 'UPLOADED' }]);
  await run('DROP TABLE MINE');
  const owner = await sessions.session({ role: 'OTHER' });
  await owner('ALTER TABLE STG ADD COLUMN X INT');
  await standIn.query('CREATE SCHEMA DB.S2');
  await run('CREATE TABLE DB.S2.STG (A INT)');
  await run('DROP TABLE DB.S2.STG');
  await standIn.query('DROP TABLE DB.S.STG');
});

describe('AUTOCOMMIT that is off', () => {
  const insert = "INSERT INTO T VALUES ('a', 1)";

  test('loses what was done outside of a transaction, where the session does not commit', async () => {
    await standIn.account({ autocommit: false });
    const connection = await sessions.open();
    const run = await sessions.session();
    const lost = await sessions.session();
    for (const each of [run, lost]) await each(insert);
    expect(await run('SELECT COUNT(*) AS N FROM T')).toEqual([{ N: '1' }]);
    expect(await sessions.rows()).toEqual([]);
    await run('COMMIT');
    expect(await sessions.rows()).toEqual(['a 1']);
    await run("UPDATE T SET N = 2 WHERE ID = 'a'");
    await run('ROLLBACK');
    await run('BEGIN');
    await run("UPDATE T SET N = 3 WHERE ID = 'a'");
    await run('COMMIT');
    expect(await sessions.rows()).toEqual(['a 3']);
    // BEGIN does not end the transaction that the DELETE began.
    await run('DELETE FROM T');
    await run('BEGIN');
    await run('ROLLBACK');
    // DDL commits.
    await run("MERGE INTO T USING (SELECT 'm' AS ID) s ON FALSE WHEN NOT MATCHED THEN INSERT (ID, N) VALUES (s.ID, 0)");
    expect(await sessions.rows()).toEqual(['a 3']);
    await run('CREATE TABLE U (A INT)');
    expect(await sessions.rows()).toEqual(['a 3', 'm 0']);
    expect(connection.isUp()).toBe(true);
  });

  test('holds the lock on a table, and a session can turn it on', async () => {
    await standIn.query("INSERT INTO DB.S.T VALUES ('a', 1)");
    await standIn.account({ autocommit: false });
    const [holder, other] = [await sessions.session(), await sessions.session()];
    await holder('UPDATE T SET N = 2');
    await other('ALTER SESSION SET AUTOCOMMIT = TRUE LOCK_TIMEOUT = 0');
    await expect(other('UPDATE T SET N = 3')).rejects.toMatchObject({ code: '000625' });
    // To set it commits.
    await holder("ALTER SESSION SET TIMEZONE = 'UTC' AUTOCOMMIT = FALSE");
    expect(await sessions.rows()).toEqual(['a 2']);
    await other('UPDATE T SET N = 3');
    expect(await sessions.rows()).toEqual(['a 3']);
    await other('ALTER SESSION UNSET AUTOCOMMIT');
    await other('UPDATE T SET N = 4');
    expect(await sessions.rows()).toEqual(['a 3']);
  });
});

describe('policies', () => {
  beforeEach(async () => {
    await standIn.query("INSERT INTO DB.S.T VALUES ('a', 1), ('b', 2)");
    await standIn.query('CREATE TABLE DB.S.U ("ID" VARCHAR, "MAIL" VARCHAR, "D" VARIANT)');
    await standIn.query("INSERT INTO DB.S.U SELECT ID, ID || '@x.y', PARSE_JSON('{\"k\":1}') FROM DB.S.T");
  });

  const mails = async () => (await standIn.query('SELECT ID, MAIL FROM DB.S.U ORDER BY ID')).map((row) => row.MAIL);

  test('a masked column is masked wherever it is read', async () => {
    await standIn.account({
      policies: [
        { table: 'DB.S.U', column: 'MAIL' },
        { table: 'DB.S.U', column: 'D', value: "TO_VARIANT('***')" },
      ],
    });
    const run = await sessions.session();
    const masked = { MAIL: '***' };
    expect(await run('SELECT u."MAIL" FROM "DB"."S"."U" u')).toEqual([masked, masked]);
    expect(await run('SELECT U.MAIL, U.D FROM U JOIN T ON U.ID = T.ID WHERE T.N = ?', [1])).toEqual([
      { ...masked, D: '***' },
    ]);
    expect(await run("SELECT ID FROM U WHERE MAIL = 'a@x.y'")).toEqual([]);
    expect(await run('WITH w AS (SELECT * FROM U) SELECT MAX(MAIL) AS MAIL FROM w')).toEqual([masked]);
    const described = await run('DESCRIBE TABLE U');
    expect(described.map((row) => row['policy name'])).toEqual([null, 'DB.S.MASK_MAIL', 'DB.S.MASK_D']);
    expect(await mails()).toEqual(['a@x.y', 'b@x.y']);

    // What is read is what is written.
    await run('CREATE TABLE W AS SELECT MAIL FROM U');
    expect(await standIn.query('SELECT DISTINCT MAIL FROM DB.S.W')).toEqual([masked]);
    await run("UPDATE U SET MAIL = MAIL WHERE ID = 'a'");
    expect(await mails()).toEqual(['***', 'b@x.y']);
    await run("UPDATE U SET MAIL = 'c@x.y'");
    expect(await mails()).toEqual(['c@x.y', 'c@x.y']);
    const merge = (set: string) =>
      run(`MERGE INTO U t USING (SELECT ? AS ID) s ON t."ID" = s.ID WHEN MATCHED THEN UPDATE SET ${set}`, ['b']);
    await merge('"ID" = s.ID');
    expect(await mails()).toEqual(['c@x.y', 'c@x.y']);
    await merge('"ID" = s.ID, "MAIL" = IFF(s.ID IS NULL, \'new\', t."MAIL")');
    expect(await mails()).toEqual(['c@x.y', '***']);
  });

  test('a row that a policy hides is neither read nor matched', async () => {
    await standIn.account({ policies: [{ table: 'DB.S.T', rows: '"N" < 2' }] });
    const run = await sessions.session();
    expect(await run('SELECT "ID" FROM T')).toEqual([{ ID: 'a' }]);
    expect(await run('SELECT t.N FROM U JOIN T t ON U.ID = t.ID')).toEqual([{ N: '1' }]);
    expect(await run('UPDATE T SET "N" = "N" - 1')).toMatchObject([{ 'number of rows updated': '1' }]);
    expect(await run("DELETE FROM T WHERE ID = 'b'")).toMatchObject([{ 'number of rows deleted': '0' }]);
    await run(
      'MERGE INTO "DB"."S"."T" t USING (SELECT ID FROM U) s ON EQUAL_NULL(t."ID", s.ID) WHEN MATCHED THEN UPDATE SET "N" = 1 ' +
        'WHEN NOT MATCHED THEN INSERT ("ID", "N") VALUES (s.ID, 9)',
    );
    expect(await sessions.rows()).toEqual(['a 1', 'b 2', 'b 9']);
    await standIn.account({});
    expect(await run('SELECT COUNT(*) AS N FROM T')).toEqual([{ N: '3' }]);
  });

  test('what is no policy, and no account, is refused', async () => {
    await expect(standIn.account({ policies: [{ table: 'T', rows: 'TRUE' }] })).rejects.toThrow('no policy');
    await expect(standIn.account({ autoCommit: false } as never)).rejects.toThrow('no account');
  });
});
