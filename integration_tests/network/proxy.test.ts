import { ConfigError, UnavailableError } from '../../src/errors.js';
import { parseAnswer } from '../../src/hubspot/api/objects.js';
import { CALLS } from '../../src/hubspot/client/calls.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { query } from '../support/duckdb.js';
import { Authority, type Certificate, type Front, startFront } from '../support/processes/certificates.js';
import { hubflake, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { deadUrl } from '../support/processes/ports.js';
import { type ProxyOptions, TestProxy } from '../support/processes/proxy.js';
import { judgeMessages } from '../support/schedules/judge.js';

/** HubSpot through a real proxy, and through what may be wrong with one, by the commands as users run them. */

const TOKEN = 'pat-na1-canary-0123456789';
const HUBSPOT = 'api.hubapi.com:443';
/** As a user has them, and as they stand in a URL. */
const CREDENTIALS = 'us@er:p%@ss/wörd';
const ENCODED = 'us%40er:p%25%40ss%2Fw%C3%B6rd';
/** No test inherits a proxy of the machine it runs on. */
const NONE = { HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', http_proxy: '', NO_PROXY: '', no_proxy: '' };
/** In which `check` has to answer, whatever is wrong. */
const SOON_MS = 15_000;

let authority: Authority;
let sandbox: Sandbox;
let folder: TestFolder;
let front: Front;
let source: string;
let running: { stop(): Promise<void> }[];

beforeAll(() => {
  authority = new Authority();
});
afterAll(() => authority.remove());

beforeEach(async () => {
  running = [];
  folder = new TestFolder();
  sandbox = await startSandbox({ token: TOKEN, counts: { contacts: 250 }, limits: 'off' });
  front = await secured(authority.issue(['api.hubapi.com', 'localhost', '127.0.0.1']));
  source = folder.write('source.json', {
    credentials: { access_token: TOKEN },
    objects: [{ object_type: 'contacts' }],
  });
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await sandbox.close();
  folder.remove();
});

async function kept<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  running.push(started);
  return started;
}
/** HubSpot over https, with a certificate of the test's choice. */
const secured = (certificate: Certificate) => kept(startFront(certificate, sandbox.url));
/** A proxy for which HubSpot's own name leads to the sandbox. */
const proxied = (options: ProxyOptions = {}, to = front) =>
  kept(TestProxy.start({ routes: { [HUBSPOT]: to.port }, ...options }));

async function run(args: string[], environment: Record<string, string>): Promise<Outcome> {
  const outcome = await hubflake(args, {
    environment: { ...NONE, NODE_EXTRA_CA_CERTS: authority.path, ...environment },
    cwd: folder.path,
  });
  for (const secret of [TOKEN, 'p%@ss', 'p%25', 'other-word', Buffer.from(CREDENTIALS).toString('base64')]) {
    expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  }
  return outcome;
}
async function check(environment: Record<string, string>) {
  const startedAt = Date.now();
  const outcome = await run(['check', '--config', source], environment);
  expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
  await judgeMessages(outcome.lines);
  return ofType(outcome, 'CONNECTION_STATUS')[0]?.connectionStatus;
}
const SUCCEEDED = { status: 'SUCCEEDED', message: expect.any(String) };
const failed = (message: string | RegExp) => ({ status: 'FAILED', message: expect.stringMatching(message) });

/** All that the proxy could have read. */
const overheard = (proxy: TestProxy) => Buffer.concat(proxy.sent).toString('latin1');

describe('HubSpot, under its own name, which only the proxy can resolve', () => {
  test.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])('is reached by %s', async (variable) => {
    const proxy = await proxied();
    expect(await check({ [variable]: proxy.url() })).toEqual(SUCCEEDED);
    expect(proxy.targets).toEqual([HUBSPOT]);
  });

  test('is read and synced, and the proxy overhears no token', async () => {
    const proxy = await proxied({ wants: CREDENTIALS });
    const environment = { HTTPS_PROXY: proxy.url(ENCODED) };
    const catalog = folder.write('catalog.json', {
      streams: [
        {
          stream: { name: 'contacts', json_schema: {}, supported_sync_modes: ['full_refresh', 'incremental'] },
          sync_mode: 'incremental',
          destination_sync_mode: 'append_dedup',
        },
      ],
    });
    const outcome = await run(['read', '--config', source, '--catalog', catalog], environment);
    expect(outcome.code).toBe(0);
    const live = sandbox.portal.truth('contacts').live.length;
    expect(ofType(outcome, 'RECORD').length).toBeGreaterThanOrEqual(live);
    const path = folder.join('w.duckdb');
    const credentials = { access_token: TOKEN };
    const pipeline = folder.write('p.json', {
      name: 'crm',
      source: { credentials, objects: [{ object_type: 'contacts' }], layout: 'columns' },
      destination: { type: 'duckdb', path, schema: 'hubspot' },
    });
    expect(await run(['sync', '--config', pipeline], environment)).toMatchObject({ code: 0 });
    expect(await query(path, 'SELECT count(*)::INT AS n FROM hubspot.contacts WHERE NOT archived')).toEqual([
      { n: live },
    ]);
    expect(proxy.targets).toEqual([HUBSPOT]);
    expect(proxy.seen.every(({ method, credentials: given }) => method === 'CONNECT' && given === CREDENTIALS)).toBe(
      true,
    );
    expect(overheard(proxy).length).toBeGreaterThan(1000);
    expect(overheard(proxy)).not.toContain(TOKEN);
  });

  test('is read with OAuth: the call for a token goes through the proxy as well', async () => {
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    source = folder.write('oauth.json', {
      credentials: { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken },
    });
    const proxy = await proxied();
    expect(await check({ HTTPS_PROXY: proxy.url() })).toEqual(SUCCEEDED);
    expect(sandbox.calls.counts().byKind.token).toBe(1);
    expect(proxy.targets).toEqual([HUBSPOT]);
    for (const secret of [clientSecret, refreshToken]) expect(overheard(proxy)).not.toContain(secret);
  });

  test('is reached through a proxy that is itself spoken to by TLS', async () => {
    const proxy = await proxied({ wants: CREDENTIALS, certificate: authority.issue(['127.0.0.1']) });
    expect(await check({ HTTPS_PROXY: proxy.url(ENCODED) })).toEqual(SUCCEEDED);
    const untrusted = await check({ HTTPS_PROXY: proxy.url(ENCODED), NODE_EXTRA_CA_CERTS: '' });
    expect(untrusted).toEqual(
      failed(/^The certificate of the proxy https:\/\/127\.0\.0\.1:\d+ \(HTTPS_PROXY\) is not/),
    );
    const plain = await proxied();
    expect(await check({ HTTPS_PROXY: plain.url().replace('http', 'https') })).toEqual(
      failed(/does not speak TLS\. Write http:\/\/ in HTTPS_PROXY/),
    );
  });
});

test('plain http on this machine goes through HTTP_PROXY, and not through HTTPS_PROXY', async () => {
  const proxy = await proxied();
  expect(await check({ HUBSPOT_BASE_URL: sandbox.url, HTTPS_PROXY: proxy.url() })).toEqual(SUCCEEDED);
  expect(proxy.seen).toEqual([]);
  expect(await check({ HUBSPOT_BASE_URL: sandbox.url, HTTP_PROXY: proxy.url() })).toEqual(SUCCEEDED);
  expect(proxy.targets).toEqual([new URL(sandbox.url).host]);
});

test.each<[string, boolean]>([
  ['*', true],
  ['localhost', true],
  ['example.com, localhost', true],
  ['localhost:<port>', true],
  ['localhost:1', false],
  ['host', false],
  ['127.0.0.1', false],
])('NO_PROXY=%s: https://localhost is reached directly: %s', async (list, isDirect) => {
  const proxy = await proxied();
  const environment = {
    HUBSPOT_BASE_URL: `https://localhost:${front.port}`,
    HTTPS_PROXY: proxy.url(),
    NO_PROXY: list.replace('<port>', String(front.port)),
  };
  expect(await check(environment)).toEqual(SUCCEEDED);
  expect(front.connections()).toBeGreaterThan(0);
  expect(proxy.targets).toEqual(isDirect ? [] : [`localhost:${front.port}`]);
});

test('NO_PROXY=.hubapi.com: HubSpot is looked for without the proxy; .example.com changes nothing', async () => {
  const proxy = await proxied();
  const environment = { HTTPS_PROXY: proxy.url(), no_proxy: 'localhost,.hubapi.com' };
  expect(await check(environment)).toEqual(failed(/^HubSpot could not be reached \((ENOTFOUND|EAI_AGAIN)\)/));
  expect(proxy.seen).toEqual([]);
  expect(await check({ ...environment, no_proxy: 'localhost,.example.com' })).toEqual(SUCCEEDED);
});

describe('a proxy', () => {
  test('that wants credentials: which, and where to put them', async () => {
    const proxy = await proxied({ wants: CREDENTIALS });
    const name = `^The proxy ${proxy.url()} \\(HTTPS_PROXY\\) `;
    expect(await check({ HTTPS_PROXY: proxy.url() })).toEqual(failed(`${name}wants credentials \\(407\\)`));
    expect(await check({ HTTPS_PROXY: proxy.url('us%40er:other-word') })).toEqual(
      failed(`${name}does not accept the credentials in HTTPS_PROXY \\(407\\)`),
    );
  });

  test.each<[string, TestProxy['mode'], string]>([
    ['refuses HubSpot', 403, `refuses to connect to ${HUBSPOT} \\(403\\)\\. Have it allow this host`],
    ['cannot connect', 503, `cannot connect to ${HUBSPOT} \\(503\\).*Check the network, https_proxy, NO_PROXY`],
    ['hangs up', 'cut', 'cannot be reached \\((ECONNRESET|UND_ERR_SOCKET)\\)'],
    ['is silent', 'silent', 'cannot be reached \\(ETIMEDOUT\\)'],
  ])('that %s is named', async (_, mode, message) => {
    const proxy = await proxied({ mode });
    expect(await check({ https_proxy: proxy.url(ENCODED) })).toEqual(
      failed(`^The proxy ${proxy.url()} \\(https_proxy\\) ${message}`),
    );
  });

  test.each<[string, () => Promise<string>, string]>([
    ['is not running', deadUrl, 'ECONNREFUSED'],
    ['does not exist', async () => 'http://proxy.invalid:3128', 'ENOTFOUND|EAI_AGAIN'],
  ])('that %s is named', async (_, url, code) => {
    const HTTP_PROXY = await url();
    expect(await check({ HTTP_PROXY })).toEqual(
      failed(`^The proxy ${HTTP_PROXY} \\(HTTP_PROXY\\) cannot be reached \\((${code})\\)`),
    );
  });

  test.each([`http://user:other-word#@proxy:3128`, 'http://us er:other-word%@proxy', 'ftp://proxy'])(
    'whose URL cannot be one (%s) is a mistake of the configuration, and not shown',
    async (url) => {
      expect(await check({ HTTPS_PROXY: url })).toEqual(failed("^HTTPS_PROXY should be a proxy's URL"));
      const catalog = folder.write('catalog.json', { streams: [] });
      const outcome = await run(['read', '--config', source, '--catalog', catalog], { HTTPS_PROXY: url });
      const errors = ofType(outcome, 'TRACE').flatMap(({ trace }) => trace.error ?? []);
      expect(errors).toMatchObject([{ failure_type: 'config_error' }]);
    },
  );

  test('is a config_error where it must be mended, a transient_error where it may come back', async () => {
    const proxy = await proxied({ mode: 403 });
    const ask = async (HTTPS_PROXY: string) => {
      const before = process.env.HTTPS_PROXY;
      process.env.HTTPS_PROXY = HTTPS_PROXY;
      const client = new HubSpotClient({
        ...{ baseUrl: 'https://api.hubapi.com', credentials: { kind: 'token', accessToken: TOKEN }, maxInFlight: 2 },
        ...{ burstShare: 0.9, dailyReserve: 0, retry: { neverReachedMs: 500 } },
      });
      if (before === undefined) delete process.env.HTTPS_PROXY;
      else process.env.HTTPS_PROXY = before;
      const call = client.call({ kind: CALLS.list, path: '/x', what: 'contacts' }, parseAnswer);
      return call.catch((error: unknown) => error).finally(() => client.close());
    };
    expect(await ask(proxy.url())).toBeInstanceOf(ConfigError);
    expect(proxy.seen).toHaveLength(1);
    expect(await ask(await deadUrl())).toBeInstanceOf(UnavailableError);
    proxy.mode = 'silent';
    expect(await ask(proxy.url())).toBeInstanceOf(UnavailableError);
  });
});

describe('a certificate that is not trusted', () => {
  const other = () => new Authority('Inspection CA');
  const cases: [string, (unknown: Authority) => Certificate, string][] = [
    ['of a CA that is not known', (unknown) => unknown.issue(['api.hubapi.com', '127.0.0.1']), 'UNABLE_TO_\\w+'],
    ['signed by itself', (unknown) => unknown.own, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['that has expired', () => authority.issue(['api.hubapi.com', '127.0.0.1'], -1), 'CERT_HAS_EXPIRED'],
    ['for another host', () => authority.issue(['example.com']), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [
      'whose chain ends in an unknown CA',
      (unknown) => {
        const { key, cert } = unknown.issue(['api.hubapi.com', '127.0.0.1']);
        return { key, cert: cert + unknown.own.cert };
      },
      'SELF_SIGNED_CERT_IN_CHAIN',
    ],
  ];

  test.each(cases)('%s is said at once, and what to do', async (_, issue, code) => {
    const unknown = other();
    const swapped = await secured(issue(unknown));
    const proxy = await proxied({}, swapped);
    const message = (origin: string) =>
      failed(
        `^The certificate of ${origin} is not trusted: .*\\(${code}\\)\\. A proxy that inspects TLS is usually why: set NODE_EXTRA_CA_CERTS=/path/to/ca\\.pem`,
      );
    expect(await check({ HTTPS_PROXY: proxy.url() })).toEqual(message('https://api.hubapi.com'));
    expect(proxy.seen).toHaveLength(1);
    const base = `https://127.0.0.1:${swapped.port}`;
    expect(await check({ HUBSPOT_BASE_URL: base })).toEqual(message(base));
    if (code.startsWith('UNABLE')) {
      expect(await check({ HTTPS_PROXY: proxy.url(), NODE_EXTRA_CA_CERTS: unknown.path })).toEqual(SUCCEEDED);
    }
    unknown.remove();
  });
});
