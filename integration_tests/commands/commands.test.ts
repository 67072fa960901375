import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query, tables } from '../support/duckdb.js';
import {
  configure,
  hubflake,
  messages,
  type Outcome,
  ofType,
  shell,
  TestFolder,
} from '../support/processes/command.js';
import { deadUrl } from '../support/processes/ports.js';
import { judgeMessages } from '../support/schedules/judge.js';

const SECRET = 'pat-na1-canary-0123456789';

let sandbox: Sandbox;
let folder: TestFolder;
let source: string;

beforeEach(async () => {
  sandbox = await startSandbox({
    token: SECRET,
    counts: { contacts: 350 },
    limits: { burst: 5000, searchPerSecond: 1000 },
  });
  folder = new TestFolder();
  source = folder.write('source.json', { credentials: { access_token: SECRET } });
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const run = async (args: string[], options: Parameters<typeof hubflake>[1] = {}): Promise<Outcome> => {
  const outcome = await hubflake(args, { environment: { HUBSPOT_BASE_URL: sandbox.url }, ...options });
  expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
  return outcome;
};
const contactsCatalog = async () =>
  folder.write(
    'catalog.json',
    configure(await run(['discover', '--config', source]), (name) => name === 'contacts'),
  );

/** The one TRACE ERROR of a run that failed as it should: exit code 1, a sentence, no stack. */
async function failure(outcome: Outcome) {
  await judgeMessages(outcome.lines);
  expect(outcome.code).toBe(1);
  const errors = ofType(outcome, 'TRACE').flatMap(({ trace }) => (trace.error ? [trace.error] : []));
  expect(errors).toHaveLength(1);
  expect(errors[0]?.stack_trace).toBeUndefined();
  return errors[0];
}

test('spec prints one SPEC with the source options', async () => {
  const outcome = await run(['spec']);
  await judgeMessages(outcome.lines);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(messages(outcome)).toEqual([
    {
      type: 'SPEC',
      spec: expect.objectContaining({
        connectionSpecification: expect.objectContaining({ required: ['credentials'] }),
      }),
    },
  ]);
});

test('help tells of every command, and of each its options', async () => {
  const help = await run(['--help']);
  for (const command of ['spec', 'check', 'discover', 'read', 'write', 'sync', 'plan', 'compare', 'sandbox', 'demo'])
    expect(help.stdout).toContain(command);
  expect((await run(['read', '--help'])).stdout).toContain('--state');
  expect((await run(['--version'])).stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(await run(['raed'])).toMatchObject({ code: 1, stdout: '' });
});

describe('check answers with a status, whatever is wrong', () => {
  const status = async (config: unknown, environment?: Record<string, string>) => {
    const outcome = await run(
      ['check', '--config', folder.write('c.json', config)],
      environment ? { environment } : {},
    );
    await judgeMessages(outcome.lines);
    expect(outcome.code).toBe(0);
    const [answer, ...more] = ofType(outcome, 'CONNECTION_STATUS');
    expect(more).toEqual([]);
    return answer?.connectionStatus;
  };
  const credentials = { access_token: SECRET };

  test('all is well', async () => {
    expect(await status({ credentials })).toEqual({
      status: 'SUCCEEDED',
      message: expect.stringContaining('streams can be read'),
    });
  });

  test('the token is refused', async () => {
    const wrong = { credentials: { access_token: 'pat-na1-wrong' } };
    expect(await status(wrong)).toEqual({
      status: 'FAILED',
      message: expect.stringContaining('HubSpot refused the access token'),
    });
  });

  test('the token has an invisible character, which is said at once', async () => {
    const broken = { credentials: { access_token: `${SECRET.slice(0, 11)}\u200b${SECRET.slice(11)}` } };
    expect(await status(broken)).toEqual({
      status: 'FAILED',
      message:
        'credentials.access_token has a character that cannot be in a token: U+200B (zero-width space) at position 12. Copy it again from HubSpot.',
    });
    expect(sandbox.calls.counts().total).toBe(0);
  });

  test('the configuration has mistakes', async () => {
    expect(await status({ credentials, num_worker: 'x' })).toEqual({
      status: 'FAILED',
      message: expect.stringContaining('num_worker should be an integer'),
    });
  });

  test('HubSpot cannot be reached', async () => {
    const startedAt = Date.now();
    const answer = await status({ credentials }, { HUBSPOT_BASE_URL: await deadUrl() });
    expect(answer).toEqual({
      status: 'FAILED',
      message: expect.stringMatching(/^HubSpot could not be reached \(ECONNREFUSED\).*Check the network/),
    });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
  });

  test('a scope is missing for what is merely discoverable', async () => {
    sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read']);
    const answer = await status({ credentials });
    expect(answer?.status).toBe('SUCCEEDED');
    expect(answer?.message).toContain('companies needs crm.objects.companies.read');
  });

  test('a scope is missing for what is configured', async () => {
    sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read']);
    const answer = await status({ credentials, objects: [{ object_type: 'contacts' }, { object_type: 'deals' }] });
    expect(answer?.status).toBe('FAILED');
    expect(answer?.message).toContain('deals needs crm.objects.deals.read');
  });

  test('nothing can be read', async () => {
    sandbox.access.setScopes([]);
    expect(await status({ credentials })).toEqual({
      status: 'FAILED',
      message: expect.stringContaining('may read nothing'),
    });
  });

  test('exclude leaves nothing', async () => {
    expect(await status({ credentials, objects: [{ object_type: 'contacts' }], exclude: ['contacts'] })).toEqual({
      status: 'FAILED',
      message: 'exclude leaves nothing to read. Take out of it what is to be read.',
    });
  });

  test('an object does not exist', async () => {
    const answer = await status({ credentials, objects: [{ object_type: 'contcats' }] });
    expect(answer?.message).toContain('Did you mean "contacts"?');
  });
});

test('discover leaves out what the token may not read, and names the scope', async () => {
  sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read']);
  const outcome = await run(['discover', '--config', source]);
  await judgeMessages(outcome.lines);
  const names = ofType(outcome, 'CATALOG')[0]?.catalog.streams.map((stream) => stream.name);
  expect(names).toContain('contacts');
  expect(names).not.toContain('deals');
  const logged = ofType(outcome, 'LOG').map(({ log }) => log.message);
  expect(logged).toContainEqual('deals is left out: the token lacks the scope crm.objects.deals.read.');
});

test('discover has unique streams, each with a key and a cursor in its schema', async () => {
  const [catalog] = ofType(await run(['discover', '--config', source]), 'CATALOG');
  const streams = catalog?.catalog.streams ?? [];
  expect(new Set(streams.map((stream) => stream.name)).size).toBe(streams.length);
  for (const stream of streams) {
    const properties = Object.keys(stream.json_schema.properties as object);
    expect(properties).toEqual(
      expect.arrayContaining([stream.default_cursor_field?.[0], stream.source_defined_primary_key?.[0]?.[0]]),
    );
  }
});

test('discover and read keep to the criteria: object, name, date, filters, properties', async () => {
  const criteria = {
    object_type: '0-1',
    name: 'leads_only',
    filter_groups: [{ filters: [{ propertyName: 'lifecyclestage', operator: 'EQ', value: 'lead' }] }],
    properties: ['email', 'lifecyclestage'],
  };
  const recent = { object_type: 'companies', updated_after: '2024-06-01', exclude_properties: ['name'] };
  const config = folder.write('c.json', { credentials: { access_token: SECRET }, objects: [criteria, recent] });
  const discovered = await run(['discover', '--config', config]);
  const catalog = folder.write('k.json', configure(discovered));
  const outcome = await run(['read', '--config', config, '--catalog', catalog]);
  await judgeMessages(outcome.lines);
  const records = (name: string) =>
    ofType(outcome, 'RECORD')
      .filter(({ record }) => record.stream === name)
      .map(({ record }) => record.data);
  const contacts = sandbox.portal.truth('contacts', { properties: ['lifecyclestage'] }).live;
  const leads = contacts.filter((contact) => contact.properties.lifecyclestage === 'lead').map(({ id }) => id);
  expect(leads.length).toBeGreaterThan(0);
  expect(
    records('leads_only')
      .map((data) => data.id)
      .sort(),
  ).toEqual(leads.sort());
  expect(Object.keys(records('leads_only')[0]?.properties as object)).toEqual(['email', 'lifecyclestage']);
  const companies = sandbox.portal.truth('companies').live.filter((company) => company.updatedAt >= '2024-06-01');
  expect(
    records('companies')
      .map((data) => data.id)
      .sort(),
  ).toEqual(companies.map(({ id }) => id).sort());
  expect(companies.length).toBeGreaterThan(0);
  expect(Object.keys(records('companies')[0]?.properties as object)).not.toContain('name');
});

describe('read says in one sentence what is wrong', () => {
  test.each([
    ['no configuration', ['read'], 'No configuration was given'],
    ['a configuration that is missing', ['read', '--config', '/nowhere.json'], 'there is no such file'],
    ['no catalog', ['read', '--config', 'SOURCE'], 'No catalog was given'],
  ])('%s', async (_, args, message) => {
    const error = await failure(await run(args.map((arg) => (arg === 'SOURCE' ? source : arg))));
    expect(error).toMatchObject({ failure_type: 'config_error', message: expect.stringContaining(message) });
  });

  test.each([
    ['a configuration that is no JSON', '{"credentials": ', 'is not JSON'],
    ['a configuration of another shape', '[]', 'the document should be an object, but is a list'],
    [
      'a start date that is none',
      { credentials: { access_token: 'x-y-z' }, start_date: '2020-31-12' },
      'start_date should be a date of the calendar',
    ],
  ])('%s', async (_, config, message) => {
    const error = await failure(
      await run([
        'read',
        '--config',
        folder.write('c.json', config),
        '--catalog',
        folder.write('k.json', { streams: [] }),
      ]),
    );
    expect(error).toMatchObject({ failure_type: 'config_error', message: expect.stringContaining(message) });
  });

  test('a state of another shape', async () => {
    const args = [
      'read',
      '--config',
      source,
      '--catalog',
      await contactsCatalog(),
      '--state',
      folder.write('s.json', [{ foo: 1 }]),
    ];
    expect(await failure(await run(args))).toMatchObject({
      failure_type: 'config_error',
      message: expect.stringContaining('is not an Airbyte state'),
    });
  });

  test.each<[string, object, string]>([
    [
      "Singer's, broken off",
      { bookmarks: { contacts: { updatedAt: '2024-01-01T00:00:00Z' } }, currently_syncing: 'contacts' },
      'names only "bookmarks"',
    ],
    ["Singer's", { bookmarks: { contacts: { updatedAt: '2024-01-01T00:00:00Z' } } }, 'names only "bookmarks"'],
    [
      'of other streams',
      { deals: { updatedAt: '2024-01-01T00:00:00Z' }, tickets: {} },
      'names only "deals", "tickets"',
    ],
  ])('a state %s that names nothing of the catalog is warned of', async (_, state, said) => {
    const file = folder.write('s.json', state);
    const outcome = await run(['read', '--config', source, '--catalog', await contactsCatalog(), '--state', file]);
    expect(outcome.code).toBe(0);
    const warnings = ofType(outcome, 'LOG').filter(({ log }) => log?.level === 'WARN');
    expect(warnings.map(({ log }) => log?.message)).toContainEqual(expect.stringContaining(said));
  });

  test('a state of another portal', async () => {
    const state = { updatedAt: '', hubflake: { version: 1, portal: 1 } };
    const states = folder.write('s.json', [
      { type: 'STREAM', stream: { stream_descriptor: { name: 'contacts' }, stream_state: state } },
    ]);
    const error = await failure(
      await run(['read', '--config', source, '--catalog', await contactsCatalog(), '--state', states]),
    );
    expect(error).toMatchObject({
      failure_type: 'config_error',
      stream_descriptor: { name: 'contacts' },
      message: expect.stringContaining('is of the HubSpot portal 1'),
    });
  });

  test('HubSpot that cannot be reached', async () => {
    const catalog = await contactsCatalog();
    const server = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const startedAt = Date.now();
    const outcome = await hubflake(['read', '--config', source, '--catalog', catalog], {
      environment: { HUBSPOT_BASE_URL: url },
    });
    server.close();
    expect(await failure(outcome)).toMatchObject({ failure_type: 'transient_error' });
    expect(Date.now() - startedAt).toBeLessThan(60_000);
  });
});

test('a stream that does not exist fails alone', async () => {
  const { streams } = configure(await run(['discover', '--config', source]), (name) => name === 'contacts');
  const [contacts] = streams;
  const gone = { ...contacts, stream: { ...contacts?.stream, name: 'contcats' } };
  const outcome = await run([
    'read',
    '--config',
    source,
    '--catalog',
    folder.write('k.json', { streams: [gone, contacts] }),
  ]);
  const error = await failure(outcome);
  expect(error).toMatchObject({
    failure_type: 'config_error',
    stream_descriptor: { name: 'contcats' },
    message: expect.stringContaining('Did you mean "contacts"?'),
  });
  const statuses = ofType(outcome, 'TRACE').flatMap(({ trace }) =>
    trace.stream_status ? [`${trace.stream_status.stream_descriptor.name} ${trace.stream_status.status}`] : [],
  );
  expect(statuses).toEqual(expect.arrayContaining(['contcats INCOMPLETE', 'contacts COMPLETE']));
  expect(ofType(outcome, 'RECORD').length).toBeGreaterThan(300);
});

test('an unknown option is a warning that names the nearest known one', async () => {
  const outcome = await run(['check', '--config', source, '--confg', 'x']);
  expect(outcome.code).toBe(0);
  expect(ofType(outcome, 'LOG').map(({ log }) => log)).toContainEqual({
    level: 'WARN',
    message: 'Unknown option --confg; it is ignored. Did you mean --config?',
  });
});

test('a value that an option does not have runs nothing', async () => {
  for (const option of [
    ['--log-level', 'loud'],
    ['--log-format', 'xml'],
  ]) {
    const outcome = await run(['spec', ...option]);
    expect([outcome.code, outcome.stdout]).toEqual([1, '']);
    expect(outcome.stderr).toMatch(/Given: "(loud|xml)"/);
  }
});

test('a word too many is a warning', async () => {
  const outcome = await run(['destination', 'spec', 'extra']);
  expect(outcome.code).toBe(0);
  const messages = ofType(outcome, 'LOG').map(({ log }) => log.message);
  expect(messages).toEqual(['"extra" belongs to no option; it is ignored.']);
});

test('a stack trace comes only when debugging is asked for', async () => {
  const outcome = await run(['read', '--config', '/nowhere.json', '--log-level', 'debug']);
  const [error] = ofType(outcome, 'TRACE');
  expect(error?.trace.error?.stack_trace).toContain('ConfigError');
});

test('a refresh token that HubSpot rotates goes out as CONTROL', async () => {
  await sandbox.close();
  sandbox = await startSandbox({ rotateRefreshToken: true, limits: { burst: 5000 } });
  const credentials = {
    credentials_title: 'OAuth Credentials',
    client_id: sandbox.oauth.clientId,
    client_secret: sandbox.oauth.clientSecret,
    refresh_token: sandbox.oauth.refreshToken,
  };
  const config = folder.write('oauth.json', { credentials, num_worker: 5 });
  const catalog = folder.write('k.json', {
    streams: [
      {
        stream: { name: 'owners', json_schema: {}, supported_sync_modes: ['full_refresh'] },
        sync_mode: 'full_refresh',
        destination_sync_mode: 'append',
      },
    ],
  });
  const outcome = await run(['read', '--config', config, '--catalog', catalog]);
  await judgeMessages(outcome.lines);
  expect(outcome.code).toBe(0);
  const [control] = ofType(outcome, 'CONTROL');
  expect(control?.control.connectorConfig?.config).toEqual({
    credentials: { ...credentials, refresh_token: expect.not.stringMatching(`^${credentials.refresh_token}$`) },
    num_worker: 5,
  });
});

describe('when it is stopped', () => {
  test('SIGTERM: the last complete state is out, and it dies of the signal', async () => {
    const catalog = await contactsCatalog();
    sandbox.switches.set({ latencyMs: 200 });
    const outcome = await run(['read', '--config', source, '--catalog', catalog], {
      during: (child) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          // Once: a second signal kills at once.
          if (!child.killed && chunk.includes('"type":"STATE"')) child.kill('SIGTERM');
        });
      },
    });
    expect(outcome).toMatchObject({ code: null, signal: 'SIGTERM' });
    await judgeMessages(outcome.lines);
    const kinds = messages(outcome).map((message) => message.type);
    expect(kinds.lastIndexOf('STATE')).toBeGreaterThan(kinds.lastIndexOf('RECORD'));
    const states = ofType(outcome, 'STATE');
    const counted = states.reduce((sum, { state }) => sum + (state.sourceStats?.recordCount ?? 0), 0);
    expect(counted).toBe(ofType(outcome, 'RECORD').length);
    expect(ofType(outcome, 'TRACE').at(-1)?.trace.stream_status?.status).toBe('INCOMPLETE');
  });

  test('a reader that goes away: no stack trace, no further calls, exit code 1', async () => {
    sandbox.portal.createSamples('contacts', 3000);
    const catalog = await contactsCatalog();
    sandbox.switches.set({ latencyMs: 100 });
    sandbox.calls.reset();
    const outcome = await run(['read', '--config', source, '--catalog', catalog], {
      during: (child) => child.stdout?.once('data', () => child.stdout?.destroy()),
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toBe(
      'The reader of the output has gone away, so reading was stopped. States already received stay valid.\n',
    );
    // Of some thirty pages, only those that were on their way.
    expect(sandbox.calls.counts().byKind.list).toBeLessThan(6);
  });

  test('the sandbox ends, and its port with it', async () => {
    const child = spawn(process.execPath, ['dist/main.js', 'sandbox', '--contacts', '3'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const { url, token } = JSON.parse(line) as { url: string; token: string };
    const answer = await fetch(`${url}/crm/objects/2026-09/contacts`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(((await answer.json()) as { results: unknown[] }).results.length).toBeLessThanOrEqual(3);
    const died = new Promise((resolve) => child.on('close', (_code, signal) => resolve(signal)));
    child.kill('SIGTERM');
    expect(await died).toBe('SIGTERM');
  });
});

describe('write says in one sentence what is wrong, and keeps what was good', () => {
  const stream = {
    name: 's',
    json_schema: { properties: { id: { type: 'string' } } },
    supported_sync_modes: ['incremental'],
  };
  const catalog = () =>
    folder.write('k.json', {
      streams: [{ stream, sync_mode: 'incremental', destination_sync_mode: 'append_dedup', primary_key: [['id']] }],
    });
  const record = (id: string, name = 's') =>
    JSON.stringify({ type: 'RECORD', record: { stream: name, data: { id }, emitted_at: 1_700_000_000_000 } });
  const state = (n: number) =>
    JSON.stringify({
      type: 'STATE',
      state: { type: 'STREAM', stream: { stream_descriptor: { name: 's' }, stream_state: { n } } },
    });
  const write = (input: string, config: object = { type: 'duckdb', path: folder.join('w.duckdb') }) =>
    run(['write', '--config', folder.write('d.json', config), '--catalog', catalog()], { input });

  test.each([
    ['a line that is no JSON', 'not json', 'Line 3 of the input is not JSON: not json'],
    ['a line that is no message', '{"a":1}', 'Line 3 of the input is not an Airbyte message'],
    [
      'a record of another stream',
      record('1', 'other'),
      'a record of the stream "other", which the catalog does not have',
    ],
  ])('%s', async (_, line, message) => {
    const outcome = await write(`${record('1')}\n${state(1)}\n${line}\n${record('2')}\n`);
    expect(await failure(outcome)).toMatchObject({
      failure_type: 'system_error',
      message: expect.stringContaining(message),
    });
    expect(ofType(outcome, 'STATE')).toHaveLength(1);
    expect(await query(folder.join('w.duckdb'), 'SELECT id FROM s')).toEqual([{ id: '1' }]);
  });

  test.each([
    ['no path', { type: 'duckdb' }, 'path is missing'],
    [
      'a folder that is missing',
      { type: 'duckdb', path: '/nowhere/w.duckdb' },
      'The folder /nowhere of the DuckDB file does not exist',
    ],
    ['a folder as path', { type: 'duckdb', path: '/tmp' }, '/tmp is a folder'],
    [
      'a spool folder that cannot be written',
      { type: 'duckdb', path: ':w:', spool_dir: '/proc/none' },
      'Records cannot be spooled',
    ],
  ])('%s', async (_, config, message) => {
    const given = 'path' in config && config.path === ':w:' ? { ...config, path: folder.join('w.duckdb') } : config;
    expect(await failure(await write(record('1'), given))).toMatchObject({ message: expect.stringContaining(message) });
  });

  test('a full disk: what was committed stays, nothing else is confirmed, and no file is left behind', async () => {
    const config = folder.write('d.json', {
      type: 'duckdb',
      path: folder.join('w.duckdb'),
      spool_dir: folder.join('spool'),
    });
    const noise = (id: number) =>
      JSON.stringify({
        type: 'RECORD',
        record: {
          stream: 's',
          data: { id: String(id), v: randomBytes(60_000).toString('base64') },
          emitted_at: 1_700_000_000_000,
        },
      });
    const input = `${[1, 2, 3, 4, 5].flatMap((i) => Array.from({ length: 40 }, (_, j) => noise(i * 100 + j))).join('\n')}\n${state(1)}\n`;
    // No file may grow beyond 2 MB: what a full disk does to the first that tries.
    const command = `ulimit -f 4000; exec ${process.execPath} dist/main.js write --config ${config} --catalog ${catalog()}`;
    const outcome = await shell(command, input);
    const error = await failure(outcome);
    expect(error?.message).toContain('the disk is full');
    expect(ofType(outcome, 'STATE')).toEqual([]);
    expect(readdirSync(folder.join('spool'))).toEqual([]);
  });

  test('a file that is no DuckDB file', async () => {
    const path = folder.write('w.duckdb', 'x'.repeat(10_000));
    expect(await failure(await write(record('1'), { type: 'duckdb', path }))).toMatchObject({
      failure_type: 'config_error',
      message: expect.stringContaining('it is not a DuckDB file'),
    });
  });

  test('an empty input makes no table', async () => {
    expect((await write('')).code).toBe(0);
    expect(await tables(folder.join('w.duckdb'))).toEqual([]);
  });
});

test('sync says which variable of the environment is missing', async () => {
  const config = folder.write('p.json', {
    name: 'p',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the pipeline's own placeholder
    source: { credentials: { access_token: '${NO_SUCH_TOKEN}' } },
    destination: { type: 'duckdb', path: folder.join('w.duckdb') },
  });
  const outcome = await run(['sync', '--config', config]);
  expect(outcome).toMatchObject({ code: 1, stdout: '' });
  expect(outcome.stderr).toContain(
    'source.credentials.access_token uses the environment variable NO_SUCH_TOKEN, which is not set',
  );
  expect(outcome.stderr).not.toContain('    at ');
});

test('the demo shows two syncs and what is in the tables', async () => {
  const outcome = await run(['demo', '--json'], { cwd: folder.path });
  expect(outcome.code).toBe(0);
  const { first, second, query: shown } = JSON.parse(outcome.stdout);
  const table = (result: { streams: { table: string }[] }, name: string) =>
    result.streams.find((each) => each.table === name);
  expect(table(first, 'contacts')).toMatchObject({ complete: true, updated: 0, marked: 0 });
  expect(table(second, 'contacts')).toMatchObject({ records: 26, inserted: 1, updated: 25, marked: 0 });
  expect(table(second, 'deals')).toMatchObject({ updated: 3, marked: 1 });
  expect(table(second, 'companies')).toMatchObject({ inserted: 1, updated: 0, marked: 2 });
  expect(second.calls.total).toBe(second.calls.least);
  expect(shown.rows).toHaveLength(5);
  expect(
    await query(
      folder.join('hubflake-demo.duckdb'),
      "SELECT count(*)::INTEGER AS n FROM contacts WHERE email = 'ada@example.com'",
    ),
  ).toEqual([{ n: 1 }]);
});
