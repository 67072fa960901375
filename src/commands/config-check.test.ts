// biome-ignore-all lint/suspicious/noTemplateCurlyInString: pipelines have them
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Finding } from '../config/check/finding.js';
import { configureLog } from '../log.js';
import { configCheck } from './config-check.js';
import { StopRequest } from './runner/stop.js';

interface Report {
  kind: string | null;
  mistakes: (Finding & { line: number; column: number })[];
}

const folder = mkdtempSync(join(tmpdir(), 'hubflake-test-'));
const stop = new StopRequest();
let name = 'pipeline.json';

beforeEach(() => {
  name = 'pipeline.json';
  configureLog({ level: 'error', sink: () => undefined });
});
afterAll(async () => {
  await stop.finish();
  rmSync(folder, { recursive: true });
});

async function run(content: unknown, options: object = {}): Promise<{ code: number; out: string }> {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  const out: string[] = [];
  const print = (text: string) => void out.push(text);
  const code = await configCheck({ print, stop }, { config: path, ...options });
  return { code, out: out.join('\n').replaceAll(path, name) };
}

async function report(content: unknown, options: object = {}): Promise<Report> {
  const { code, out } = await run(content, { json: true, ...options });
  const found: Report = JSON.parse(out);
  expect(code).toBe(found.mistakes.length === 0 ? 0 : 1);
  return found;
}

const messages = async (content: unknown, options: object = {}) =>
  (await report(content, options)).mistakes.map(({ message }) => message);

const pipeline = (source: object = {}, destination: object = {}, more: object = {}) => ({
  name: 'crm',
  source: { credentials: { access_token: 'token-of-tests' }, ...source },
  destination: { type: 'duckdb', path: join(folder, 'crm.duckdb'), ...destination },
  ...more,
});
const snowflake = { host: 'acme.snowflakecomputing.com', database: 'D', schema: 'S', username: 'U' };

test.each([
  [{ objects: [{ object_type: 'contacts' }], exclude: ['contacts'] }],
  [{ objects: [{ object_type: 'contacts' }], include: ['lists'], exclude: ['all', 'lists'] }],
  [{ exclude: ['all'] }],
])('nothing that is left to read: %j', async (source) => {
  const left = 'source.exclude leaves nothing to read. Take out of it what is to be read.';
  expect(await messages(pipeline(source))).toEqual([left]);
  expect(await messages(pipeline({ ...source, include: ['owners'] }))).toEqual([]);
});

test('no mistakes: says so', async () => {
  expect(await run(pipeline())).toEqual({ code: 0, out: 'pipeline.json has no mistakes.' });
});

test('all mistakes at once, in the order of the file, each with its place', async () => {
  const given = `{
  "$schema": "./node_modules/hubflake/spec/pipeline.schema.json",
  "name": "crm",
  "source": {
    "credentials": { "access_token": "\${HUBSPOT_TOKN}" },
    "layout": "colums",
    "start_date": "2024-02-31",
    "first_lod": "list",
    "objects": [
      { "object_type": "contcats", "updated_after": "2024-13-01" },
      { "object_type": "deals", "properties": "all" },
      { "object_type": "Deal" },
      { "object_type": "owners", "history": ["x"] }
    ],
    "include": ["lists", "markting"],
    "lookback_window": "60"
  },
  "destination": {
    "host": "https://example.com",
    "database": "A", "schema": "B", "role": 5, "username": "U",
    "credentials": { "private_key_file": "missing.p8" },
    "jdbc_url_params": "abc",
    "table_name": "one", "flsh_mb": 3
  },
  "streams": [
    { "name": "a", "sync_mode": "incremental", "destination_sync_mode": "overwrite" },
    { "name": "a", "sync_mode": "all" }
  ],
  "name": "crm"
}`;
  process.env.HUBSPOT_TOKEN = 'token-of-tests';
  const { mistakes } = await report(given);
  delete process.env.HUBSPOT_TOKEN;
  const lines = given.split('\n');
  // The place is that of the option's key.
  const told = mistakes.map(({ path, line, column, nearest }) => [
    path,
    /^[\w"{]+/.exec(lines[line - 1]?.slice(column - 1) ?? '')?.[0],
    nearest,
  ]);
  expect(told).toEqual([
    ['source.credentials.access_token', '"access_token"', 'HUBSPOT_TOKEN'],
    ['source.layout', '"layout"', 'columns'],
    ['source.start_date', '"start_date"', null],
    ['source.first_lod', '"first_lod"', 'first_load'],
    ['source.objects[0].object_type', '"object_type"', 'contacts'],
    ['source.objects[0].updated_after', '"updated_after"', null],
    ['source.objects[1].properties', '"properties"', null],
    ['source.objects[2]', '{', null],
    ['source.objects[3].history', '"history"', null],
    ['source.include[1]', '"markting"', 'marketing'],
    ['source.lookback_window', '"lookback_window"', null],
    ['destination.host', '"host"', null],
    ['destination.role', '"role"', null],
    ['destination.credentials.private_key_file', '"private_key_file"', null],
    ['destination.jdbc_url_params', '"jdbc_url_params"', null],
    ['destination.table_name', '"table_name"', null],
    ['destination.flsh_mb', '"flsh_mb"', 'flush_mb'],
    ['streams[0].destination_sync_mode', '"destination_sync_mode"', null],
    ['streams[1].name', '"name"', null],
    ['streams[1].sync_mode', '"sync_mode"', null],
    ['', '"name"', null],
  ]);
  expect(mistakes[2]).toMatchObject({ expected: 'should be a date of the calendar', found: '"2024-02-31"', line: 7 });
  expect(mistakes[10]).toMatchObject({ expected: 'should be an integer', found: '"60"' });
  expect((await run(given)).out).toMatch(/^pipeline\.json:5:22: .*\npipeline\.json:6:5: [\s\S]*\n21 mistakes\.$/);
});

test('the same of YAML, with its lines', async () => {
  name = 'pipeline.yaml';
  const given = pipeline({ start_date: '2024-02-31', objects: [{ object_type: 'deals', nme: 'x' }] });
  const text = stringify(given);
  const { mistakes } = await report(text);
  const line = (part: string) => text.split('\n').findIndex((each) => each.includes(part)) + 1;
  expect(mistakes.map(({ path, line }) => [path, line])).toEqual([
    ['source.start_date', line('start_date')],
    ['source.objects[0].nme', line('nme')],
  ]);
});

test('a mistake of syntax is one, with its place', async () => {
  expect(await run('{ "name": "crm", }')).toEqual({
    code: 1,
    out: 'pipeline.json:1:18: The file is not JSON: see line 1, column 18.\n1 mistake.',
  });
  name = 'pipeline.yaml';
  expect(await messages('name: a\nname: b\n')).toEqual([
    'The file is not YAML: see line 2, column 1, where a key is there twice.',
  ]);
});

test('what the .env beside the pipeline has is set', async () => {
  const given = pipeline({ credentials: { access_token: '${OF_DOTENV}' } });
  expect(await messages(given)).toEqual([expect.stringContaining('OF_DOTENV, which is not set')]);
  writeFileSync(join(folder, '.env'), 'OF_DOTENV=token-of-tests\n', { mode: 0o600 });
  expect(await messages(given)).toEqual([]);
  rmSync(join(folder, '.env'));
});

test('where a variable is not set, nothing else is said of its place', async () => {
  const given = pipeline({ start_date: '${UNSET_DATE}', layout: '${UNSET_LAYOUT}' });
  expect((await report(given)).mistakes.map(({ message }) => message)).toEqual([
    expect.stringContaining('UNSET_DATE'),
    expect.stringContaining('UNSET_LAYOUT'),
  ]);
});

describe('what a source, a destination or both cannot', () => {
  const file = join(folder, 'key.p8');
  test.each<[string, object, string]>([
    [
      'an OAuth app of which two values are no tokens',
      pipeline({ credentials: { client_id: 'a b', client_secret: '', refresh_token: 'r' } }),
      'source.credentials.client_id has a character that cannot be in a token',
    ],
    [
      'a connection that is not there',
      pipeline({}, { type: 'snowflake', path: undefined, connection: 'nobody' }),
      'destination.connection',
    ],
    [
      'a login that lacks its user',
      pipeline(
        {},
        {
          ...snowflake,
          type: undefined,
          path: undefined,
          username: undefined,
          credentials: { token: 'token-of-tests' },
        },
      ),
      'username is missing',
    ],
    [
      'legacy raw tables',
      pipeline(
        {},
        {
          ...snowflake,
          type: undefined,
          path: undefined,
          credentials: { token: 'token-of-tests' },
          disable_type_dedupe: true,
        },
      ),
      'destination.disable_type_dedupe asks for',
    ],
    [
      'a folder that is not there',
      pipeline({}, { path: join(folder, 'none', 'crm.duckdb') }),
      'destination.path: the folder',
    ],
    ['a warehouse that is none', pipeline({}, { type: 'duckbd' }), 'Did you mean "duckdb"?'],
    [
      'Fivetran in raw tables',
      pipeline({ layout: 'fivetran' }, { table_form: 'raw' }),
      'destination.table_form is "raw"',
    ],
    [
      'Fivetran and a name',
      pipeline({ layout: 'fivetran', objects: [{ object_type: 'deals', name: 'd' }] }),
      'source.objects[0].name: in the layout "fivetran"',
    ],
    [
      'filters beyond HubSpot',
      pipeline({
        objects: [
          { object_type: 'deals' },
          {
            object_type: 'contacts',
            filter_groups: Array(6).fill({ filters: [{ propertyName: 'a', operator: 'HAS_PROPERTY' }] }),
          },
        ],
      }),
      'source.objects[1].filter_groups is more than',
    ],
    [
      'a name of associations that is taken',
      pipeline({
        objects: [{ object_type: 'deals' }],
        association_streams: [{ from_object: 'deals', to_object: 'contacts', stream_name: 'Deals' }],
      }),
      'source.association_streams[0] is called "Deals", as is source.objects[0]',
    ],
    [
      'a stream that is none',
      pipeline({}, {}, { streams: [{ name: 'contact_list' }] }),
      'Did you mean "contact_lists"?',
    ],
    [
      'a day that no calendar has, behind another object',
      pipeline({ objects: [{ object_type: 'deals' }, { object_type: 'contacts', updated_after: '2024-02-31' }] }),
      'source.objects[1].updated_after should be a date of the calendar',
    ],
    ['no source', { name: 'crm', destination: pipeline().destination }, 'source is missing.'],
    ['a list', [], 'The document should be an object'],
  ])('%s', async (_, given, message) => {
    expect((await messages(given, { kind: 'pipeline' })).join('\n')).toContain(message);
  });

  test('a key that others can read, and one that is none', async () => {
    const of = (path: string) =>
      messages({ ...snowflake, credentials: { private_key_file: path } }).then((all) => all.join('\n'));
    writeFileSync(file, 'no key');
    chmodSync(file, 0o644);
    expect(await of(file)).toContain('can be read by others than its owner (mode 644)');
    chmodSync(file, 0o600);
    expect(await of(file)).toContain('is not a PEM text');
  });
});

test.each<[string, object]>([
  [
    'custom objects under any name that is far from all others',
    { objects: [{ object_type: 'spaceship' }, { object_type: 'p_contcats' }, { object_type: '2-123' }] },
  ],
  ['streams of groups', { include: ['marketing', 'teams'], exclude: ['forms'] }],
  ['notes', { _note: 'mine' }],
  ["options of Airbyte's without effect", { enable_experimental_streams: true, num_workers: 5 }],
])('no mistakes are %s', async (_, source) => {
  expect(await messages(pipeline(source))).toEqual([]);
});

test.each<[string, string]>([
  [JSON.stringify({ credentials: { credentials_title: 'OAuth Credentials' } }), 'source'],
  [JSON.stringify({ credentials: { access_token: 'a' }, layout: 'columns' }), 'source'],
  [JSON.stringify({ ...snowflake, credentials: {} }), 'destination'],
  [JSON.stringify({ type: 'duckdb' }), 'destination'],
  [JSON.stringify({ name: 'a' }), 'pipeline'],
])('%s is a %s', async (text, kind) => {
  expect((await report(text)).kind).toBe(kind);
});

test('a document that could be either asks for --kind', async () => {
  const given = { credentials: { access_token: 'token-of-tests' } };
  await expect(run(given)).rejects.toThrow('Add --kind pipeline, --kind source or --kind destination.');
  expect(await messages(given, { kind: 'source' })).toEqual([]);
  await expect(run(given, { kind: 'sorce' })).rejects.toThrow('--kind should be one of');
});

test('what needs a salt has it; a connection tells the account of a host with any name', async () => {
  const hashing = { sensitive: 'hash', objects: [{ object_type: 'deals', hash_properties: ['dealname'] }] };
  expect((await report(pipeline({ ...hashing, hash_salt: 'a salt of these tests' }))).mistakes).toEqual([]);
  const short = await report(pipeline({ ...hashing, hash_salt: 'short' }));
  expect(short.mistakes.map(({ path, message }) => [path, message])).toEqual([
    ['source.hash_salt', 'source.hash_salt should have 16 characters or more.'],
  ]);
  const home = process.env.SNOWFLAKE_HOME;
  process.env.SNOWFLAKE_HOME = folder;
  const connection = [
    'account = "myorg-acme"',
    'host = "snow.internal.example.com"',
    'user = "U"',
    'password = "p-of-tests"',
  ];
  writeFileSync(
    join(folder, 'connections.toml'),
    ['[inside]', ...connection, 'database = "D"', 'schema = "S"', ''].join('\n'),
    { mode: 0o600 },
  );
  const { mistakes } = await report(pipeline({}, { type: 'snowflake', path: undefined, connection: 'inside' }));
  if (home === undefined) delete process.env.SNOWFLAKE_HOME;
  else process.env.SNOWFLAKE_HOME = home;
  expect(mistakes).toEqual([]);
});
