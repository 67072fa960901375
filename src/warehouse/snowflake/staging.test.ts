import { jest } from '@jest/globals';
import type { Pool } from './session/pool.js';
import type { Row, Session } from './session/session.js';
import { StatementRunner } from './session/statement-runner.js';
import { Staging } from './staging.js';

/** What the driver and Snowflake may answer, and a stand-in never does. */

const config = { role: 'R', warehouse: 'W', database: 'DB', url: 'https://x' } as never;

function staging(answers: Record<string, Row[]>) {
  const sent: string[] = [];
  const session = {
    broken: false,
    enterSchema: async () => undefined,
    run: async (sql: string) => {
      sent.push(sql.split(' ').slice(0, 2).join(' '));
      return answers[sql.split(' ')[0] as string] ?? [];
    },
  } as unknown as Session;
  const pool = { use: (body: (session: Session) => unknown) => body(session) } as unknown as Pool;
  const steps = new StatementRunner(session, config, '{}', 'Writing to the table T');
  const stage = new Staging(pool, 'DB', 'S', 'crm', 'ABC');
  const run = (body: (table: string) => Promise<string> = async () => 'written', bytes = 100) => {
    const files = [1, 2].map((n) => ({ path: `/tmp/${n}.json.gz`, rows: 10, bytes, longestLine: 10 }));
    return stage.with(steps, files, body);
  };
  return { run, sent, drop: () => stage.drop(steps), leave: () => stage.leave() };
}
const loaded = (...rows: number[]): Row[] =>
  rows.map((rows_loaded) => ({ status: 'LOADED', rows_loaded: String(rows_loaded) }));
const GOOD = { PUT: [{ status: 'UPLOADED' }], COPY: loaded(10, 10) };
const made = (sent: readonly string[]) => sent.filter((each) => each === 'CREATE OR').length;

test('small batches share a table, which is dropped in the end', async () => {
  const { run, sent, drop } = staging(GOOD);
  const names = [];
  for (let i = 0; i < 3; i += 1) names.push(await run(async (table) => table));
  expect([made(sent), new Set(names).size]).toEqual([1, 1]);
  await drop();
  expect(sent.filter((each) => each === 'DROP TABLE')).toHaveLength(1);
  await drop();
  expect(sent.at(-1)).toBe('DROP TABLE');
  expect(sent.filter((each) => each === 'DROP TABLE')).toHaveLength(1);
});

test('the driver’s copies of files go to the spool, and what comes behind the run to where they went before', async () => {
  const before = process.env.TMPDIR;
  const { run, leave } = staging(GOOD);
  await run();
  expect(process.env.TMPDIR).toBe('/tmp');
  await run();
  leave();
  expect(process.env.TMPDIR).toBe(before);
  leave();
  expect(process.env.TMPDIR).toBe(before);
});

test('batches at the same time have tables of their own', async () => {
  const { run, drop, sent } = staging(GOOD);
  const names = await Promise.all([run(async (table) => table), run(async (table) => table)]);
  expect(new Set(names).size).toBe(2);
  await drop();
  expect(sent.filter((each) => each === 'DROP TABLE')).toHaveLength(2);
});

test('a table is made anew for large batches, and behind a batch that failed', async () => {
  const { run, sent } = staging(GOOD);
  for (let i = 0; i < 3; i += 1) await run(undefined, 3_000_000);
  expect(made(sent)).toBe(3);
  await run();
  expect(made(sent)).toBe(3);
  const failed = run(async () => {
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(made(sent)).toBe(3);
  await run();
  expect(made(sent)).toBe(4);
});

test('a table that is so old that others might drop it gives way to one of another name', async () => {
  const { run, sent } = staging(GOOD);
  const first = await run(async (table) => table);
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3600_001);
  const second = await run(async (table) => table);
  jest.restoreAllMocks();
  expect(second).not.toBe(first);
  expect(sent.filter((each) => each === 'DROP TABLE')).toHaveLength(1);
});

test.each(['UPLOADED', 'SKIPPED'])('goes on where every file is %s and every row loaded', async (status) => {
  const { run, sent } = staging({ PUT: [{ status }], COPY: loaded(10, 10) });
  expect(await run()).toBe('written');
  expect(sent).toEqual(['CREATE OR', expect.stringMatching('PUT'), expect.stringMatching('PUT'), 'COPY INTO']);
});

test('an upload that the driver calls a success without a status is an error, and nothing is written', async () => {
  const { run, sent } = staging({
    PUT: [{ message: 'Error: Unknown Error in uploading a file' }],
    COPY: loaded(10, 10),
  });
  await expect(run()).rejects.toThrow(/a file could not be uploaded.*Unknown Error/);
  expect(sent).not.toContain('COPY INTO');
});

test.each([
  ['fewer rows', loaded(10, 9)],
  ['more rows', loaded(10, 11)],
  ['one file of two', loaded(10)],
  ['no file at all', [{ status: 'Copy executed with 0 files processed.' }]],
])('%s loaded than were spooled is an error, and nothing is written', async (_what, COPY) => {
  const { run, sent } = staging({ PUT: [{ status: 'UPLOADED' }], COPY });
  await expect(run()).rejects.toThrow(/20 rows were spooled, but \d+ loaded/);
  expect(sent.at(-1)).toBe('COPY INTO');
});
