import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureLog } from '../../log.js';
import { parseDestinationConfig } from '../destination.js';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const ENCRYPTED = privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'key-password' })
  .toString();

const base = {
  host: 'myorg-myaccount.snowflakecomputing.com',
  role: 'LOADER',
  warehouse: 'LOADING',
  database: 'ANALYTICS',
  schema: 'HUBSPOT',
  username: 'LOADER_USER',
};
const withKey = (credentials: object) => ({
  ...base,
  credentials: { auth_type: 'Key Pair Authentication', ...credentials },
});
const parse = (config: object) => parseDestinationConfig(config);

let warnings: string[];
let folder: string;
beforeEach(() => {
  warnings = [];
  configureLog({ sink: (_level, message) => warnings.push(message) });
  folder = mkdtempSync(join(tmpdir(), 'hubflake-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function keyFile(mode: number, text = PEM): string {
  const path = join(folder, 'key.p8');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test("takes destination-snowflake's configuration as it is", () => {
  const config = parse({
    ...withKey({ private_key: PEM }),
    cdc_deletion_mode: 'Soft delete',
    disable_type_dedupe: false,
    raw_data_schema: 'airbyte_internal',
    jdbc_url_params: 'WEEK_START=1&query_tag=mine%20own&loginTimeout=5',
    retention_period_days: 7,
    use_merge_for_upsert: true,
  });
  expect(config).toMatchObject({
    type: 'snowflake',
    url: 'https://myorg-myaccount.snowflakecomputing.com',
    account: 'myorg-myaccount',
    role: 'LOADER',
    warehouse: 'LOADING',
    database: 'ANALYTICS',
    schema: 'HUBSPOT',
    credentials: { kind: 'key-pair', username: 'LOADER_USER', privateKey: PEM },
    sessionParameters: new Map([
      ['WEEK_START', '1'],
      ['QUERY_TAG', 'mine own'],
    ]),
    retentionDays: 7,
    loader: { hardDeletes: false, tableForm: 'typed', tableName: null },
  });
  expect(warnings).toEqual([expect.stringContaining('loginTimeout is an option of the JDBC driver')]);
});

test.each([
  [
    'xy12345.eu-central-1.aws.snowflakecomputing.com',
    'https://xy12345.eu-central-1.aws.snowflakecomputing.com',
    'xy12345.eu-central-1.aws',
  ],
  [
    'https://org-acc.privatelink.snowflakecomputing.com/',
    'https://org-acc.privatelink.snowflakecomputing.com',
    'org-acc',
  ],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080', 'LOCAL'],
  ['http://localhost:8080', 'http://localhost:8080', 'LOCAL'],
])('the host %s', (host, url, account) => {
  expect(parse({ ...withKey({ private_key: PEM }), host })).toMatchObject({ url, account });
});

test.each([
  ['http://myorg.snowflakecomputing.com', 'http:// is for this machine only'],
  ['example.com', 'should be <account>.snowflakecomputing.com'],
  ['a b', 'should have the form <account>.snowflakecomputing.com'],
])('refuses the host %s', (host, message) => {
  expect(() => parse({ ...withKey({ private_key: PEM }), host })).toThrow(message);
});

describe('credentials', () => {
  test.each([
    [
      'Username and Password',
      { password: 'secret-1' },
      { kind: 'password', username: 'LOADER_USER', password: 'secret-1' },
    ],
    [
      'Programmatic Access Token',
      { token: 'secret-2' },
      { kind: 'access-token', username: 'LOADER_USER', token: 'secret-2' },
    ],
    ['OAuth', { access_token: 'secret-3' }, { kind: 'oauth-token', username: 'LOADER_USER', token: 'secret-3' }],
    [
      'OAuth',
      { client_id: 'c', client_secret: 'secret-4', token_url: 'https://login.example.com/token' },
      {
        kind: 'oauth-client',
        clientId: 'c',
        clientSecret: 'secret-4',
        tokenUrl: 'https://login.example.com/token',
        scope: null,
      },
    ],
    ['Snowpark Container Services', {}, { kind: 'container', tokenFile: '/snowflake/session/token' }],
    ['External Browser', {}, { kind: 'browser', username: 'LOADER_USER' }],
    [
      'Workload Identity',
      { provider: 'OIDC', token_file: '/t' },
      { kind: 'workload', username: 'LOADER_USER', provider: 'OIDC', token: null, tokenFile: '/t' },
    ],
    [
      'Workload Identity',
      { provider: 'AZURE', entra_resource: 'api://x' },
      { kind: 'workload', provider: 'AZURE', entraResource: 'api://x', impersonationPath: [] },
    ],
    [
      'Workload Identity',
      { provider: 'GCP', impersonation_path: ['a@x', 'b@x'] },
      { kind: 'workload', provider: 'GCP', impersonationPath: ['a@x', 'b@x'] },
    ],
  ])('%s', (auth_type, given, expected) => {
    expect(parse({ ...base, credentials: { auth_type, ...given } })).toMatchObject({ credentials: expected });
  });

  test('a password is taken with a warning', () => {
    parse({ ...base, credentials: { password: 'secret-1' } });
    expect(warnings).toEqual([expect.stringContaining('Use a key pair')]);
  });

  test('the kind is known by what is given', () => {
    expect(parse({ ...base, credentials: { token: 'x' } })).toMatchObject({ credentials: { kind: 'access-token' } });
    expect(parse({ ...base, credentials: { private_key: PEM } })).toMatchObject({ credentials: { kind: 'key-pair' } });
    expect(parse({ ...base, credentials: { provider: 'AWS' } })).toMatchObject({ credentials: { kind: 'workload' } });
  });

  test.each<[string, object]>([
    ['a text', { private_key: PEM }],
    ['a text that went through an environment variable', { private_key: PEM.replaceAll('\n', '\\n') }],
    ['a text on one line, with blanks where its lines ended', { private_key: PEM.replaceAll('\n', ' ') }],
    ['a text on one line, with nothing there', { private_key: PEM.replaceAll('\n', '') }],
    ['a text without any white space', { private_key: PEM.replaceAll(/\s/g, '') }],
    ['indented lines', { private_key: PEM.replaceAll('\n', '\n    ') }],
    ['lines of other lengths, with CR LF', { private_key: PEM.replaceAll(/(.{50})/g, '$1\r\n') }],
    [
      'an encrypted text on one line',
      { private_key: ENCRYPTED.replaceAll('\n', ' '), private_key_password: 'key-password' },
    ],
    ['an encrypted text', { private_key: ENCRYPTED, private_key_password: 'key-password' }],
    ['the older form', { private_key: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() }],
  ])('a key as %s', (_what, given) => {
    expect(parse(withKey(given))).toMatchObject({ credentials: { privateKey: PEM } });
  });

  test.each(['private_key_file', 'private_key'])('a key from a file, by %s', (option) => {
    expect(parse(withKey({ [option]: keyFile(0o600) }))).toMatchObject({ credentials: { privateKey: PEM } });
    const path = keyFile(0o600, ENCRYPTED);
    expect(parse(withKey({ [option]: path, private_key_password: 'key-password' }))).toMatchObject({
      credentials: { privateKey: PEM },
    });
  });

  test('a key file that others can read is refused', () => {
    expect(() => parse(withKey({ private_key_file: keyFile(0o644) }))).toThrow(/mode 644.*chmod 600/);
    expect(() => parse(withKey({ private_key_file: keyFile(0o640) }))).toThrow('can be read by others');
  });

  const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  test.each<[string, object, string]>([
    ['no key', {}, 'credentials.private_key is missing'],
    ['an encrypted key without its password', { private_key: ENCRYPTED }, 'Set credentials.private_key_password'],
    ['a wrong password', { private_key: ENCRYPTED, private_key_password: 'no' }, 'cannot be decrypted'],
    ['a broken key', { private_key: PEM.slice(0, 300) }, 'not a private key that can be read'],
    ['the public key', { private_key: publicKey.export({ type: 'spki', format: 'pem' }) }, 'is the public key'],
    [
      'another kind of key',
      { private_key: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) },
      'Snowflake takes RSA keys',
    ],
    [
      'a short key',
      {
        private_key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      },
      'fewer than 2048 bits',
    ],
    ['a file that is not there', { private_key_file: '/nowhere/key.p8' }, 'there is no such file'],
    ['a path as text that is no file', { private_key: 'no key at all' }, 'or the path of one'],
    ['both', { private_key: PEM, private_key_file: '/k' }, 'Leave one of them out'],
  ])('%s', (_what, given, message) => {
    let text = '';
    try {
      parse(withKey(given));
    } catch (error) {
      text = (error as Error).message;
    }
    expect(text).toContain(message);
    expect(text).not.toContain(PEM.split('\n')[3]);
    expect(text).not.toContain('key-password');
  });
});

test('roles and warehouses are named as Snowflake shows them, with or without quotes', () => {
  const names = { role: '"Analytics ""Loader"""', warehouse: 'Mixed' };
  expect(parse({ ...withKey({ private_key: PEM }), ...names })).toMatchObject({
    role: 'Analytics "Loader"',
    warehouse: 'Mixed',
  });
});

test('inside Snowflake the account is the one that Snowflake tells', () => {
  const host = 'snowflake.prod3.us-west-2.aws.snowflakecomputing.com';
  const inside = { ...base, host, credentials: { auth_type: 'Snowpark Container Services' } };
  expect(parse(inside)).toMatchObject({ account: 'snowflake.prod3.us-west-2.aws' });
  process.env.SNOWFLAKE_ACCOUNT = 'AB12345';
  try {
    expect(parse(inside)).toMatchObject({ account: 'AB12345', url: `https://${host}` });
    expect(parse({ ...withKey({ private_key: PEM }), host: 'other.snowflakecomputing.com' })).toMatchObject({
      account: 'other',
    });
  } finally {
    delete process.env.SNOWFLAKE_ACCOUNT;
  }
});

const identity = (given: object) => ({ credentials: { auth_type: 'Workload Identity', ...given } });

test.each<[string, object, string]>([
  ['legacy raw tables', { disable_type_dedupe: true }, '"table_form": "raw"'],
  [
    'a wrong kind of login',
    { credentials: { auth_type: 'Magic' } },
    'credentials.auth_type should be one of "Key Pair Authentication"',
  ],
  ['no provider', identity({}), 'credentials.provider is missing'],
  ['another provider', identity({ provider: 'IBM' }), 'should be one of "AWS", "AZURE", "GCP", "OIDC", but is "IBM"'],
  ['OIDC without a token', identity({ provider: 'OIDC' }), 'should have token or token_file'],
  ['two tokens', identity({ provider: 'OIDC', token: 'x', token_file: '/t' }), 'either token or token_file, not both'],
  ['a token for AWS', identity({ provider: 'AWS', token: 'x' }), 'with AWS the token comes from the cloud'],
  ['a path for AZURE', identity({ provider: 'AZURE', impersonation_path: ['x'] }), 'is for AWS and GCP'],
  ['a resource for GCP', identity({ provider: 'GCP', entra_resource: 'x' }), 'entra_resource is for AZURE'],
  ['no user', { username: undefined }, 'username is missing'],
  ['no database', { database: undefined }, 'database is missing'],
  [
    'no token URL',
    { credentials: { auth_type: 'OAuth', client_id: 'c', client_secret: 'secret-4' } },
    'credentials.token_url is missing',
  ],
  [
    'an open token URL',
    { credentials: { client_id: 'c', client_secret: 'secret-4', token_url: 'http://x.y/t' } },
    'starts with https://',
  ],
  ['parameters that are none', { jdbc_url_params: 'a=1&nonsense' }, 'has "nonsense"'],
  ['another warehouse', { type: 'bigquery' }, 'type should be "snowflake" or "duckdb", but is "bigquery"'],
])('refuses %s', (_what, changes, message) => {
  expect(() => parse({ ...withKey({ private_key: PEM }), ...changes })).toThrow(message);
});

const CLIENT = { client_id: 'id-1', client_secret: 'secret-1', token_url: 'https://login.example.com/token' };

test.each<[string, object, string]>([
  ['token', {}, 'Snowflake'],
  ['access_token', {}, 'the OAuth server'],
  ['client_id', CLIENT, 'the OAuth server'],
  ['client_secret', CLIENT, 'the OAuth server'],
])('%s: what is around it is left out, and an invisible character in it refused', (key, others, source) => {
  const given = (value: string) => parse({ ...base, credentials: { ...others, [key]: value } });
  const { credentials } = given('\ufeff hush-1\u200b\n') as { credentials: object };
  expect(Object.values(credentials)).toContain('hush-1');
  expect(() => given('hush\u00a01')).toThrow(
    `credentials.${key} has a character that cannot be in a token: U+00A0 (no-break space) at position 5. Copy it again from ${source}.`,
  );
  expect(() => given('\u200b')).toThrow(`credentials.${key} is empty`);
});

test('a password may have any character', () => {
  const password = 'pass wörd\u200b\u2013\u{1f511}';
  expect(parse({ ...base, credentials: { password: `${password}\n` } })).toMatchObject({ credentials: { password } });
});
