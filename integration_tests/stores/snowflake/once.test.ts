import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server.js';
import { commandIn, hubflake, type Outcome, TestFolder } from '../../support/processes/command.js';
import type { StandIn } from '../../support/stand-in/snowflake.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { crashBehaviours, liveIds, type Mode, pipelineFile, TOKEN } from '../crashes.js';

/** Runs that are killed, paused, cut off, or two at once: the tables are as if nothing had happened. */

const warehouse = new StandInWarehouse();
let standIn: StandIn;
let folder: TestFolder;
let sandbox: Sandbox;
const stopped: ChildProcess[] = [];

beforeEach(async () => {
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 450 }, limits: 'off' });
});
afterEach(async () => {
  for (const child of stopped.splice(0)) child.kill('SIGKILL');
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
    append: ['after-spool', 'after-put', 'after-copy', 'after-ddl', 'before-rows', 'after-write', 'after-commit'],
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

/** The warehouse is told that the lease is over. */
const endLease = () =>
  standIn.query(
    `UPDATE "${DATABASE}"."${SCHEMA}"."_HUBFLAKE_STATE" SET "LEASE_UNTIL" = '2020-01-01 00:00:00+00' WHERE "STREAM" = ''`,
  );

/** Starts a sync that stands still in its first merge, until there are other rules. */
async function stuck(path: string, at = 'COPY INTO', more: Record<string, string> = {}) {
  await standIn.rules([{ match: at, fault: { hold: true } }]);
  const child = spawn(process.execPath, [...commandIn(more), 'sync', '--json', '--config', path], {
    env: { ...process.env, ...environment(), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  stopped.push(child);
  const output: string[] = [];
  child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
  child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, output: output.join('') }));
  while (!(await standIn.statements()).some(({ sql }) => new RegExp(at).test(sql))) {
    await sleep(50);
  }
  return { child, ended };
}

test('of two runs of one pipeline the second stops with a clear message, and writes nothing', async () => {
  const path = pipeline('append');
  const first = await stuck(path);
  const second = await sync(path);
  expect([second.code, second.stdout]).toEqual([4, '']);
  expect(second.stderr).toMatch(
    /^ERROR Another run of the pipeline "crm" is going on \(process \d+ on .*\); its lease lasts until \d{4}-.*\n$/,
  );
  await standIn.rules([]);
  expect((await first.ended).code).toBe(0);
  expect(await ids()).toEqual(truth());
});

test.each<Mode>(['append', 'append_dedup'])(
  '%s: a run that another has overtaken before its first write stops, and nothing is there twice',
  async (mode) => {
    const path = pipeline(mode);
    const slow = await stuck(path, '^CREATE TABLE IF NOT EXISTS .*_HUBFLAKE_STATE');
    slow.child.kill('SIGSTOP');
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
    await standIn.rules([]);
    slow.child.kill('SIGCONT');
    const { code, output } = await slow.ended;
    expect([code, output]).toEqual([1, expect.stringContaining('has written since this one began')]);
    expect(await ids()).toEqual(truth());
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
  },
);

test('two pipelines into one schema do not disturb each other', async () => {
  const [one, two] = [['one', 'contacts_one'] as const, ['two', 'contacts_two'] as const].map(([name, table_name]) =>
    sync(pipelineFile(folder, { ...destination(), table_name }, 'append_dedup', name)),
  );
  expect([(await one)?.code, (await two)?.code]).toEqual([0, 0]);
  for (const table of ['contacts_one', 'contacts_two']) {
    expect((await warehouse.rows(table, { id: 'text' })).map(({ id }) => String(id)).sort()).toEqual(truth());
  }
});

test.each<Mode>(['append', 'append_dedup'])(
  '%s: a run that was paused past its lease and wakes writes nothing',
  async (mode) => {
    const path = pipeline(mode);
    const first = await stuck(path);
    first.child.kill('SIGSTOP');
    // What the paused run holds is old by now.
    await endLease();
    await standIn.rules([]);
    sandbox.portal.erase('contacts', truth()[0] as string);
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
    first.child.kill('SIGCONT');
    const { code, output } = await first.ended;
    expect([code, output]).toEqual([1, expect.stringContaining('has taken over')]);
    expect(await ids()).toEqual(truth());
  },
);

test.each<[Mode, string]>([
  ['append', '^INSERT INTO'],
  ['append', '^COMMIT'],
  ['append_dedup', '^MERGE INTO .*"CONTACTS"'],
  ['append_dedup', '^UPDATE .*_HUBFLAKE_STATE" SET "STATE"'],
  ['overwrite', '^INSERT OVERWRITE'],
])(
  '%s, stopped at %s: when its lease has run out another takes over, and what wakes writes nothing more',
  async (mode, at) => {
    const lease = { HUBFLAKE_LEASE_SECONDS: '4' };
    const path = pipeline(mode);
    const first = await stuck(path, at, lease);
    first.child.kill('SIGSTOP');
    await standIn.rules([]);
    sandbox.portal.create('contacts', { firstname: 'New' });
    // One of them waits for it.
    await (at === '^INSERT INTO' ? sleep(5000) : endLease());
    const second = await hubflake(['sync', '--json', '--config', path], {
      environment: { ...environment(), ...lease },
    });
    expect([second.code, second.stderr]).toEqual([0, expect.any(String)]);
    const table = await warehouse.rows('contacts', { _airbyte_raw_id: 'text' });
    expect(await ids()).toEqual(truth());
    first.child.kill('SIGCONT');
    await first.ended;
    // Not only the same records: the same rows.
    expect(await warehouse.rows('contacts', { _airbyte_raw_id: 'text' })).toEqual(table);
    expect((await warehouse.tables()).map((name) => name.toLowerCase())).toEqual(['contacts']);
    expect((await sync(path)).code).toBe(0);
    expect(await ids()).toEqual(truth());
  },
);

describe('write, which has no lease', () => {
  const catalog = (mode: Mode) => ({
    streams: [
      {
        stream: {
          name: 'contacts',
          json_schema: {
            properties: { id: { type: 'string' }, n: { type: 'integer' }, at: { type: 'string', format: 'date-time' } },
          },
          supported_sync_modes: ['incremental'],
        },
        sync_mode: 'incremental',
        destination_sync_mode: mode,
        primary_key: [['id']],
        cursor_field: ['at'],
      },
    ],
  });
  const write = (mode: Mode, versions: [id: string, n: number][], environment: Record<string, string> = {}) =>
    hubflake(
      [
        'write',
        '--config',
        folder.write('d.json', { ...destination(), spool_dir: folder.path }),
        '--catalog',
        folder.write(`${mode}.json`, catalog(mode)),
      ],
      {
        environment,
        input: [
          ...versions.map(([id, n]) => ({
            type: 'RECORD',
            record: { stream: 'contacts', data: { id, n, at: `2024-01-0${n}T00:00:00Z` }, emitted_at: 1e12 },
          })),
          {
            type: 'TRACE',
            trace: {
              type: 'STREAM_STATUS',
              emitted_at: 1,
              stream_status: { stream_descriptor: { name: 'contacts' }, status: 'COMPLETE' },
            },
          },
        ]
          .map((message) => `${JSON.stringify(message)}\n`)
          .join(''),
      },
    );
  const rows = () => warehouse.rows('contacts', { id: 'text', n: 'number' });

  test.each<[Mode, string]>([
    ['append_dedup', 'after-copy'],
    ['append', 'after-put'],
    ['overwrite', 'after-write'],
  ])('%s, killed at %s: the next run drops what it has left', async (mode, point) => {
    expect((await write(mode, [['1', 1]], { HUBFLAKE_CRASH_AT: point })).signal).toBe('SIGKILL');
    expect((await warehouse.tables()).some((name) => /_STAGE_|_SIDE_/.test(name))).toBe(true);
    expect((await write(mode, [['1', 1]])).code).toBe(0);
    expect(await warehouse.tables()).toEqual(['CONTACTS']);
    expect(await rows()).toEqual([{ id: '1', n: 1 }]);
  });

  test.each<[Mode, string, object[]]>([
    [
      'append_dedup',
      '^COPY INTO',
      [
        { id: '1', n: 3 },
        { id: '2', n: 1 },
        { id: '3', n: 2 },
      ],
    ],
    [
      'append_dedup',
      '^MERGE INTO',
      [
        { id: '1', n: 3 },
        { id: '2', n: 1 },
        { id: '3', n: 2 },
      ],
    ],
    [
      'append',
      '^INSERT INTO',
      [
        { id: '1', n: 2 },
        { id: '1', n: 3 },
        { id: '2', n: 1 },
        { id: '3', n: 2 },
      ],
    ],
    [
      'overwrite',
      '^INSERT OVERWRITE',
      [
        { id: '1', n: 2 },
        { id: '2', n: 1 },
      ],
    ],
  ])('%s: of two at once, one held at %s, neither takes anything from the other', async (mode, at, expected) => {
    await standIn.rules([{ match: at, fault: { hold: true } }]);
    const held = write(mode, [
      ['1', 2],
      ['2', 1],
    ]);
    while (!(await standIn.statements()).some(({ sql }) => new RegExp(at).test(sql))) {
      await sleep(50);
    }
    expect(
      (
        await write(mode, [
          ['1', 3],
          ['3', 2],
        ])
      ).code,
    ).toBe(0);
    await standIn.rules([]);
    expect((await held).code).toBe(0);
    expect(await rows()).toEqual(expected);
    expect(await warehouse.tables()).toEqual(['CONTACTS']);
  });
});
