import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { Authority, type Certificate, type Front, startFront } from '../support/processes/certificates.js';
import { hubflake, type Outcome, ofType, run as runProgram, TestFolder } from '../support/processes/command.js';
import { deadUrl } from '../support/processes/ports.js';
import { type ProxyOptions, TestProxy } from '../support/processes/proxy.js';
import { judgeMessages } from '../support/schedules/judge.js';
import type { StandIn } from '../support/stand-in/snowflake.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';

/** Snowflake's driver through a real proxy: the stand-in under a name of Snowflake's, behind TLS. */

const HOST = 'myorg-myaccount.snowflakecomputing.com';
const ACCOUNT = `${HOST}:443`;
/** Where the stand-in's stages are, in plain http: the driver takes them from its answers. */
const STAGE = `${HOST}:80`;
const SECRET = 'canary-of-snowflake-0123456789';
const CREDENTIALS = 'us@er:p%@ss/wörd';
const ENCODED = 'us%40er:p%25%40ss%2Fw%C3%B6rd';
const NONE = { HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', NO_PROXY: '', no_proxy: '' };
const SOON_MS = 15_000;

const warehouse = new StandInWarehouse();
let standIn: StandIn;
let authority: Authority;
let folder: TestFolder;
let front: Front;
let running: { stop(): Promise<void> }[];

beforeAll(() => {
  authority = new Authority();
});
afterAll(async () => {
  authority.remove();
  await warehouse.end();
});
beforeEach(async () => {
  running = [];
  await warehouse.begin();
  standIn = warehouse.standIn;
  folder = new TestFolder();
  front = await secured(authority.issue([HOST, 'localhost', 'login.example.com']));
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  folder.remove();
});

async function kept<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  running.push(started);
  return started;
}
const secured = (certificate: Certificate) => kept(startFront(certificate, standIn.url));
const proxied = (options: ProxyOptions = {}, to = front) =>
  kept(
    TestProxy.start({
      routes: { [ACCOUNT]: to.port, [STAGE]: Number(new URL(standIn.url).port), 'login.example.com:443': to.port },
      ...options,
    }),
  );

const destination = (changes: object = {}) => ({
  ...warehouse.destination(),
  host: HOST,
  credentials: { auth_type: 'Programmatic Access Token', token: SECRET },
  ...changes,
});
async function run(args: string[], environment: Record<string, string>): Promise<Outcome> {
  const outcome = await hubflake(args, {
    environment: { ...NONE, NODE_EXTRA_CA_CERTS: authority.path, ...environment },
    cwd: folder.path,
  });
  for (const secret of [SECRET, 'p%@ss', 'p%25', 'other-word', Buffer.from(CREDENTIALS).toString('base64')]) {
    expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  }
  return outcome;
}
async function check(environment: Record<string, string>, config: object = destination()) {
  const startedAt = Date.now();
  const outcome = await run(['destination', 'check', '--config', folder.write('d.json', config)], environment);
  expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
  await judgeMessages(outcome.lines);
  return ofType(outcome, 'CONNECTION_STATUS')[0]?.connectionStatus;
}
const SUCCEEDED = { status: 'SUCCEEDED', message: expect.any(String) };
const failed = (message: string | RegExp) => ({ status: 'FAILED', message: expect.stringMatching(message) });
const overheard = (proxy: TestProxy) => Buffer.concat(proxy.sent).toString('latin1');

test.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])(
  'logins, statements and uploads go through %s, with credentials',
  async (variable) => {
    const proxy = await proxied({ wants: CREDENTIALS });
    expect(await check({ [variable]: proxy.url(ENCODED) })).toEqual(SUCCEEDED);
    expect(proxy.targets.filter((target) => !target.startsWith('ocsp'))).toEqual([ACCOUNT, STAGE].sort());
    expect(proxy.seen.every(({ method, credentials }) => method === 'CONNECT' && credentials === CREDENTIALS)).toBe(
      true,
    );
    expect(await standIn.uploads()).toMatchObject([{ ended: 'ok' }, { ended: 'ok' }]);
    expect(overheard(proxy)).not.toContain(SECRET);
  },
);

test('sync: both halves go through one proxy', async () => {
  const sandbox: Sandbox = await startSandbox({ token: SECRET, counts: { contacts: 150 }, limits: 'off' });
  running.push({ stop: () => sandbox.close() });
  const hubspot = await kept(startFront(authority.issue(['api.hubapi.com']), sandbox.url));
  const proxy = await proxied({ wants: CREDENTIALS });
  proxy.routes['api.hubapi.com:443'] = hubspot.port;
  const pipeline = folder.write('p.json', {
    name: 'crm',
    source: { credentials: { access_token: SECRET }, objects: [{ object_type: 'contacts' }], layout: 'columns' },
    destination: destination(),
  });
  const environment = { HTTPS_PROXY: proxy.url(ENCODED) };
  expect(await run(['sync', '--config', pipeline], environment)).toMatchObject({ code: 0 });
  expect(await warehouse.rows('contacts', { id: 'text' })).toHaveLength(sandbox.portal.truth('contacts').live.length);
  expect(proxy.targets).toEqual(expect.arrayContaining(['api.hubapi.com:443', ACCOUNT, STAGE]));
  expect(overheard(proxy)).not.toContain(SECRET);
});

test('OAuth: the token is asked for through the proxy, too, and its server is named where it cannot be reached', async () => {
  await standIn.passwords({ LOADER: { oauth: 'token-of-loader', client: { id: 'c', secret: SECRET } } });
  const credentials = {
    auth_type: 'OAuth',
    client_id: 'c',
    client_secret: SECRET,
    token_url: 'https://login.example.com/oauth/token-request',
  };
  const proxy = await proxied();
  const HTTPS_PROXY = proxy.url();
  expect(await check({ HTTPS_PROXY }, destination({ credentials }))).toEqual(SUCCEEDED);
  expect(proxy.targets).toEqual(expect.arrayContaining([ACCOUNT, 'login.example.com:443']));
  expect(overheard(proxy)).not.toContain(SECRET);
  delete proxy.routes['login.example.com:443'];
  expect(await check({ HTTPS_PROXY }, destination({ credentials }))).toEqual(
    failed(/^The proxy .* cannot connect to login\.example\.com:443 \(502\)\. Check HTTPS_PROXY, NO_PROXY/),
  );
});

test('a refused key: Snowflake is asked for its time through the proxy', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await standIn.users({ LOADER: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
  await standIn.clock(400);
  const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const proxy = await proxied();
  expect(await check({ HTTPS_PROXY: proxy.url() }, destination({ credentials: { private_key } }))).toEqual(
    failed(/this machine's clock is \d+ s behind/),
  );
});

test.each<[string, boolean]>([
  ['localhost', true],
  ['localhost:<port>', true],
  ['*', true],
  ['localhost:1', false],
  ['host', false],
])('NO_PROXY=%s: https://localhost is reached directly: %s', async (list, isDirect) => {
  const proxy = await proxied();
  const environment = { HTTPS_PROXY: proxy.url(), NO_PROXY: list.replace('<port>', String(front.port)) };
  // The stand-in's stage is at http://<host>, which is its https port here: the upload fails, the login does not.
  await check(environment, destination({ host: `https://localhost:${front.port}` }));
  expect((await standIn.logins()).map(({ ended }) => ended)).toEqual(expect.arrayContaining(['ok']));
  expect(proxy.targets.filter((target) => target.startsWith('localhost')).length > 0).toBe(!isDirect);
});

describe('a proxy', () => {
  test.each<[string, TestProxy['mode'], string]>([
    ['refuses Snowflake', 403, `refuses to connect to ${ACCOUNT} \\(403\\)\\. Have it allow this host`],
    ['cannot connect', 503, `cannot connect to ${ACCOUNT} \\(503\\)\\. Check https_proxy, NO_PROXY and the network`],
    ['hangs up', 'cut', 'cannot be reached \\(ECONNRESET\\)'],
    ['is silent', 'silent', 'cannot be reached \\(ETIMEDOUT\\)'],
  ])('that %s is named', async (_, mode, message) => {
    const proxy = await proxied({ mode });
    expect(await check({ https_proxy: proxy.url(ENCODED) })).toEqual(
      failed(`^The proxy ${proxy.url()} \\(https_proxy\\) ${message}`),
    );
  });

  test('that wants other credentials is named, in write as a config_error', async () => {
    const proxy = await proxied({ wants: CREDENTIALS });
    const environment = { HTTPS_PROXY: proxy.url('us%40er:other-word') };
    const message = `^The proxy ${proxy.url()} \\(HTTPS_PROXY\\) does not accept the credentials in HTTPS_PROXY \\(407\\)`;
    expect(await check(environment)).toEqual(failed(message));
    const config = folder.write('d.json', destination());
    const catalog = folder.write('catalog.json', { streams: [] });
    const outcome = await run(['write', '--config', config, '--catalog', catalog], environment);
    expect(ofType(outcome, 'TRACE').map(({ trace }) => trace.error)).toMatchObject([
      { failure_type: 'config_error', message: expect.stringMatching(message) },
    ]);
  });

  test('that is not running, or has no URL, is named', async () => {
    const dead = await deadUrl();
    expect(await check({ HTTPS_PROXY: dead })).toEqual(
      failed(`^The proxy ${dead} \\(HTTPS_PROXY\\) cannot be reached \\(ECONNREFUSED\\)`),
    );
    expect(await check({ HTTPS_PROXY: 'http://user:other-word#@proxy' })).toEqual(
      failed("^HTTPS_PROXY should be a proxy's URL"),
    );
  });

  test('that lets Snowflake through, but not its stages', async () => {
    const proxy = await proxied();
    delete proxy.routes[STAGE];
    expect(await check({ HTTPS_PROXY: proxy.url() })).toEqual(
      failed(
        `status code 502 .*\\. Files go to the host of a stage, which the proxy ${proxy.url()} \\(HTTPS_PROXY\\) has to let through`,
      ),
    );
  });
});

test.each<[string, (unknown: Authority) => Certificate, string]>([
  ['of a CA that is not known', (unknown) => unknown.issue([HOST]), 'UNABLE_TO_\\w+'],
  ['that has expired', () => authority.issue([HOST], -1), 'CERT_HAS_EXPIRED'],
  ['for another host', () => authority.issue(['example.com']), 'ERR_TLS_CERT_ALTNAME_INVALID'],
])('a certificate %s is said at once, and what to do', async (_, issue, code) => {
  const unknown = new Authority('Inspection CA');
  const proxy = await proxied({}, await secured(issue(unknown)));
  unknown.remove();
  expect(await check({ HTTPS_PROXY: proxy.url() })).toEqual(
    failed(
      `^The certificate of https://${HOST} is not trusted: .*\\(${code}\\).*NODE_EXTRA_CA_CERTS=/path/to/ca\\.pem`,
    ),
  );
  expect(proxy.seen).toHaveLength(1);
});

/** What the driver does for an account on Azure, with our options; the stand-in has no such stages. */
const AZURE_UPLOAD = `
const { createRequire } = require('node:module');
const ofDriver = (file) => createRequire(ROOT)(ROOT + 'node_modules/snowflake-sdk/dist/lib/' + file);
import(ROOT + 'dist/warehouse/snowflake/session/driver.js').then(async ({ proxyOptions }) => {
  const url = 'https://${HOST}';
  const ConnectionConfig = ofDriver('connection/connection_config.js');
  const AzureUtil = ofDriver('file_transfer_agent/azure_util.js');
  const config = new ConnectionConfig({ account: 'a', username: 'u', password: 'p', accessUrl: url, ...proxyOptions(url) });
  const stage = { storageAccount: 'acc', endPoint: 'blob.core.windows.net', creds: { AZURE_SAS_TOKEN: '?sig=1' } };
  const blob = new AzureUtil(config).createClient(stage).getContainerClient('c').getBlockBlobClient('b');
  console.log((await blob.upload('abc', 3))._response.status);
});
`;

test("an account on Azure: its driver's uploads have the proxy's user and password, too", async () => {
  const blobs = createServer((request, response) => {
    request.resume();
    response.writeHead(201, { etag: '"1"' }).end();
  });
  await new Promise<void>((resolve) => blobs.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(blobs.address() as AddressInfo).port}`;
  const stage = await kept(startFront(authority.issue(['acc.blob.core.windows.net']), target));
  const proxy = await proxied({ wants: CREDENTIALS, routes: { 'acc.blob.core.windows.net:443': stage.port } });
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const outcome = await runProgram(process.execPath, ['-e', `const ROOT = ${JSON.stringify(root)};${AZURE_UPLOAD}`], {
    environment: { ...NONE, NODE_EXTRA_CA_CERTS: authority.path, HTTPS_PROXY: proxy.url(ENCODED) },
  });
  blobs.close();
  expect(outcome.stdout).toBe('201\n');
  expect(proxy.seen).toEqual([
    { method: 'CONNECT', target: 'acc.blob.core.windows.net:443', credentials: CREDENTIALS },
  ]);
});
