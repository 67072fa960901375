import { setTimeout as sleep } from 'node:timers/promises';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { begin, StandInSessions } from '../support/stand-in/stand-in-sessions.js';

/** Sessions that Snowflake ends, what they wait for, and how long. */

let standIn: StandIn;
let sessions: StandInSessions;

beforeAll(async () => {
  standIn = await startStandIn();
  sessions = new StandInSessions(standIn);
});
beforeEach(() => sessions.begin());
afterEach(() => sessions.end());
afterAll(() => standIn.stop());

/** What the driver makes of 390104 and 390111: "Unable to perform operation using terminated connection." */
const TERMINATED = { code: 407002 };

const insert = (id: string) => `INSERT INTO T VALUES ('${id}', 1)`;

describe('a session ends', () => {
  test('before a statement, and with it its transaction', async () => {
    const codes = ['390111', '390104', '390114', '390195'] as const;
    for (const [index, code] of codes.entries()) {
      await standIn.endings([{ code, nth: 3, session: index + 1 }]);
      const run = await sessions.session();
      await run('BEGIN');
      await run(insert(code));
      await expect(run(insert('late'))).rejects.toMatchObject(code < '390114' ? TERMINATED : { code });
      await expect(run('SELECT 1')).rejects.toThrow();
    }
    expect(await sessions.rows()).toEqual([]);
    const seen = (await standIn.statements()).map(({ ran, ended }) => `${ran} ${ended}`);
    expect(seen.filter((each) => each !== 'true ok')).toEqual(
      expect.arrayContaining(codes.map((code) => `false ${code}`)),
    );
    const run = await sessions.session();
    await run(insert('a'));
    expect(await sessions.rows()).toEqual(['a 1']);
  });

  test('the first only', async () => {
    await standIn.endings([{ nth: 1, times: 1 }]);
    const [first, second] = [await sessions.session(), await sessions.session()];
    await expect(first('SELECT 1')).rejects.toMatchObject(TERMINATED);
    await second('SELECT 1');
  });

  test('when it was idle for too long; a heartbeat is a sign of life', async () => {
    const [idle, connection, asked] = [await sessions.session(), await sessions.open(), await sessions.session()];
    await standIn.endings([{ idleSeconds: 1 }]);
    for (let n = 0; n < 5; n += 1) {
      await sleep(300);
      await asked('SELECT 1');
      expect(await connection.isValidAsync()).toBe(true);
    }
    await begin(connection, 'SELECT 1').answer;
    await expect(idle('SELECT 1')).rejects.toMatchObject(TERMINATED);
    // The next login is a session like any other.
    const again = await sessions.session();
    await again('SELECT 1');
  });

  test('when it has lasted too long, however active it is', async () => {
    const run = await sessions.session();
    await standIn.endings([{ lifespanSeconds: 0.5 }]);
    await run('SELECT 1');
    await sleep(600);
    await expect(run('SELECT 1')).rejects.toMatchObject(TERMINATED);
  });

  test('an ending that is none is refused', async () => {
    await expect(standIn.endings([{ code: '390111' }])).rejects.toThrow('no ending');
    await expect(standIn.endings([{ code: '1' as never, nth: 1 }])).rejects.toThrow('no ending');
  });
});

describe('the lock on a table', () => {
  const update = 'UPDATE T SET "N" = "N" + 1';

  test('is held until the end of the transaction; INSERT and SELECT do not wait for it', async () => {
    await standIn.query("INSERT INTO DB.S.T VALUES ('a', 1)");
    const holder = await sessions.session();
    await holder('BEGIN');
    await holder(update);
    const others = await Promise.all([1, 2, 3].map(() => sessions.session()));
    const done: string[] = [];
    const waiting = [
      update,
      "DELETE FROM T WHERE ID = 'none'",
      'MERGE INTO T USING (SELECT 1 AS I) s ON FALSE WHEN MATCHED THEN DELETE',
    ].map((sql, index) => others[index]?.(sql).then(() => done.push(sql.slice(0, 5))));
    const free = await sessions.session();
    await free(insert('b'));
    await free('SELECT * FROM T');
    expect(done).toEqual([]);
    await holder('COMMIT');
    await Promise.all(waiting);
    expect(done.sort()).toEqual(['DELET', 'MERGE', 'UPDAT']);
    expect(await sessions.rows()).toEqual(['a 3', 'b 2']);
  });

  test('has at most 20 statements waiting for it', async () => {
    const holder = await sessions.session();
    await holder('BEGIN');
    await holder(update);
    const others = await Promise.all(Array.from({ length: 22 }, () => sessions.session()));
    const ends: string[] = [];
    const waiting = others.map((run) =>
      run(update).then(
        () => ends.push('ok'),
        (error) => ends.push(`${error.code} ${/exceeds the 20 statements limit/.exec(error.message)}`),
      ),
    );
    while (ends.length < 2) await sleep(20);
    await sleep(100);
    const tooMany = '000625 exceeds the 20 statements limit';
    expect(ends).toEqual([tooMany, tooMany]);
    await holder('ROLLBACK');
    await Promise.all(waiting);
    expect(ends.slice(2)).toEqual(Array.from({ length: 20 }, () => 'ok'));
  });

  test('is waited for as long as LOCK_TIMEOUT says', async () => {
    const [holder, run] = [await sessions.session(), await sessions.session()];
    await holder('BEGIN');
    await holder(update);
    await run('ALTER SESSION SET LOCK_TIMEOUT = 1');
    const before = Date.now();
    await expect(run(update)).rejects.toMatchObject({ code: '000625', sqlState: '57014' });
    expect(Date.now() - before).toBeGreaterThanOrEqual(950);
    await holder('SELECT 1');
    await run('ALTER SESSION SET LOCK_TIMEOUT = 0');
    await expect(run(update)).rejects.toMatchObject({ code: '000625' });
    await holder('COMMIT');
    await run(update);
  });
});

describe('STATEMENT_TIMEOUT_IN_SECONDS', () => {
  const timedOut = { code: '000630', sqlState: '57014' };

  test('ends a statement that runs, one that waits, and one that is delayed', async () => {
    const [holder, run] = [await sessions.session(), await sessions.session()];
    await run("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = 1 TIMEZONE = 'UTC'");
    await standIn.query("INSERT INTO DB.S.T VALUES ('a', 1), ('b', 2)");
    for (let doubled = 0; doubled < 11; doubled += 1) await standIn.query('INSERT INTO DB.S.T SELECT * FROM DB.S.T');
    await expect(run('SELECT SUM(a.N * b.N + c.N) AS S FROM T a, T b, T c')).rejects.toMatchObject(timedOut);
    await holder('BEGIN');
    await holder('DELETE FROM T');
    await expect(run('UPDATE T SET N = 0')).rejects.toMatchObject(timedOut);
    await holder('ROLLBACK');
    await standIn.rules([{ match: 'SELECT 2', fault: { delayMs: 5000 } }]);
    const before = Date.now();
    await expect(run('SELECT 2')).rejects.toMatchObject(timedOut);
    expect(Date.now() - before).toBeLessThan(3000);
    expect(await run('SELECT 1 AS N')).toEqual([{ N: '1' }]);
  });
});
