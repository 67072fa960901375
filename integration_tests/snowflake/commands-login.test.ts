import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox } from '../../src/sandbox/server.js';
import { Authority, type Front, startFront } from '../support/processes/certificates.js';
import { hubflake, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { TestProxy } from '../support/processes/proxy.js';
import { judgeMessages } from '../support/schedules/judge.js';
import type { SeenLogin, StandIn } from '../support/stand-in/snowflake.js';
import { DATABASE, SCHEMA, StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/** How the commands log in to Snowflake where it is not by a key, a password or a token of the configuration. */

const SECRET = 'canary-of-logins-0123456789';
/** The driver gives the token of a workload to Snowflake's own hosts only. */
const ALLOWED = { SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES: '127.0.0.1' };
const warehouse = new StandInWarehouse();
let standIn: StandIn;
let folder: TestFolder;

beforeEach(async () => {
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
});
afterEach(() => folder.remove());
afterAll(() => warehouse.end());

const destination = (changes: object = {}) => ({ ...warehouse.destination(), ...changes });

interface Answer {
  status: string;
  message: string;
  warnings: string[];
  outcome: Outcome;
}

async function check(config: object, environment: Record<string, string> = {}): Promise<Answer> {
  const outcome = await hubflake(['destination', 'check', '--config', folder.write('d.json', config)], {
    cwd: folder.path,
    environment: { HOME: folder.path, SNOWFLAKE_HOME: '', XDG_CONFIG_HOME: '', ...environment },
  });
  expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
  await judgeMessages(outcome.lines);
  const [answer] = ofType(outcome, 'CONNECTION_STATUS');
  const { status = '', message = '' } = answer?.connectionStatus ?? {};
  return { status, message, warnings: ofType(outcome, 'LOG').map(({ log }) => log.message), outcome };
}
const lastLogin = async () => (await standIn.logins()).at(-1) as SeenLogin;
const jwt = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.${SECRET}`;

describe('Workload Identity', () => {
  const identity = (given: object) =>
    destination({ username: undefined, credentials: { auth_type: 'Workload Identity', ...given } });

  test('by a token of OIDC in a file', async () => {
    const token = jwt(4_000_000_000);
    await standIn.passwords({ LOADER: { workload: token } });
    const config = identity({ provider: 'OIDC', token_file: folder.write('token', `${token}\n`) });
    expect(await check(config, ALLOWED)).toMatchObject({ status: 'SUCCEEDED', warnings: [] });
    expect(await lastLogin()).toMatchObject({ authenticator: 'WORKLOAD_IDENTITY', provider: 'OIDC', token });
    expect(await check(config)).toMatchObject({ message: expect.stringContaining("is for Snowflake's own hosts") });
  });

  test('a token that has expired is said with its time', async () => {
    await standIn.passwords({ LOADER: { workload: 'another' } });
    const file = folder.write('token', jwt(1_700_000_000));
    expect(await check(identity({ provider: 'OIDC', token_file: file }), ALLOWED)).toMatchObject({
      status: 'FAILED',
      message: `Snowflake refused the workload identity: its token expired at 2023-11-14T22:13:20.000Z. See that what issues it keeps ${file} fresh: it is read anew for each login.`,
    });
  });

  test('by the identity that AWS gives: the driver signs a question that Snowflake puts to AWS', async () => {
    const aws = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: SECRET };
    expect(await check(identity({ provider: 'AWS' }), { ...ALLOWED, ...aws })).toMatchObject({ status: 'SUCCEEDED' });
    const { provider, token } = await lastLogin();
    expect(provider).toBe('AWS');
    expect(JSON.parse(Buffer.from(token as string, 'base64').toString('utf8'))).toMatchObject({
      url: expect.stringMatching(/^https:\/\/sts\.eu-central-1\.amazonaws\.com\/\?Action=GetCallerIdentity/),
      headers: { 'x-snowflake-audience': 'snowflakecomputing.com', authorization: expect.stringContaining('AKIATEST') },
    });
    const nothing = { AWS_REGION: 'eu-central-1', AWS_EC2_METADATA_DISABLED: 'true' };
    expect(await check(identity({ provider: 'AWS' }), { ...ALLOWED, ...nothing })).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(/^No identity for the login could be had from AWS: .*Could not load credentials/),
    });
  });
});

test("a connection of Snowflake's own files", async () => {
  const { port } = new URL(standIn.url);
  const lines = [
    '[connections.local]',
    'account = "acme"',
    `host = "127.0.0.1"\nport = ${port}\nprotocol = "http"`,
    'user = "loader"\nauthenticator = "PROGRAMMATIC_ACCESS_TOKEN"',
    `token = "${SECRET}"`,
    `role = "loader"\nwarehouse = "loading"\ndatabase = "${DATABASE.toLowerCase()}"\nschema = "${SCHEMA.toLowerCase()}"`,
  ];
  mkdirSync(folder.join('.snowflake'));
  const file = folder.write('.snowflake/config.toml', lines.join('\n'));
  chmodSync(file, 0o644);
  expect(await check({ connection: 'local' })).toMatchObject({
    status: 'SUCCEEDED',
    warnings: [`${file} can be read by others than its owner (mode 644). Run: chmod 600 ${file}`],
  });
  const seen = { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', loginName: 'loader', account: 'acme' };
  expect(await lastLogin()).toMatchObject({ ...seen, role: 'LOADER', warehouse: 'LOADING' });
  chmodSync(file, 0o600);
  expect(await check({ connection: 'local', role: 'OTHER' })).toMatchObject({ status: 'SUCCEEDED', warnings: [] });
  expect(await lastLogin()).toMatchObject({ ...seen, role: 'OTHER' });
  expect(await check({ connection: 'locl' })).toMatchObject({
    message: `There is no connection "locl" in ${file}. Did you mean "local"?`,
  });
});

test('names of roles and warehouses that are not in plain capital letters are quoted', async () => {
  const names: [string, string][] = [
    ['LOADER_2', 'LOADER_2'],
    ['Analytics Loader', '"Analytics Loader"'],
    ['"Analytics Loader"', '"Analytics Loader"'],
    ['a"b', '"a""b"'],
  ];
  for (const [name, sent] of names) {
    expect(await check(destination({ role: name, warehouse: name }))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await lastLogin()).toMatchObject({ role: sent, warehouse: sent });
  }
  await standIn.unknown({ roles: ['"loader"'] });
  expect(await check(destination({ role: 'loader' }))).toMatchObject({
    message: expect.stringMatching(/^The role loader does not exist, .* maybe LOADER\. Run: GRANT ROLE "loader" TO/),
  });
});

describe('a warehouse that does not work', () => {
  test.each<[string, object, string]>([
    [
      'none of this name',
      {},
      'Logging in failed: the warehouse LOADING does not exist, or the role LOADER may not use it. Run: GRANT USAGE ON WAREHOUSE LOADING TO ROLE LOADER',
    ],
    [
      'none at all',
      { warehouse: undefined },
      'Logging in failed: there is no warehouse to do it. Set "warehouse", or the user\'s DEFAULT_WAREHOUSE.',
    ],
  ])('is said before anything is read: %s', async (_, changes, message) => {
    await standIn.unknown({ warehouses: ['LOADING'] });
    const sandbox = await startSandbox({ token: SECRET, counts: { contacts: 20 }, limits: 'off' });
    try {
      const config = {
        name: 'crm',
        source: { credentials: { access_token: SECRET }, objects: [{ object_type: 'contacts' }] },
        destination: destination(changes),
      };
      const outcome = await hubflake(['sync', '--config', folder.write('p.json', config)], {
        environment: { HUBSPOT_BASE_URL: sandbox.url },
      });
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toContain(message);
      expect(sandbox.calls.counts().total).toBe(0);
      // The answers of what each login sends anyway have told it.
      expect((await standIn.statements()).map(({ sql }) => sql.split(' ').slice(0, 2).join(' '))).toEqual([
        'ALTER SESSION',
        'USE SCHEMA',
      ]);
    } finally {
      await sandbox.close();
    }
  });
});

describe('External Browser', () => {
  const HOST = 'myorg-myaccount.snowflakecomputing.com';
  /** Says that there is a terminal; stdout stays a pipe. */
  const TERMINAL = '--import=data:text/javascript,process.stderr.isTTY=true';
  const config = () => destination({ host: HOST, credentials: { auth_type: 'External Browser' } });
  let authority: Authority;
  let answering: Server;
  let front: Front;
  let proxy: TestProxy;

  beforeAll(() => {
    authority = new Authority();
  });
  afterAll(() => authority.remove());
  beforeEach(async () => {
    answering = withSingleSignOn(standIn.url);
    await new Promise<void>((resolve) => answering.listen(0, '127.0.0.1', resolve));
    front = await startFront(authority.issue([HOST]), `http://127.0.0.1:${(answering.address() as AddressInfo).port}`);
    const stage = Number(new URL(standIn.url).port);
    proxy = await TestProxy.start({ routes: { [`${HOST}:443`]: front.port, [`${HOST}:80`]: stage } });
  });
  afterEach(async () => {
    await proxy.stop();
    await front.stop();
    answering.closeAllConnections();
    await new Promise((resolve) => answering.close(resolve));
  });
  const environment = () => ({
    HTTPS_PROXY: proxy.url(),
    NODE_EXTRA_CA_CERTS: authority.path,
    PATH: `${folder.path}:${process.env.PATH}`,
  });

  test('opens a browser, says where, and keeps stdout for messages', async () => {
    await standIn.passwords({ LOADER: { browser: SECRET, idToken: `${SECRET}-id` } });
    const opened = folder.join('opened');
    writeFileSync(
      folder.join('xdg-open'),
      `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`,
    );
    chmodSync(folder.join('xdg-open'), 0o755);
    const answer = check(config(), { ...environment(), NODE_OPTIONS: TERMINAL });
    const url = new URL(await written(opened));
    await fetch(`http://localhost:${url.searchParams.get('port')}/?token=${SECRET}`).catch(() => undefined);
    const { status, warnings, outcome } = await answer;
    expect(status).toBe('SUCCEEDED');
    expect(warnings).toEqual([expect.stringContaining(`open this address on this machine: ${url.href}`)]);
    expect(outcome.stderr).toBe('');
    expect(await lastLogin()).toMatchObject({ authenticator: 'EXTERNALBROWSER', loginName: 'LOADER', ended: 'ok' });
    // The account allows it: the driver has kept what spares the next logins the browser.
    expect(await check(config(), { ...environment(), NODE_OPTIONS: TERMINAL })).toMatchObject({ warnings: [], status });
    expect(await lastLogin()).toMatchObject({ authenticator: 'ID_TOKEN', token: `${SECRET}-id`, ended: 'ok' });
  });

  test('is refused where nobody is there, before anything is opened', async () => {
    expect(await check(config(), environment())).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(
        /^The login by External Browser needs someone at a terminal, and this run has none/,
      ),
    });
    expect(await standIn.logins()).toEqual([]);
  });
});

/** What Snowflake answers to the question where to log in; the rest is the stand-in's. */
function withSingleSignOn(target: string): Server {
  return createServer((asked, answer) => {
    if (asked.url === '/session/authenticator-request') {
      const body: Buffer[] = [];
      asked
        .on('data', (chunk: Buffer) => body.push(chunk))
        .on('end', () => {
          const { data } = JSON.parse(Buffer.concat(body).toString('utf8'));
          const ssoUrl = `https://login.example.com/sso?port=${data.BROWSER_MODE_REDIRECT_PORT}`;
          answer.end(JSON.stringify({ success: true, data: { ssoUrl, proofKey: 'proof' } }));
        });
      return;
    }
    const { method = 'GET', headers, url } = asked;
    const passed = request(`${target}${url}`, { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
}

async function written(path: string): Promise<string> {
  for (let waited = 0; waited < 30_000 && !existsSync(path); waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return readFileSync(path, 'utf8');
}
