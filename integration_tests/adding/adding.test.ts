import { openSync, readFileSync } from 'node:fs';
import { check } from '../../src/commands/check.js';
import { discover } from '../../src/commands/discover.js';
import { StopRequest } from '../../src/commands/runner/stop.js';
import { runPlan } from '../../src/commands/sync/run-plan.js';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import type { ConnectionStatus, JsonObject } from '../../src/protocol/messages.js';
import { MessageOutput } from '../../src/protocol/output.js';
import type { Collection } from '../../src/sandbox/portal/collection.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { DECLARED_STREAMS } from '../../src/streams/registry.js';
import { query } from '../support/duckdb.js';
import { TestFolder } from '../support/processes/command.js';
import { readInProcess } from '../support/processes/in-process.js';
import { coupons } from './coupons.js';

/** One declaration is all that a stream takes: docs/adding-a-stream.md shows the one that is used here. */

const SOURCE = new URL('coupons.ts', import.meta.url);
const PAGE = new URL('../../docs/adding-a-stream.md', import.meta.url);
const streams = [...DECLARED_STREAMS, coupons];
const only = { objects: [{ object_type: 'coupons' }] };

let sandbox: Sandbox;
let folder: TestFolder;
let portal: Collection;

async function start(scopes: 'all' | string[] = 'all'): Promise<void> {
  const collections = [{ path: '/made-up/:date/coupons', scopes: [['coupons.read']] }];
  sandbox = await startSandbox({ counts: { '*': 0 }, hubContacts: 0, limits: 'off', collections, scopes });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  portal = sandbox.portal.collections[0] as Collection;
  for (let n = 1; n <= 250; n += 1) portal.put(String(n), { code: `C${n}`, percent: n % 50, isPublic: n % 2 === 0 });
}

beforeEach(() => {
  folder = new TestFolder();
});
afterEach(async () => {
  folder.remove();
  await (sandbox as Sandbox | undefined)?.close();
});

/** What a command of the protocol puts out. */
async function messages(command: typeof check, config: object): Promise<JsonObject[]> {
  const path = folder.join('messages.jsonl');
  const output = new MessageOutput(openSync(path, 'w'));
  const stop = new StopRequest();
  await command({ output, stop, streams }, { config: folder.write('config.json', source(config)) });
  await output.close();
  await stop.finish();
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const source = (config: object) => ({ credentials: { access_token: sandbox.token }, ...config });

const pipeline = () =>
  parsePipelineConfig({
    name: 'crm',
    source: source(only),
    destination: { type: 'duckdb', path: folder.join('crm.duckdb') },
  });
const sync = () => runSync(pipeline(), new AbortController().signal, [], { streams });
const rows = () => query(folder.join('crm.duckdb'), 'SELECT * FROM coupons');

test('the declaration has at most 40 lines, and is the one in the docs', () => {
  const text = readFileSync(SOURCE, 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(40);
  expect(readFileSync(PAGE, 'utf8')).toContain(text.slice(text.indexOf('/**')).trim());
});

test('discover offers it, with its key, cursor and fields', async () => {
  await start();
  const [message] = (await messages(discover, {})).slice(-1) as { catalog: { streams: JsonObject[] } }[];
  const entry = message?.catalog.streams.find(({ name }) => name === 'coupons');
  expect(entry).toMatchObject({
    supported_sync_modes: ['full_refresh', 'incremental'],
    source_defined_primary_key: [['id']],
    default_cursor_field: ['updatedAt'],
    json_schema: {
      properties: { code: { description: 'What a buyer types.' }, archived: { hubflake_tombstone: true } },
    },
  });
});

test('check names the scope that is missing', async () => {
  await start(['crm.objects.contacts.read']);
  const [message] = (await messages(check, only)).slice(-1) as unknown as { connectionStatus: ConnectionStatus }[];
  expect(message?.connectionStatus).toMatchObject({
    status: 'FAILED',
    message: expect.stringContaining('coupons needs coupons.read'),
  });
});

test('plan says what a sync takes, and sync does it: first load, increment, tombstone', async () => {
  await start();
  const plan = await runPlan(pipeline(), new AbortController().signal, streams);
  expect(plan).toMatchObject({ errors: [], streams: [{ stream: 'coupons', table: 'coupons', tableWillBe: 'new' }] });
  expect(await sync()).toMatchObject({ errors: [], streams: [{ records: 250, inserted: 250 }] });
  expect(await sync()).toMatchObject({ errors: [], streams: [{ records: 0 }] });

  portal.put('7', { percent: 99 }, sandbox.portal.clock.now() + 1_000);
  portal.archive('8');
  portal.erase('9');
  sandbox.calls.reset();
  expect(await sync()).toMatchObject({ errors: [], streams: [{ records: 3 }] });
  // Three pages of what there is, and one of what was withdrawn.
  expect(sandbox.calls.counts().byKind.collection).toBe(4);
  const byId = new Map((await rows()).map((row) => [row.id, row]));
  expect(byId.get('7')).toMatchObject({ code: 'C7', percent: '99', archived: false });
  for (const id of ['8', '9']) expect(byId.get(id)).toMatchObject({ archived: true });
  expect(byId.size).toBe(250);
});

test.each([1, 120, 200, 251])('a read that is killed behind %d messages loses nothing', async (killAfter) => {
  await start();
  const first = await readInProcess(sandbox, 'coupons', null, { declared: streams, killAfter });
  expect(first.killed).toBe(true);
  const second = await readInProcess(sandbox, 'coupons', first.state, { declared: streams });
  const ids = new Set([...first.records, ...second.records].map(({ id }) => id));
  expect(ids.size).toBe(250);
});
