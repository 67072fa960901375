import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, type Outcome, TestFolder } from '../support/command.js';
import type { StandIn } from '../support/snowflake.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../support/snowflake-warehouse.js';
import { crashBehaviours, liveIds, type Mode, pipelineFile, TOKEN } from './crashes.js';

/** Runs that are killed, paused, cut off, or two at once: the tables are as if nothing had happened. */

const warehouse = new StandInWarehouse();
let standIn: StandIn;
let folder: TestFolder;
let sandbox: Sandbox;

beforeEach(async () => {
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 450 }, limits: 'off' });
});
afterEach(async () => {
  await standIn.rules([]);
  folder.remove();
  await sandbox.close();
});
afterAll(() => warehouse.end());

const pipeline = (mode: Mode, name = 'crm') => pipelineFile(folder, destination(), mode, name);
const destination = () => warehouse.destination();
const environment = () => ({ HUBSPOT_BASE_URL: sandbox.url });
const sync = (path: string): Promise<Outcome> =>
  hubflake(['sync', '--json', '--config', path], { environment: environment() });
const truth = () => liveIds(sandbox);
const ids = async () => (await warehouse.rows('contacts', { id: 'text' })).map(({ id }) => String(id)).sort();

crashBehaviours({
  world: () => ({
    sandbox,
    folder,
    destination: destination(),
    ids,
    tables: async () => (await warehouse.tables()).map((name) => name.toLowerCase()),
  }),
  points: {
    append_dedup: [
      'after-spool',
      'after-put',
      'after-copy',
      'after-ddl',
      'after-write',
      'before-state',
      'after-commit',
    ],
    append: ['after-spool', 'after-put', 'after-copy', 'after-ddl', 'before-rows', 'after-commit'],
    overwrite: ['after-put', 'after-write', 'before-rows', 'after-swap'],
  },
});

test.each(['dropAfter', 'dropBefore'])(
  'append: a commit whose answer is lost (%s) is asked for, and every record is there once',
  async (fault) => {
    await standIn.rules([
      { match: '^COMMIT', fault: { [fault]: true } },
      { match: '^COMMIT', fault: { error: { code: '390111', message: 'Session no longer exists.' } } },
    ]);
    const path = pipeline('append');
    await sync(path);
    await standIn.rules([]);
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
  },
);

/** Starts a sync that stands still in its first merge, until it is let go. */
async function stuck(path: string) {
  await standIn.rules([{ match: 'COPY INTO', fault: { delayMs: 4000 } }]);
  const child = spawn(process.execPath, ['dist/main.js', 'sync', '--json', '--config', path], {
    env: { ...process.env, ...environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
  child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output: output.join('') }));
  while (!(await standIn.statements()).some(({ sql }) => sql.startsWith('COPY INTO'))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, ended };
}

test('of two runs of one pipeline the second stops with a clear message, and writes nothing', async () => {
  const path = pipeline('append');
  const first = await stuck(path);
  const second = await sync(path);
  expect(second.code).toBe(1);
  expect(JSON.parse(second.stdout).errors).toEqual([
    expect.objectContaining({
      code: 'HF-WAREHOUSE-BUSY',
      message: expect.stringMatching(
        /Another run of the pipeline "crm" is going on \(process \d+ on .*\); its lease lasts until \d{4}-/,
      ),
    }),
  ]);
  expect((await first.ended).code).toBe(0);
  expect(await ids()).toEqual(truth());
});

test('two pipelines into one schema do not disturb each other', async () => {
  const [one, two] = await Promise.all([sync(pipeline('append_dedup', 'one')), sync(pipeline('append_dedup', 'two'))]);
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(await ids()).toEqual(truth());
});

test.each<Mode>(['append', 'append_dedup'])(
  '%s: a run that was paused past its lease and wakes writes nothing',
  async (mode) => {
    const path = pipeline(mode);
    const first = await stuck(path);
    first.child.kill('SIGSTOP');
    // The lease is a minute; the warehouse is told that it is over. What the paused run holds is old by now.
    await standIn.query(
      `UPDATE "${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE" SET "LEASE_UNTIL" = '2020-01-01 00:00:00+00' WHERE "STREAM" = ''`,
    );
    await standIn.rules([]);
    sandbox.portal.erase('contacts', truth()[0] as string);
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
    first.child.kill('SIGCONT');
    const { code, output } = await first.ended;
    expect([code, output]).toEqual([1, expect.stringContaining('has taken over')]);
    expect(await ids()).toEqual(truth());
  },
  60_000,
);
