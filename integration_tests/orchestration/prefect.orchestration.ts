import { firstLoad, Workplace } from './workplace.js';

interface FlowRun {
  name: string;
  type: string;
  message: string;
  /** How often each task was run. */
  runs: number[];
  /** The table of each artifact. */
  tables: Record<string, unknown>[][];
}

let workplace: Workplace;

beforeAll(async () => {
  workplace = await Workplace.open('.venv-prefect');
});

afterAll(() => workplace.close());

const runFlow = () => workplace.outcome<FlowRun>('prefect_run.py');

test('the flow completes, with a table of what the sync did as artifact', async () => {
  workplace.pipeline(['contacts', 'deals']);
  const { type, message, tables } = await runFlow();
  const [contacts, deals] = [workplace.live('contacts'), workplace.live('deals')];
  expect([type, message]).toEqual(['COMPLETED', `${contacts.length + deals.length} records`]);
  expect(tables).toEqual([
    [
      { table: 'contacts', ...firstLoad(contacts), complete: true },
      { table: 'deals', ...firstLoad(deals), complete: true },
    ],
  ]);
});

test('exit code 4, another run is going on: the flow ends as Skipped, which is no failure', async () => {
  workplace.pipeline(['contacts', 'deals']);
  const skipped = await workplace.whileBusy(runFlow);
  expect(skipped).toMatchObject({ name: 'Skipped', type: 'COMPLETED', runs: [1], tables: [] });
});

test("a stream that fails fails the flow with its message, and is not repeated; the others' tables are in the artifact", async () => {
  workplace.pipeline(['contacts', 'p_nothing']);
  const { type, message, runs, tables } = await runFlow();
  expect([type, runs]).toEqual(['FAILED', [1]]);
  expect(message).toContain('this portal has no object called "p_nothing".');
  expect(tables).toMatchObject([[{ table: 'contacts', complete: true }]]);
});
