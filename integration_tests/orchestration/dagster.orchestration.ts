import { query } from '../support/duckdb.js';
import { examples, firstLoad, type TableCounts, Workplace } from './workplace.js';

interface Materialization {
  success: boolean;
  materialized: Record<string, Partial<TableCounts> & { table?: string }>;
  skipped: string[];
  retries: number;
  failures: { description: string; metadata: Record<string, string> }[];
}

const STREAMS = ['contacts', 'companies', 'deals'];

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.open('.venv-dagster');
});

afterAll(() => workplace.close());

const materialize = () => workplace.outcome<Materialization>('dagster_run.py');

test('the definitions are valid to Dagster', async () => {
  const validated = await workplace.run('dagster', [
    'definitions',
    'validate',
    '-f',
    `${examples}/dagster_definitions.py`,
  ]);
  expect(validated.code).toBe(0);
  expect(validated.stdout + validated.stderr).toContain('All code locations passed validation');
});

test('each table is an asset, whose metadata is what the sync did to it', async () => {
  workplace.pipeline(STREAMS);
  const first = await materialize();
  const wanted = STREAMS.map((stream) => [stream, { table: stream, ...firstLoad(workplace.live(stream)) }]);
  expect(first).toMatchObject({ success: true, skipped: [], failures: [] });
  expect(first.materialized).toEqual({ ...Object.fromEntries(wanted), depends_on_contacts: {} });
  for (const stream of STREAMS) {
    const [rows] = await query(workplace.database, `SELECT COUNT(*)::INTEGER AS count FROM crm.${stream}`);
    expect(rows).toEqual({ count: first.materialized[stream]?.inserted });
  }

  const [edited, archived] = workplace.live('contacts') as [string, string];
  workplace.sandbox.portal.edit('contacts', edited, { firstname: 'Ada' });
  workplace.sandbox.portal.archive('contacts', archived);
  const second = await materialize();
  expect(second.materialized.contacts).toMatchObject({ records: 2, inserted: 0, updated: 1, marked: 1 });
  expect(second.materialized.deals).toMatchObject({ records: 0 });
});

test('exit code 4, another run is going on: nothing is materialized, what depends on it is skipped, nothing failed', async () => {
  workplace.pipeline(STREAMS);
  expect(await workplace.whileBusy(materialize)).toEqual({
    success: true,
    materialized: {},
    skipped: ['depends_on_contacts'],
    retries: 0,
    failures: [],
  });
});

test("a stream that fails fails the step with its message, is not repeated, and the others' tables are materialized", async () => {
  workplace.pipeline([...STREAMS.slice(1), 'p_nothing', 'contacts']);
  const { success, materialized, failures, retries } = await materialize();
  expect([success, retries]).toEqual([false, 0]);
  expect(Object.keys(materialized).sort()).toEqual([...STREAMS].sort());
  const message = expect.stringContaining('this portal has no object called "p_nothing".');
  expect(failures).toEqual([{ description: message, metadata: { nothing: message } }]);
});

test('a sync that fails as a whole fails the step with what hubflake logged', async () => {
  workplace.pipeline(STREAMS, 'pat-na1-wrong');
  const { success, materialized, failures, retries } = await materialize();
  expect([success, retries, materialized]).toEqual([false, 0, {}]);
  expect(failures).toMatchObject([{ description: expect.stringMatching(/^HubSpot refused the access token\./) }]);
});
