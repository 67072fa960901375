import type { Pool } from './pool.js';
import type { Row, Session } from './session.js';
import { Staging } from './staging.js';
import { Steps } from './steps.js';

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
  const steps = new Steps(session, config, '{}', 'Writing to the table T');
  const files = [1, 2].map((n) => ({ path: `/tmp/${n}.json.gz`, rows: 10, bytes: 100, longestLine: 10 }));
  const run = () => new Staging(pool, 'DB', 'S', 'crm', 'ABC').with(steps, files, async () => 'written');
  return { run, sent };
}
const loaded = (...rows: number[]): Row[] =>
  rows.map((rows_loaded) => ({ status: 'LOADED', rows_loaded: String(rows_loaded) }));

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
