import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Connection, RowStatement } from 'snowflake-sdk';
import { type Fault, type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { close, connect, execute, type Row } from '../support/stand-in/snowflake-driver.js';

/** What the stand-in does beyond fakesnow: faults, sessions side by side, and Snowflake's strictness. */

type Run = (sql: string, binds?: (string | number | boolean | null)[]) => Promise<Row[]>;

let standIn: StandIn;
const connections: Connection[] = [];

beforeAll(async () => {
  standIn = await startStandIn();
});
beforeEach(async () => {
  await standIn.query('CREATE DATABASE DB');
  await standIn.query('CREATE SCHEMA DB.S');
  await standIn.query('CREATE TABLE DB.S.T ("ID" VARCHAR, "N" NUMBER(38,0))');
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map(close));
  await standIn.reset();
});
afterAll(() => standIn.stop());

async function open(): Promise<Connection> {
  const connection = await connect({
    accessUrl: standIn.url,
    username: 'ANN',
    password: 'secret',
    database: 'DB',
    schema: 'S',
  });
  connections.push(connection);
  return connection;
}

async function session(): Promise<Run> {
  const connection = await open();
  return (sql, binds) => execute(connection, sql, binds && { binds });
}

/** A statement without waiting for it. */
function begin(connection: Connection, sqlText: string): { statement: RowStatement; answer: Promise<unknown> } {
  let statement: RowStatement | undefined;
  const answer = new Promise((resolve, reject) => {
    const complete = (error: unknown) => (error ? reject(error) : resolve(undefined));
    statement = connection.execute({ sqlText, complete }) as RowStatement;
  });
  return { statement: statement as unknown as RowStatement, answer };
}

const count = async () => Number((await standIn.query('SELECT COUNT(*) AS "n" FROM DB.S.T'))[0]?.n);

describe('faults', () => {
  test('an error, of the second statement that matches', async () => {
    const run = await session();
    const error = { code: '003001', message: 'Insufficient privileges', sqlState: '42501' };
    await standIn.rules([{ match: '^insert', nth: 2, fault: { error } }]);
    const insert = () => run('INSERT INTO T VALUES (?, ?)', ['a', 1]);
    await insert();
    await expect(insert()).rejects.toMatchObject(error);
    await insert();
    expect(await count()).toBe(2);
    expect(await standIn.statements()).toEqual(
      [true, false, true].map((ran) => ({
        sql: 'INSERT INTO T VALUES (?, ?)',
        parameters: {},
        binds: ['a', '1'],
        session: 1,
        attempts: 1,
        ran,
        ended: ran ? 'ok' : '003001',
      })),
    );
  });

  test('a lost connection or answer, and HTTP 503: the driver repeats it, and it is run once', async () => {
    const faults: Record<string, Fault> = {
      before: { dropBefore: true },
      after: { dropAfter: true },
      busy: { status: 503 },
    };
    await standIn.rules(Object.entries(faults).map(([match, fault]) => ({ match, fault })));
    await Promise.all(
      Object.keys(faults).map(async (name) => {
        const run = await session();
        const inserted = await run(`INSERT INTO T VALUES ('${name}', 1)`);
        expect(inserted).toEqual([{ 'number of rows inserted': '1' }]);
      }),
    );
    expect(await count()).toBe(3);
    const twice = { attempts: 2, ran: true, ended: 'ok' };
    expect(await standIn.statements()).toMatchObject([twice, twice, twice]);
  });

  test('of uploads', async () => {
    const run = await session();
    await run('CREATE STAGE HF');
    const path = fileURLToPath(import.meta.url);
    const put = () => run(`PUT file://${path} @HF AUTO_COMPRESS=FALSE`);
    await standIn.rules([{ on: 'upload', times: null, fault: { status: 403 } }]);
    await expect(put()).rejects.toThrow('403');
    expect(await standIn.stagedFiles()).toEqual([]);
    await standIn.rules([
      { on: 'upload', fault: { dropBefore: true } },
      { on: 'upload', fault: { status: 500 } },
    ]);
    expect(await put()).toMatchObject([{ status: 'UPLOADED' }]);
    expect((await standIn.uploads()).slice(-3).map(({ ended }) => ended)).toEqual(['lost', 'HTTP 500', 'ok']);
  });

  test('no answer, until it is aborted', async () => {
    const connection = await open();
    await standIn.rules([{ match: 'SELECT', fault: { silence: true } }]);
    const { statement, answer } = begin(connection, 'SELECT 1');
    expect(await connection.isValidAsync()).toBe(true);
    await standIn.rules([{ on: 'heartbeat', fault: { error: { code: '390000', message: 'no' } } }]);
    expect(await connection.isValidAsync()).toBe(false);
    statement.cancel(() => undefined);
    await expect(answer).rejects.toMatchObject({ code: '000604' });
    expect(await standIn.statements()).toMatchObject([{ ran: false, ended: '000604' }]);
  });

  test('a statement that runs is aborted', async () => {
    const connection = await open();
    await execute(connection, "INSERT INTO T VALUES ('a', 1), ('b', 2)");
    for (let doubled = 0; doubled < 11; doubled++) await standIn.query('INSERT INTO DB.S.T SELECT * FROM DB.S.T');
    const { statement, answer } = begin(connection, 'SELECT SUM(a.N * b.N + c.N) AS S FROM T a, T b, T c');
    while ((await standIn.statements()).every(({ sql, ran }) => !sql.startsWith('SELECT') || !ran)) await sleep(10);
    await sleep(50);
    statement.cancel(() => undefined);
    await expect(answer).rejects.toMatchObject({ code: '000604' });
    expect((await execute(connection, 'SELECT 1 AS "n"'))[0]).toEqual({ n: '1' });
  });

  test('a session that has expired is renewed, a delay is waited for', async () => {
    const run = await session();
    await standIn.rules([
      { match: 'INSERT', fault: { error: { code: '390112', message: 'Session token has expired' } } },
      { match: 'SELECT', fault: { delayMs: 300 } },
    ]);
    await run("INSERT INTO T VALUES ('a', 1)");
    const before = Date.now();
    expect(await run('SELECT * FROM T')).toEqual([{ ID: 'a', N: '1' }]);
    expect(Date.now() - before).toBeGreaterThanOrEqual(290);
  });

  test('of logins', async () => {
    const error = { code: '390144', message: 'JWT token is invalid.' };
    await standIn.rules([
      { on: 'login', match: '^ann$', fault: { error } },
      { on: 'login', fault: { dropAfter: true } },
    ]);
    await expect(open()).rejects.toMatchObject(error);
    await open();
    expect((await standIn.logins()).map(({ ended }) => ended)).toEqual(['390144', 'lost', 'ok']);
  });

  test('a rule that is none is refused', async () => {
    await expect(standIn.rules([{ match: 'x', fault: { drop: true } as never }])).rejects.toThrow('no rule');
  });
});

test('statements say who sent them and with which tag', async () => {
  const [first, second] = [await open(), await open()];
  await execute(second, 'SELECT 2 AS N', { parameters: { QUERY_TAG: 'hubflake' } });
  await execute(first, 'SELECT 1 AS N');
  expect(await standIn.statements()).toMatchObject([
    { sql: 'SELECT 2 AS N', session: 2, parameters: { QUERY_TAG: 'hubflake' } },
    { sql: 'SELECT 1 AS N', session: 1, parameters: {} },
  ]);
});

describe('sessions side by side', () => {
  test('run at once, and one session takes several statements', async () => {
    const sessions = await Promise.all([session(), session(), session(), session()]);
    await Promise.all(
      sessions.flatMap((run, i) => [1, 2, 3].map((n) => run('INSERT INTO T VALUES (?, ?)', [`${i}`, n]))),
    );
    expect(await count()).toBe(12);
  });

  test('an update waits for the end of a transaction on its table', async () => {
    const [a, b] = [await session(), await session()];
    await a("INSERT INTO T VALUES ('lease', 1)");
    await a('BEGIN');
    expect(await a('UPDATE T SET "N" = 2 WHERE "N" = 1')).toMatchObject([{ 'number of rows updated': '1' }]);
    expect(await b('SELECT "N" FROM T')).toEqual([{ N: '1' }]);
    const order: string[] = [];
    const waits = b('UPDATE T SET "N" = 3 WHERE "N" = 1').then((rows) => {
      order.push('update');
      return rows;
    });
    await a('SELECT 1');
    order.push('commit');
    await a('COMMIT');
    expect(await waits).toMatchObject([{ 'number of rows updated': '0' }]);
    expect(order).toEqual(['commit', 'update']);
  });

  test('the transaction of a session that ends is rolled back; DDL commits one', async () => {
    const [a, b] = [await open(), await session()];
    await execute(a, 'BEGIN');
    await execute(a, "INSERT INTO T VALUES ('a', 1)");
    await close(a);
    expect(await count()).toBe(0);
    await b('BEGIN');
    await b("INSERT INTO T VALUES ('b', 1)");
    await b('CREATE TABLE U (A INT)');
    await b('ROLLBACK');
    expect(await count()).toBe(1);
  });
});

describe('what DuckDB lets pass and Snowflake refuses', () => {
  test('names in other letters, NULL where there is none, and more', async () => {
    const refused: [string, string][] = [
      ['SELECT "id" FROM T', '000904'],
      ['SELECT t."n" FROM DB.S.T t', '000904'],
      ['INSERT INTO T ("id") VALUES (1)', '000904'],
      ['SELECT * FROM "t"', '002003'],
      ['CREATE TABLE DB."s".U (A INT)', '002003'],
      ['CREATE SCHEMA IF NOT EXISTS "s"', '261002'],
      ['MERGE INTO T t USING (SELECT 1 AS "i") s ON t."ID" = s.I WHEN MATCHED THEN DELETE', '000904'],
      ['MERGE INTO T t USING (SELECT 1 AS I) s ON t."ID" = s.I WHEN MATCHED THEN UPDATE SET "n" = 1', '000904'],
      ['CREATE TABLE IF NOT EXISTS "t" (A INT)', '261002'],
      ['ALTER TABLE T ADD COLUMN IF NOT EXISTS "id" INT', '261002'],
      ['SELECT 1; SELECT 2', '000008'],
      ['INSERT INTO NN VALUES (NULL)', '100072'],
      ['CREATE TABLE T (A INT)', '002002'],
      ["SELECT PARSE_JSON('{')", '100069'],
    ];
    const run = await session();
    await run('CREATE TABLE NN (A INT NOT NULL)');
    for (const [sql, code] of refused) await expect(run(sql)).rejects.toMatchObject({ code });
  });

  test('a row that several rows of a MERGE would update', async () => {
    const run = await session();
    await run("INSERT INTO T VALUES ('a', 1)");
    const merge = (matched: string, ids: string[]) => {
      const source = ids.map((_, n) => `SELECT ? AS ID, ${n} AS N`).join(' UNION ALL ');
      return run(`MERGE INTO T t USING (${source}) s ON EQUAL_NULL(t."ID", s.ID) ${matched}`, ids);
    };
    const update = 'WHEN MATCHED THEN UPDATE SET "N" = s.N';
    await expect(merge(update, ['a', 'a'])).rejects.toMatchObject({ code: '100090' });
    await expect(merge(`WHEN MATCHED AND s.N = 0 THEN DELETE ${update}`, ['a', 'a'])).rejects.toMatchObject({
      code: '100090',
    });
    expect(await merge(update, ['a', 'b', 'b'])).toEqual([{ 'number of rows updated': '1' }]);
    expect(await merge('WHEN MATCHED AND s.N = 1 THEN UPDATE SET "N" = 9', ['a', 'a'])).toHaveLength(1);
    await merge('WHEN MATCHED THEN DELETE', ['a', 'a']);
    expect(await count()).toBe(0);
  });
});

test('a reset leaves nothing', async () => {
  const run = await session();
  await standIn.rules([{ fault: { error: { code: '1', message: 'no' } }, times: null }]);
  await expect(run('SELECT 1')).rejects.toThrow('no');
  await standIn.reset();
  expect(await standIn.statements()).toEqual([]);
  expect(await standIn.logins()).toEqual([]);
  await expect(run('SELECT 1')).rejects.toThrow();
  await standIn.query('CREATE DATABASE DB');
  await expect(standIn.query('SELECT * FROM DB.S.T')).rejects.toMatchObject({ code: '002003' });
});
