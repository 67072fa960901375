import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../errors.js';
import { configureLog } from '../../log.js';
import { parseDestinationConfig } from '../destination.js';
import { connectionFiles, findConnection } from './connections-toml.js';

let home: string;
let warnings: string[];
const before = { ...process.env };
beforeEach(() => {
  warnings = [];
  configureLog({ sink: (_level, message) => warnings.push(message) });
  home = mkdtempSync(join(tmpdir(), 'hubflake-home-'));
  // The folder of the tests' own user is not asked.
  process.env.HOME = home;
  for (const name of ['SNOWFLAKE_HOME', 'XDG_CONFIG_HOME', 'SNOWFLAKE_ACCOUNT', 'SNOWFLAKE_DEFAULT_CONNECTION_NAME']) {
    delete process.env[name];
  }
});
afterEach(() => {
  process.env = { ...before };
  rmSync(home, { recursive: true });
});

function write(path: string, text: string, mode = 0o600): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}
const parse = (config: object) => parseDestinationConfig(config);
const refused = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

const PLACE = 'account = "org-acc"\ndatabase = "db"\nschema = "s"\n';
const WITH_TOKEN = `${PLACE}user = "ann"\nauthenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken = "hush-hush"\n`;

test('what is left out comes from the connection, names as SQL reads them', () => {
  write(
    '.snowflake/connections.toml',
    `[mine]\n${WITH_TOKEN}role = "loader"\nwarehouse = '"My Warehouse"'\nunknown_key = 1\n`,
  );
  expect(parse({ connection: 'mine' })).toMatchObject({
    url: 'https://org-acc.snowflakecomputing.com',
    account: 'org-acc',
    role: 'LOADER',
    warehouse: 'My Warehouse',
    database: 'DB',
    schema: 'S',
    credentials: { kind: 'access-token', username: 'ann', token: 'hush-hush' },
  });
  expect(warnings).toEqual([]);
});

test('what the configuration says itself wins', () => {
  write('.snowflake/connections.toml', `[mine]\n${WITH_TOKEN}host = "127.0.0.1"\nport = 8080\nprotocol = "http"\n`);
  expect(parse({ connection: 'mine' })).toMatchObject({ url: 'http://127.0.0.1:8080', account: 'org-acc' });
  const given = {
    host: 'other.snowflakecomputing.com',
    schema: 'Mixed',
    role: 'Own Role',
    username: 'bob',
    credentials: { token: 'another-one' },
  };
  expect(parse({ connection: 'mine', ...given })).toMatchObject({
    url: 'https://other.snowflakecomputing.com',
    account: 'other',
    role: 'Own Role',
    database: 'DB',
    schema: 'Mixed',
    credentials: { kind: 'access-token', username: 'bob', token: 'another-one' },
  });
});

describe('files', () => {
  test("are those of Snowflake's tools, in their order", () => {
    const folders = (environment: NodeJS.ProcessEnv, platform: NodeJS.Platform) =>
      connectionFiles({ HOME: home, ...environment }, platform)
        .filter((file) => file.endsWith('connections.toml'))
        .map((file) => dirname(file).replace(home, '~'));
    expect(folders({}, 'linux')).toEqual(['~/.snowflake', '~/.config/snowflake']);
    expect(folders({ XDG_CONFIG_HOME: '/x' }, 'linux')).toEqual([
      '~/.snowflake',
      '/x/snowflake',
      '~/.config/snowflake',
    ]);
    expect(folders({}, 'darwin').slice(0, 2)).toEqual(['~/.snowflake', '~/Library/Application Support/snowflake']);
    expect(folders({ SNOWFLAKE_HOME: '/own' }, 'linux')[0]).toBe('/own');
    expect(folders({ SNOWFLAKE_HOME: '~/own' }, 'linux')[0]).toBe('~/own');
  });

  test('connections.toml goes before config.toml beside it, and either is enough', () => {
    write(
      '.snowflake/config.toml',
      '[connections.a]\nuser = "second"\n[connections.b]\nuser = "b"\n[cli.logs]\nx = 1\n',
    );
    write('.snowflake/connections.toml', '[a]\nuser = "first"\n');
    write('.config/snowflake/config.toml', 'default_connection_name = "c"\n[connections.c]\nuser = "c"\n');
    const user = (name: string) => findConnection(name).table.user;
    expect([user('a'), user('b'), user('c')]).toEqual(['first', 'b', 'c']);
    expect(refused(() => findConnection('cli'))).toContain('There is no connection "cli"');
  });

  test('a name that is in none is named, with the nearest', () => {
    expect(refused(() => parse({ connection: 'mine' }))).toMatch(
      /^connection names "mine", but Snowflake's file of connections is not there\. Looked for: .*connections\.toml, .*config\.toml/,
    );
    const file = write('.snowflake/connections.toml', `[mine]\n${WITH_TOKEN}`);
    expect(refused(() => parse({ connection: 'mien' }))).toBe(
      `There is no connection "mien" in ${file}. Did you mean "mine"?`,
    );
  });

  test('no default is taken', () => {
    process.env.SNOWFLAKE_DEFAULT_CONNECTION_NAME = 'mine';
    write('.snowflake/connections.toml', `[mine]\n${WITH_TOKEN}[default]\n${WITH_TOKEN}`);
    expect(refused(() => parse({}))).toContain('host is missing');
  });

  test('a file that is no TOML is named with its line, and nothing of what it says', () => {
    const file = write('.snowflake/connections.toml', '[mine]\npassword = "hush-hush\n');
    expect(refused(() => parse({ connection: 'mine' }))).toMatch(
      new RegExp(`^${file} is not TOML: see line \\d+, column \\d+`),
    );
    expect(refused(() => parse({ connection: 'mine' }))).not.toContain('hush');
  });

  test.each<[number, string, string | null]>([
    [0o600, 'token = "x"', null],
    [0o640, 'token = "x"', 'can be read by others than its owner (mode 640). Run: chmod 600'],
    [0o644, 'authenticator = "externalbrowser"', null],
    [0o646, 'authenticator = "externalbrowser"', 'can be changed by others'],
    [0o666, 'privateKeyPass = "x"', 'can be read and changed by others'],
  ])('of mode %o with %s', (mode, line, warning) => {
    write('.snowflake/connections.toml', `[mine]\n${line}\n`, mode);
    findConnection('mine');
    expect(warnings).toEqual(warning === null ? [] : [expect.stringContaining(warning)]);
  });
});

describe('logins', () => {
  const credentials = (lines: string) => {
    write('.snowflake/connections.toml', `[mine]\n${PLACE}user = "ann"\n${lines}\n`);
    return parse({ connection: 'mine' });
  };

  test.each<[string, object]>([
    ['password = "hush-hush"', { kind: 'password', password: 'hush-hush' }],
    ['authenticator = "snowflake"\npassword = "hush-hush"', { kind: 'password' }],
    ['authenticator = "externalbrowser"', { kind: 'browser', username: 'ann' }],
    ['authenticator = "oauth"\ntoken = "hush-hush"', { kind: 'oauth-token', token: 'hush-hush' }],
    ['authenticator = "OAUTH"\ntoken_file_path = "/t/token"', { kind: 'container', tokenFile: '/t/token' }],
    [
      'authenticator = "OAUTH_CLIENT_CREDENTIALS"\noauth_client_id = "c"\noauth_client_secret = "hush-hush"\noauth_token_request_url = "https://x.y/t"\noauth_scope = "s"',
      { kind: 'oauth-client', clientId: 'c', clientSecret: 'hush-hush', tokenUrl: 'https://x.y/t', scope: 's' },
    ],
    [
      'authenticator = "WORKLOAD_IDENTITY"\nworkload_identity_provider = "oidc"\ntoken_file_path = "~/t"',
      { kind: 'workload', provider: 'OIDC', tokenFile: expect.stringMatching(/^\/.*\/t$/) },
    ],
    [
      'authenticator = "WORKLOAD_IDENTITY"\nworkload_identity_provider = "AWS"\nworkload_identity_impersonation_path = ["arn:1"]',
      { kind: 'workload', provider: 'AWS', impersonationPath: ['arn:1'] },
    ],
  ])('%s', (lines, expected) => {
    expect(credentials(lines)).toMatchObject({ credentials: expected });
  });

  test('a token of a file, and a key of one', () => {
    const token = write('token', 'hush-hush\n');
    expect(credentials(`authenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken_file_path = "${token}"`)).toMatchObject({
      credentials: { kind: 'access-token', token: 'hush-hush' },
    });
    expect(
      refused(() => credentials('authenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken_file_path = "/none"')),
    ).toMatch(/token_file_path = "\/none", which cannot be read \(ENOENT\)/);
    for (const key of ['private_key_file', 'private_key_path', 'privateKeyPath']) {
      expect(refused(() => credentials(`authenticator = "SNOWFLAKE_JWT"\n${key} = "~/none.p8"`))).toContain(
        `the key file ${home}/none.p8 cannot be read: there is no such file`,
      );
    }
  });

  test.each<[string, string]>([
    [
      'authenticator = "https://acme.okta.com"',
      'authenticator = "https://acme.okta.com", which hubflake does not know',
    ],
    ['authenticator = "oauth"', 'has neither token nor token_file_path'],
    ['', 'credentials is neither in it nor in the connection "mine"'],
    ['authenticator = "WORKLOAD_IDENTITY"', 'credentials.provider is missing'],
  ])('refuses %j', (lines, message) => {
    expect(refused(() => credentials(lines))).toContain(message);
  });
});

test('an account in China, and one with its region beside it', () => {
  write(
    '.snowflake/connections.toml',
    `[a]\n${WITH_TOKEN.replace('org-acc', 'xy.cn-northwest-1')}[b]\n${WITH_TOKEN}region = "eu-west-1"\n`,
  );
  expect(parse({ connection: 'a' })).toMatchObject({ url: 'https://xy.cn-northwest-1.snowflakecomputing.cn' });
  expect(parse({ connection: 'b' })).toMatchObject({
    url: 'https://org-acc.eu-west-1.snowflakecomputing.com',
    account: 'org-acc.eu-west-1',
  });
});
