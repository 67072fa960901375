import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { hubflake, TestFolder } from '../support/processes/command.js';
import { atTerminal, KEYS, type Step } from '../support/processes/terminal.js';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { close, connect, execute } from '../support/stand-in/snowflake-driver.js';

/** `hubflake init` into Snowflake, from an account in which there is nothing to the first rows. */

const TOKEN = 'pat-na1-canary-of-init-0123456789';
const ADMIN = 'canary-of-the-admin-0123456789';
let sandbox: Sandbox;
let standIn: StandIn;
let folder: TestFolder;
let environment: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ token: TOKEN, counts: { deals: 12 }, limits: 'off' });
  standIn = await startStandIn();
});
afterAll(async () => {
  await standIn.stop();
  await sandbox.close();
});
beforeEach(async () => {
  await standIn.reset();
  folder = new TestFolder();
  // Snowflake's own files are looked for at home.
  environment = { HUBSPOT_BASE_URL: sandbox.url, HOME: folder.join('home'), SNOWFLAKE_HOME: '', XDG_CONFIG_HOME: '' };
  mkdirSync(folder.join('home/.snowflake'), { recursive: true });
  mkdirSync(folder.join('work'));
});
afterEach(() => folder.remove());

const read = (name: string) => readFileSync(folder.join(`work/${name}`), 'utf8');
const pipeline = () => JSON.parse(read('pipeline.json'));
const files = () => readdirSync(folder.join('work')).sort();
const cwd = () => folder.join('work');

function connections(text: string): void {
  chmodSync(folder.write('home/.snowflake/connections.toml', text), 0o600);
}
const admin = (more = '') => {
  const { port } = new URL(standIn.url);
  return `[admin]\naccount = "acme"\nhost = "127.0.0.1"\nport = ${port}\nprotocol = "http"\nuser = "ada"\nauthenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken = "${ADMIN}"\nrole = "ACCOUNTADMIN"\n${more}`;
};

async function play(steps: readonly Step[], args: readonly string[] = ['--objects', 'deals', '--name', 'crm']) {
  const played = await atTerminal(['init', ...args], steps, {
    cwd: cwd(),
    environment: { ...environment, HUBSPOT_TOKEN: TOKEN },
  });
  for (const secret of [TOKEN, ADMIN, 'PRIVATE KEY']) expect(played.screen).not.toContain(secret);
  return played;
}
const script = (args: readonly string[]) =>
  hubflake(['init', '--yes', '--objects', 'deals', '--destination', 'snowflake', ...args], {
    cwd: cwd(),
    environment: { ...environment, HUBSPOT_TOKEN: TOKEN },
  });

/** `sync` on what was written, and what it has written then. */
async function expectRows(): Promise<void> {
  const outcome = await hubflake(['sync', '--config', 'pipeline.json'], { cwd: cwd(), environment });
  expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
  const [row] = await standIn.query('SELECT COUNT(*) AS N FROM ANALYTICS.HUBSPOT.DEALS WHERE NOT ARCHIVED');
  expect(Number(row?.N)).toBe(sandbox.portal.truth('deals').live.length);
}

const { enter, down, interrupt } = KEYS;
const SNOWFLAKE: Step = ['Where are the tables to go', `${down}${enter}`];
const NAMES: Step[] = [
  ['Database', enter],
  ['Schema for the tables', enter],
  ['Warehouse that does', enter],
  ['Role', enter],
  ['User that syncs', enter],
];
const MAKE_KEY: Step[] = [
  ['How does that user log in', enter],
  ['Where is the private key to go', enter],
];
const account = (): Step => ['The account, as Snowsight', `${standIn.url}${enter}`];

test('a user of its own, set up over the connection of an admin: from nothing to rows, by pressing enter', async () => {
  connections(admin());
  const played = await play([
    SNOWFLAKE,
    ['Which Snowflake account', enter],
    ['As whom are syncs to log in', enter],
    ...NAMES,
    ...MAKE_KEY,
    ['User, role, warehouse and schema', `${down}${enter}`],
    ['are set up', ''],
  ]);
  expect(played).toMatchObject({ code: 0 });
  expect(played.screen).toMatch(/DEALS +append_dedup +first load/);
  expect(files()).toEqual(['.env', 'hubflake.p8', 'pipeline.json']);
  expect((statSync(folder.join('work/hubflake.p8')).mode & 0o777).toString(8)).toBe('600');
  expect(read('hubflake.p8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n[\s\S]+\n-----END PRIVATE KEY-----\n$/);
  expect(pipeline().destination).toEqual({
    host: standIn.url,
    ...{ database: 'ANALYTICS', schema: 'HUBSPOT', warehouse: 'HUBFLAKE_WH', role: 'HUBFLAKE', username: 'HUBFLAKE' },
    credentials: { auth_type: 'Key Pair Authentication', private_key_file: 'hubflake.p8' },
  });
  const [first] = await standIn.logins();
  expect(first).toMatchObject({ loginName: 'ada', role: 'ACCOUNTADMIN' });
  await expectRows();
  expect((await standIn.logins()).at(-1)).toMatchObject({ authenticator: 'SNOWFLAKE_JWT', loginName: 'HUBFLAKE' });
});

test('the SQL for an admin is all that an admin has to run', async () => {
  const played = await play([
    SNOWFLAKE,
    account(),
    ...NAMES,
    ...MAKE_KEY,
    ['User, role, warehouse and schema', enter],
    ['Has this been run', 'n'],
  ]);
  expect(played).toMatchObject({ code: 0 });
  expect(played.screen).toMatch(/Once Snowflake is set up:\n.* plan --config pipeline\.json/);
  expect(await standIn.logins()).toEqual([]);
  const [sql = ''] =
    /^USE ROLE SECURITYADMIN;[\s\S]*?ALTER USER HUBFLAKE SET RSA_PUBLIC_KEY = '[^']+';$/m.exec(played.screen) ?? [];
  expect(sql).toContain('GRANT USAGE, CREATE TABLE, CREATE VIEW ON SCHEMA ANALYTICS.HUBSPOT TO ROLE HUBFLAKE;');
  const statements = sql
    .split(';')
    .map((each) => each.replace(/^\s*--.*$/gm, '').trim())
    .filter(Boolean);
  const connection = await connect({ accessUrl: standIn.url, username: 'ADA', password: 'any' });
  for (const statement of statements) await execute(connection, statement);
  await close(connection);
  await expectRows();
});

test('what Snowflake refuses is said, and the SQL shown in its place; Ctrl-C leaves the key, and nothing half-written', async () => {
  connections(admin());
  await standIn.rules([
    {
      match: '^CREATE ROLE',
      fault: {
        error: { code: '003001', message: 'SQL access control error: Insufficient privileges.', sqlState: '42501' },
      },
    },
  ]);
  const played = await play([
    SNOWFLAKE,
    ['Which Snowflake account', enter],
    ['As whom are syncs to log in', enter],
    ...NAMES,
    ...MAKE_KEY,
    ['User, role, warehouse and schema', `${down}${enter}`],
    ['Snowflake refused CREATE ROLE IF NOT EXISTS HUBFLAKE: .*Insufficient privileges', ''],
    ['USE ROLE SECURITYADMIN;', ''],
    ['Has this been run', interrupt],
  ]);
  expect([played.code]).toEqual([130]);
  expect(files()).toEqual(['hubflake.p8']);
  // Whoever comes back goes on with the key that Snowflake may have by now.
  const again = await script(['--host', standIn.url, '--private-key-file', 'hubflake.p8', '--setup', 'print']);
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/RSA_PUBLIC_KEY = '[A-Za-z0-9+/=]{300,}'/)]);
  const [, key] = /RSA_PUBLIC_KEY = '(.*)'/.exec(played.screen) ?? [];
  expect(again.stdout).toContain(`RSA_PUBLIC_KEY = '${key}'`);
});

test('a destination that does not work is said, and tried again, or written all the same', async () => {
  await standIn.unknown({ databases: ['ANALYTICS'] });
  const token: Step[] = [
    ['How does that user log in', `${down}${down}${enter}`],
    ['The programmatic access token', `${ADMIN}${enter}`],
    ['User, role, warehouse and schema', `${down}${enter}`],
  ];
  const failing: Step = ['The database "ANALYTICS" does not exist', ''];
  const stopped = await play([
    ...[SNOWFLAKE, account(), ...NAMES, ...token, failing],
    ['What now', enter],
    failing,
    ['What now', `${down}${down}${enter}`],
  ]);
  expect([stopped.code, files()]).toEqual([130, []]);
  const written = await play([...[SNOWFLAKE, account(), ...NAMES, ...token, failing], ['What now', `${down}${enter}`]]);
  expect([written.code, files()]).toEqual([0, ['.env', 'pipeline.json']]);
  expect(read('.env')).toContain(`SNOWFLAKE_TOKEN='${ADMIN}'`);
  expect(read('pipeline.json')).not.toContain(ADMIN);
});

describe('a connections.toml that is broken', () => {
  const message = /home\/\.snowflake\/connections\.toml is not TOML: see line 3, column \d+\. Mend the file\./;
  beforeEach(() => connections(`[admin]\naccount = "acme"\ntoken = ${ADMIN}\n`));

  test('at a terminal: is said with its line, and another account asked for', async () => {
    const played = await play([SNOWFLAKE, account(), ...NAMES, ...MAKE_KEY, ['User, role', interrupt]]);
    expect([played.code]).toEqual([130]);
    // Once, though there is more than one question that connections would answer.
    expect(played.screen.replace(/\n│ +/g, ' ').match(new RegExp(message, 'g'))).toHaveLength(1);
  });

  test('from a script: is an error with its line, exit code 1, no files', async () => {
    const outcome = await script(['--connection', 'admin']);
    expect([outcome.code, outcome.stderr.trim()]).toEqual([1, expect.stringMatching(message)]);
    expect(outcome.stderr).not.toContain(ADMIN);
    expect(files()).toEqual([]);
  });
});

test('with --yes at a terminal the SQL goes to stdout, and nothing is asked', async () => {
  const args = ['--yes', '--objects', 'deals', '--destination', 'snowflake', '--host', standIn.url, '--make-key'];
  const played = await play([], args);
  expect(played).toMatchObject({ code: 0, screen: expect.stringContaining('USE ROLE SECURITYADMIN;') });
  expect(played.screen).not.toContain('Has this been run');
  expect(files()).toEqual(['.env', 'hubflake.p8', 'pipeline.json']);
});

test('what looks like a variable in an answer is none in the pipeline', async () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: what is not to be taken for a variable
  const outcome = await script(['--host', standIn.url, '--make-key', '--key-file', 'a${b}.p8', '--role', 'R${x}']);
  expect(outcome.code).toBe(0);
  expect(pipeline().destination).toMatchObject({ role: 'R$${x}', credentials: { private_key_file: 'a$${b}.p8' } });
  expect(files()).toContain('a${b}.p8');
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
});

describe('from a script', () => {
  test('all at once: a key pair, the set-up, the check, the plan', async () => {
    connections(admin());
    const outcome = await script(['--setup-connection', 'admin', '--setup', 'run', '--make-key', '--key-file', 'a.p8']);
    expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
    expect(files()).toEqual(['.env', 'a.p8', 'pipeline.json']);
    await expectRows();
    const twice = await script(['--force', '--host', standIn.url, '--make-key', '--key-file', 'a.p8']);
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringContaining('a.p8 is there already, and is never overwritten'),
    ]);
  });

  test('as a connection logs in, with the schema that it lacks', async () => {
    connections(admin('database = "ANALYTICS"\nwarehouse = "W"\n'));
    await standIn.query('CREATE DATABASE ANALYTICS');
    await standIn.query('CREATE SCHEMA ANALYTICS.HUBSPOT');
    const outcome = await script(['--connection', 'admin']);
    expect([outcome.code, outcome.stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
    expect(pipeline().destination).toEqual({ connection: 'admin', schema: 'HUBSPOT' });
    expect(read('.env')).not.toContain(ADMIN);
    await expectRows();
  });

  test('what is missing is named at once', async () => {
    const outcome = await hubflake(['init', '--destination', 'snowflake'], { cwd: cwd(), environment });
    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      'ERROR There is no terminal to ask at, and no answer to these: --name, --token (better: HUBSPOT_TOKEN in the environment), --objects, --host (or --connection), --database, --schema, --warehouse, --role, --username, --make-key (or --private-key-file, or SNOWFLAKE_TOKEN in the environment), --setup. Give them, or run hubflake init at a terminal. [HF-CONFIG]\n',
    ]);
  });

  test('a destination that does not work: a sentence, exit code 1, no pipeline', async () => {
    await standIn.unknown({ databases: ['ANALYTICS'] });
    environment.SNOWFLAKE_TOKEN = ADMIN;
    const outcome = await script(['--host', standIn.url, '--setup', 'done']);
    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining('ANALYTICS')]);
    expect(files()).toEqual([]);
    expect((await script(['--host', standIn.url, '--setup', 'done', '--no-check'])).code).toBe(0);
  });
});
