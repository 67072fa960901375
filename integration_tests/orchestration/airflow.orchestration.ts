import { firstLoad, type TableCounts, Workplace } from './workplace.js';

interface DagRun {
  state: string;
  tasks: Record<string, { state: string; tries: number }>;
  /** What the events of assets say. */
  extras: { tables: Record<string, TableCounts> }[];
}

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.open('.venv-airflow');
  for (const command of [
    ['db', 'migrate'],
    ['dags', 'reserialize'],
  ]) {
    const { code, stdout, stderr } = await workplace.run('airflow', command);
    if (code !== 0) throw new Error(`airflow ${command.join(' ')}: exit code ${code}\n${stdout}\n${stderr}`);
  }
});

afterAll(() => workplace.close());

const runDag = (name: string) => workplace.outcome<DagRun>('airflow_run.py', [name]);
const listed = async (what: string) => {
  const { lines } = await workplace.run('airflow', ['dags', what, '--output', 'json']);
  return JSON.parse(lines.at(-1) ?? '') as { dag_id: string }[];
};

test('Airflow imports every DAG', async () => {
  expect(await listed('list-import-errors')).toEqual([]);
  const names = (await listed('list')).map(({ dag_id }) => dag_id);
  expect(names.sort()).toEqual(['hubflake_sync_image', 'hubflake_sync_package', 'hubflake_verify_package']);
});

test('the task succeeds, and the event of its asset says what the sync did', async () => {
  workplace.pipeline(['contacts', 'deals']);
  expect(await runDag('hubflake_sync_package')).toEqual({
    state: 'success',
    tasks: { sync: { state: 'success', tries: 1 } },
    extras: [
      { tables: { contacts: firstLoad(workplace.live('contacts')), deals: firstLoad(workplace.live('deals')) } },
    ],
  });
});

test('exit code 4, another run is going on: the task is skipped', async () => {
  workplace.pipeline(['contacts', 'deals']);
  const busy = await workplace.whileBusy(() => runDag('hubflake_sync_package'));
  expect(busy).toMatchObject({ tasks: { sync: { state: 'skipped' } }, extras: [] });
});

test('a stream that fails fails the task, which is not repeated', async () => {
  workplace.pipeline(['contacts', 'p_nothing']);
  const { state, tasks, extras } = await runDag('hubflake_sync_package');
  expect({ state, tasks, extras }).toEqual({
    state: 'failed',
    tasks: { sync: { state: 'failed', tries: 1 } },
    extras: [],
  });
});

test('a verification succeeds where the tables equal HubSpot, and fails, without another try, where they do not', async () => {
  workplace.pipeline(['deals']);
  expect(await runDag('hubflake_verify_package')).toMatchObject({ tasks: { verify: { state: 'success' } } });
  await workplace.execute(`DELETE FROM crm.deals WHERE id = '${workplace.live('deals')[0]}'`);
  expect(await runDag('hubflake_verify_package')).toMatchObject({ tasks: { verify: { state: 'failed', tries: 1 } } });
});
