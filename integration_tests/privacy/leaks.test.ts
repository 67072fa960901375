import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/protocol/messages.js';
import { query, tables } from '../support/duckdb.js';
import { configure, hubflake, lastStates, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { hashOf as hashWith } from './hash-of.js';
import { SECRET_PROPERTIES, SENSITIVE, SeededPortal } from './seeded-portal.js';

/** What is to be hashed is nowhere in clear: in no record, state, log line, table, file of the spool or report of any command. */

const SALT = 'a salt of the tests of leaks';
const HOURS_A_DAY = 24;
const LAYOUTS = ['airbyte', 'columns', 'fivetran'] as const;
type LayoutName = (typeof LAYOUTS)[number];

const hashOf = (value: string) => hashWith(value, SALT);

let seeded: SeededPortal;
let folder: TestFolder;

beforeEach(async () => {
  folder = new TestFolder();
  seeded = await SeededPortal.start();
});
afterEach(async () => {
  await seeded.sandbox.close();
  folder.remove();
});

function source(layout: LayoutName, more: JsonObject = {}): JsonObject {
  const hashed = SECRET_PROPERTIES.filter((name) => name !== SENSITIVE);
  return {
    credentials: { access_token: seeded.sandbox.token },
    layout,
    objects: [
      { object_type: 'contacts', hash_properties: hashed, history: ['*'] },
      { object_type: 'tickets', hash_properties: ['reporter'], associations: [] },
    ],
    sensitive: 'hash',
    hash_salt: SALT,
    sweep_every: HOURS_A_DAY,
    local_dates: true,
    validity: true,
    ...more,
  };
}

const inClear = (layout: LayoutName) =>
  source(layout, {
    objects: [{ object_type: 'contacts', history: ['*'] }, { object_type: 'tickets' }],
    sensitive: 'include',
  });

/** In this process, but for syncs, which only in one of their own log everything, and can be killed. */
function command([name = '', ...args]: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const run = name === 'sync' ? hubflake : hubflakeHere;
  return run([name, ...args, '--log-level', 'trace'], {
    environment: { HUBSPOT_BASE_URL: seeded.sandbox.url, ...environment },
  });
}

/** Reads twice, with changes in between. @returns all that came out */
async function readTwice(config: JsonObject): Promise<string> {
  const path = folder.write('source.json', config);
  const discovered = await command(['discover', '--config', path]);
  const names = /^(contacts?|tickets?)($|_property_history)|^contact_merge_audit/;
  const catalog = folder.write(
    'catalog.json',
    configure(discovered, (name) => names.test(name)),
  );
  const checked = await command(['check', '--config', path]);
  const first = await command(['read', '--config', path, '--catalog', catalog]);
  seeded.change('second');
  seeded.wait(2 * HOURS_A_DAY * 60);
  const state = folder.write('state.json', lastStates(first));
  const second = await command(['read', '--config', path, '--catalog', catalog, '--state', state]);
  for (const outcome of [checked, first, second]) expect([outcome.code, outcome.stderr]).toEqual([0, '']);
  expect(ofType(second, 'RECORD').length).toBeGreaterThan(3);
  return [discovered, checked, first, second].map(({ stdout }) => stdout).join('\n');
}

/** Syncs twice, with changes in between, dies once, and verifies. @returns all that is printed, in tables and in files */
async function syncAndVerify(config: JsonObject): Promise<string> {
  const path = folder.join('w.duckdb');
  const spool = folder.join('spool');
  const destination = { type: 'duckdb', path, spool_dir: spool };
  const pipeline = folder.write('pipeline.json', { name: 'crm', source: config, destination });
  const run = (name: string, more: string[] = [], environment = {}) =>
    command([name, '--config', pipeline, ...more], environment);
  const planned = await run('plan');
  const killed = await run('sync', [], { HUBFLAKE_CRASH_AT: 'after-spool' });
  expect(killed.signal).toBe('SIGKILL');
  const left = filesIn(spool);
  expect(left.length).toBeGreaterThan(1000);
  const first = await run('sync');
  seeded.change('second');
  seeded.wait(2 * HOURS_A_DAY * 60);
  const second = await run('sync', ['--json']);
  expect([first.code, second.code]).toEqual([0, 0]);
  const [lost = ''] = seeded.ids.slice(5);
  // What a report could tell of: a record that changed unseen.
  seeded.sandbox.portal.edit('contacts', lost, { email: seeded.emailOf(1, 'second') }, { silent: true });
  const verified = [await run('verify', ['--deep', '--json']), await run('verify', ['--repair'])];
  const dumped = await Promise.all(
    (await tables(path)).map(async (name) => JSON.stringify(await query(path, `SELECT * FROM "${name}"`))),
  );
  const printed = [planned, killed, first, second, ...verified].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  return [...printed, ...dumped, left, readFileSync(path).toString('utf8')].join('\n');
}

/** The contents of all files in a folder. */
function filesIn(path: string): string {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const contents = files.map(({ parentPath, name }) => {
    const bytes = readFileSync(join(parentPath, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  });
  return contents.join('\n');
}

/** Whether a text has the hashes of what an address was, and is. */
const hashedEmails = (text: string) => ['first', 'second'].map((age) => text.includes(hashOf(seeded.emailOf(1, age))));

describe.each(LAYOUTS)('in the layout %s', (layout) => {
  test('nothing that read says tells a hashed value', async () => {
    const said = await readTwice(source(layout));
    expect(seeded.found(said)).toEqual([]);
    expect(hashedEmails(said)).toEqual([true, true]);
  });

  test('nothing that sync and verify say, write or leave behind tells a hashed value', async () => {
    const said = await syncAndVerify(source(layout));
    expect(seeded.found(said)).toEqual([]);
    expect(hashedEmails(said)).toEqual([true, true]);
  });
});

test.each([
  ['read', readTwice],
  ['sync', syncAndVerify],
])('without hashing %s tells every value, so that the tests above would find it', async (_, run) => {
  const every = seeded.found(await run(inClear('columns')));
  expect(every).toEqual([...seeded.secrets]);
});

test('the same value has the same hash in all objects, by which they are joined', async () => {
  const path = folder.join('w.duckdb');
  const destination = { type: 'duckdb', path, spool_dir: folder.path };
  const pipeline = folder.write('pipeline.json', { name: 'crm', source: source('columns'), destination });
  expect((await command(['sync', '--config', pipeline])).code).toBe(0);
  const joined =
    'SELECT c.id, c.email, sha256($$%$$) AS worked_out FROM contacts c JOIN tickets t ON t.reporter = c.email';
  const rows = await query(path, joined.replace('%', SALT + seeded.emailOf(0, 'first')));
  expect(rows).toEqual([{ id: seeded.ids[0], email: hashOf(seeded.emailOf(0, 'first')), worked_out: rows[0]?.email }]);
});
