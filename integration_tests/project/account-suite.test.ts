import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { jobFile, replacedIn, taskStatement } from '../account/steps/snowpark-task.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/** The suite for a real account (CONTRIBUTING.md), on the stand-in: that it says what it did, and leaves nothing, also when it is killed. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const warehouse = new StandInWarehouse();

beforeAll(() => warehouse.begin());
afterAll(() => warehouse.end());

/** Starts some steps of the first hour. @param steps a regular expression of their titles */
function start(steps: string): { child: ChildProcess; ended: Promise<{ code: number; output: string }> } {
  const args = [...JEST, 'first-hour', '-t', steps];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, HUBFLAKE_SUITE: 'account', HUBFLAKE_SNOWFLAKE: warehouse.standIn.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => output.push(text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output: output.join('') }));
  return { child, ended };
}

async function schemas(): Promise<string[]> {
  const rows = await warehouse.query('SHOW TERSE SCHEMAS IN DATABASE "ANALYTICS"');
  return rows.map(({ name }) => String(name)).filter((name) => /hubflake.test/i.test(name));
}

test('a step is run with what it cost, one that lacks something is reported as not run, and nothing is left', async () => {
  const { code, output } = await start('^(7\\. a schema with a space|9\\.)').ended;
  expect([code, output]).toEqual([0, expect.stringMatching(/1 passed/)]);
  expect(output).toMatch(/^7\. a schema with a space in its name: passed/m);
  expect(output).toMatch(/^ +MERGE INTO CONTACTS +2 /m);
  expect(output).toMatch(/s {2}9\. the Snowpark task of setup\.sql, twice — NOT RUN: a stand-in has no compute pools/);
  expect(output).not.toMatch(/NOT UNDONE/);
  expect(await schemas()).toEqual([]);
});

test('what a suite that was killed has made is dropped behind it', async () => {
  const { child, ended } = start('^1\\. raw form, a view of 300');
  while ((await schemas()).length === 0 && child.exitCode === null) await pause();
  child.kill('SIGKILL');
  const until = Date.now() + 30_000;
  while ((await schemas()).length > 0 && Date.now() < until) await pause();
  expect(await schemas()).toEqual([]);
  expect((await ended).code).toBeNull();
});

test("the task and the job are those of deploy/snowpark, with the account's names", () => {
  const names = { task: '"DB"."S"."T"', pool: 'POOL', warehouse: '"WH"', stage: '"DB"."S"."CONFIG"' };
  const task = taskStatement({ ...names, integration: 'OUT' });
  expect(task).toMatch(/^CREATE OR REPLACE TASK "DB"\."S"\."T"\n/);
  expect(task).toContain(
    'IN COMPUTE POOL POOL\n  QUERY_WAREHOUSE = "WH"\n  EXTERNAL_ACCESS_INTEGRATIONS = (OUT)\n  FROM @"DB"."S"."CONFIG"',
  );
  expect(taskStatement({ ...names, integration: undefined })).not.toContain('EXTERNAL');
  const job = jobFile('/DB/S/IMAGES/source-hubspot:1', names.stage);
  expect(task + job).not.toMatch(/ANALYTICS|HUBFLAKE_|secret/);
  expect(job).toMatch(/^ {6}command: \["\/bin\/sh", "-c", ".*exec node .*"\]\n {6}env:\n {8}HUBSPOT_TOKEN: /m);
  expect(() => replacedIn('IN COMPUTE POOL OTHER', [[/HUBFLAKE_POOL/, 'P']])).toThrow('HUBFLAKE_POOL');
});

const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
