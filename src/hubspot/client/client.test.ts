import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  CredentialsError,
  DailyLimitError,
  MissingScopesError,
  RequestError,
  StoppedError,
  UnavailableError,
} from '../../errors.js';
import { configureLog } from '../../log.js';
import { parseAnswer } from '../api/objects.js';
import { CALLS } from './calls.js';
import { type Call, type ClientOptions, HubSpotClient } from './client.js';
import { MalformedAnswer } from './malformed-answer.js';

/** Answers of a real server, one after the other; the last one stays. */
type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
let server: Server;
let answers: Answer[];
let seen: { method: string; url: string; authorization: string | undefined; body: string }[];
let client: HubSpotClient | undefined;

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const good = json({ results: [1] });

beforeAll(async () => {
  configureLog({ sink: () => undefined });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, authorization: headers.authorization, body });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  answers = [good];
  seen = [];
});

afterEach(() => client?.close());

const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function make(options: Partial<ClientOptions> = {}): HubSpotClient {
  client = new HubSpotClient({
    baseUrl: base(),
    credentials: { kind: 'token', accessToken: 'token-1' },
    maxInFlight: 4,
    burstShare: 0.9,
    dailyReserve: 0,
    ...options,
  });
  return client;
}

const list: Call = { kind: CALLS.list, path: '/crm/objects/x/contacts', query: 'properties=a,b', what: 'contacts' };
const read = (call: Call = list) => (client ?? make()).call(call, parseAnswer);

test('closed while calls are under way, it ends them instead of repeating them', async () => {
  const closing = make();
  answers = [() => undefined];
  const calls = [read(), read({ ...list, kind: CALLS.search }), read()].map((call) =>
    call.catch((error: unknown) => error),
  );
  while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await closing.close();
  for (const outcome of await Promise.all(calls)) expect(outcome).toBeInstanceOf(StoppedError);
  expect(seen).toHaveLength(3);
});

test('sends the token, the query as it is, and a body as JSON', async () => {
  make();
  expect(await read()).toEqual({ results: [1] });
  await read({ kind: CALLS.search, path: '/x/search', body: { limit: 1 }, what: 'contacts' });
  expect(seen).toEqual([
    { method: 'GET', url: '/crm/objects/x/contacts?properties=a,b', authorization: 'Bearer token-1', body: '' },
    { method: 'POST', url: '/x/search', authorization: 'Bearer token-1', body: '{"limit":1}' },
  ]);
});

test('sends a body only to where nothing is written', async () => {
  make();
  const unsubscribe = '/communication-preferences/2026-09/statuses/batch/unsubscribe-all';
  await expect(read({ kind: CALLS.search, path: unsubscribe, body: {}, what: 'statuses' })).rejects.toMatchObject({
    internal: expect.stringContaining('may write'),
  });
  expect(seen).toEqual([]);
});

test.each<[string, Answer]>([
  ['502 with HTML', (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>')],
  ['HTML with status 200', (_, response) => response.end('<html>')],
  ['JSON that is cut off with status 200', (_, response) => response.end('{"results":[')],
  ['an answer without results', json({ status: 'ok' })],
  ['a reset before the answer', (request) => request.socket.destroy()],
  [
    'a reset within the body',
    (_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"results":[');
      setTimeout(() => response.destroy(), 20);
    },
  ],
])('repeats after %s', async (_, fault) => {
  make();
  answers = [fault, good];
  const results = (body: Buffer) => {
    const answer = parseAnswer(body);
    if (!answer.results) throw new MalformedAnswer('no results');
    return answer;
  };
  expect(await (client as HubSpotClient).call(list, results)).toEqual({ results: [1] });
  expect(seen).toHaveLength(2);
  expect(client?.calls.summary()).toEqual({ byKind: { list: 2 }, repeats: 1, total: 2 });
});

test('waits out a 429 and goes on', async () => {
  make();
  answers = [json({ policyName: 'TEN_SECONDLY_ROLLING' }, 429, { 'retry-after': '0.2' }), good];
  const startedAt = Date.now();
  await read();
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(190);
});

test.each([
  [json({ policyName: 'DAILY' }, 429), DailyLimitError],
  [json({ category: 'INVALID_AUTHENTICATION' }, 401), CredentialsError],
  [json({ category: 'MISSING_SCOPES' }, 403), MissingScopesError],
  [json({ message: 'no' }, 400), RequestError],
])('does not repeat what repeating cannot mend', async (answer, error) => {
  make();
  answers = [answer];
  await expect(read()).rejects.toThrow(error);
  expect(seen).toHaveLength(1);
});

test('after a call that was refused for the day, no other one is sent', async () => {
  make();
  answers = [json({ policyName: 'DAILY' }, 429)];
  await expect(read()).rejects.toThrow(DailyLimitError);
  for (const kind of [CALLS.search, CALLS.associations, CALLS.list]) {
    await expect(read({ ...list, kind })).rejects.toThrow(DailyLimitError);
  }
  expect(seen).toHaveLength(1);
});

test('a refused call that is exempt from the burst limit waits, too', async () => {
  make();
  answers = [json({ policyName: 'SECONDLY' }, 429, { 'retry-after': '0.3' }), good];
  const startedAt = Date.now();
  await read({ ...list, kind: CALLS.associations });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290);
  expect(seen).toHaveLength(2);
});

test('refuses a redirect: the token goes nowhere else', async () => {
  make();
  answers = [(_, response) => response.writeHead(302, { location: `${base()}/elsewhere` }).end()];
  await expect(read()).rejects.toThrow('redirect (302), which is refused');
  expect(seen).toHaveLength(1);
});

test('cuts off an answer that would fill the memory, however well it was compressed', async () => {
  make();
  const bomb = gzipSync(Buffer.alloc(140 * 1024 * 1024, ' '));
  answers = [(_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)];
  await expect(read()).rejects.toThrow('larger than 128 MiB');
});

test('gives up on a host that was never reached, in words about the network', async () => {
  // fetch refuses port 9 without trying; here it tries, and nobody listens.
  make({ baseUrl: 'http://127.0.0.1:2', retry: { neverReachedMs: 1000 } });
  const startedAt = Date.now();
  await expect(read()).rejects.toThrow(UnavailableError);
  await expect(read()).rejects.toThrow('Check the network, the proxy settings and HUBSPOT_BASE_URL');
  expect(Date.now() - startedAt).toBeLessThan(10_000);
});

test('a stop ends a call that is on its way, and one that waits', async () => {
  const stop = new AbortController();
  make({ signal: stop.signal });
  answers = [() => undefined];
  const call = read();
  setTimeout(() => stop.abort(), 50);
  await expect(call).rejects.toThrow(StoppedError);
  await expect(read()).rejects.toThrow(StoppedError);
});

test("learns HubSpot's time from its answers", async () => {
  make();
  answers = [json({}, 200, { date: 'Thu, 01 Jan 2037 00:00:00 GMT' })];
  await read();
  expect(client?.clock.now()).toBeGreaterThanOrEqual(Date.parse('2037-01-01T00:00:00Z'));
});

describe('OAuth', () => {
  const oauth = { kind: 'oauth' as const, clientId: 'id', clientSecret: 'the-secret', refreshToken: 'refresh-1' };
  const grant = (token: string, more: object = {}) => json({ access_token: token, expires_in: 1800, ...more });

  test('gets a token before the first call, and shares it', async () => {
    make({ credentials: oauth });
    answers = [grant('access-1'), good];
    await Promise.all([read(), read(), read()]);
    expect(seen.map((each) => each.url.split('?')[0])).toEqual([
      '/oauth/2026-09/token',
      ...Array(3).fill('/crm/objects/x/contacts'),
    ]);
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id',
      client_secret: 'the-secret',
      refresh_token: 'refresh-1',
    });
    expect(seen[0]?.authorization).toBeUndefined();
    expect(seen[1]?.authorization).toBe('Bearer access-1');
  });

  test('renews the token before it expires, not after a 401', async () => {
    make({ credentials: oauth });
    answers = [grant('access-1', { expires_in: 0.2 }), good, grant('access-2'), good];
    await read();
    await new Promise((resolve) => setTimeout(resolve, 150));
    await read();
    expect(seen.map((each) => each.authorization)).toEqual([
      undefined,
      'Bearer access-1',
      undefined,
      'Bearer access-2',
    ]);
  });

  test('renews a token that is refused once, and then believes it', async () => {
    make({ credentials: oauth });
    const refused = json({ category: 'EXPIRED_AUTHENTICATION' }, 401);
    answers = [grant('access-1'), refused, grant('access-2'), good];
    await read();
    answers = [refused, grant('access-3'), refused];
    await expect(read()).rejects.toThrow(CredentialsError);
  });

  test('hands on a refresh token that HubSpot has rotated, and uses it', async () => {
    const rotated: string[] = [];
    make({ credentials: oauth, onRefreshToken: (token) => rotated.push(token) });
    answers = [grant('access-1', { expires_in: 0.1, refresh_token: 'refresh-2' }), good, grant('access-2'), good];
    await read();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await read();
    expect(rotated).toEqual(['refresh-2']);
    expect(seen[2]?.body).toContain('refresh_token=refresh-2');
  });

  test('renews it after waiting for the budget, not before', async () => {
    make({ credentials: oauth });
    const limited = json({ policyName: 'SECONDLY' }, 429, { 'retry-after': '0.4' });
    answers = [grant('access-1', { expires_in: 0.3 }), limited, grant('access-2'), good];
    await read();
    expect(seen.map((each) => each.authorization)).toEqual([
      undefined,
      'Bearer access-1',
      undefined,
      'Bearer access-2',
    ]);
  });

  test.each<[string, Answer]>([
    ['502 with HTML', (_, response) => response.writeHead(502).end('<html>')],
    ['HTML with status 200', (_, response) => response.end('<html>')],
    ['an answer that is cut off', (_, response) => response.end('{"access_token":"acc')],
    ['423', json({}, 423)],
    ['a reset', (request) => request.socket.destroy()],
  ])('asks again for a token after %s', async (_, fault) => {
    make({ credentials: oauth });
    answers = [fault, grant('access-1'), good];
    await read();
    expect(seen.at(-1)?.authorization).toBe('Bearer access-1');
  });

  test('a stop ends the wait for a token', async () => {
    const stop = new AbortController();
    make({ credentials: oauth, signal: stop.signal });
    answers = [() => undefined];
    setTimeout(() => stop.abort(), 50);
    await expect(read()).rejects.toThrow(StoppedError);
  });

  test('says what to check when the refresh token is refused', async () => {
    make({ credentials: oauth });
    answers = [json({ status: 'BAD_REFRESH_TOKEN', error: 'invalid_grant' }, 400)];
    await expect(read()).rejects.toThrow('Check client_id, client_secret and refresh_token');
    await expect(read()).rejects.not.toThrow('the-secret');
  });
});
