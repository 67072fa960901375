import { ConfigError, InternalError, RequestError } from '../../errors.js';
import type { ProxyServer } from '../../network/proxy.js';
import { ProxyError } from '../../network/tunnel.js';
import { parseAnswer } from '../api/objects.js';
import { CALLS } from './calls.js';
import { HubSpotClient } from './client.js';
import { judgeFailure, LostAnswer } from './network-failures.js';
import { REDIRECT_REFUSED } from './transport.js';

const proxy: ProxyServer = {
  url: 'http://proxy:3128',
  isTls: false,
  host: 'proxy',
  port: 3128,
  username: '',
  password: '',
  variable: 'HTTPS_PROXY',
};
const judge = (error: unknown, through: ProxyServer | null = null) =>
  judgeFailure(error, { url: 'https://api.hubapi.com', proxy: through });

/** As fetch throws it. */
const fetchFailed = (cause?: unknown) => new TypeError('fetch failed', { cause });
const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

test.each([
  ['ECONNREFUSED', fetchFailed(coded('ECONNREFUSED'))],
  ['ECONNRESET', fetchFailed(coded('ECONNRESET'))],
  ['ENOTFOUND', fetchFailed(coded('ENOTFOUND'))],
  ['EAI_AGAIN', fetchFailed(coded('EAI_AGAIN'))],
  ['EPIPE', fetchFailed(coded('EPIPE'))],
  ['UND_ERR_CONNECT_TIMEOUT', fetchFailed(coded('UND_ERR_CONNECT_TIMEOUT'))],
  ['UND_ERR_HEADERS_TIMEOUT', fetchFailed(coded('UND_ERR_HEADERS_TIMEOUT'))],
  ['UND_ERR_SOCKET', new TypeError('terminated', { cause: coded('UND_ERR_SOCKET', 'other side closed') })],
  ['ECONNRESET', fetchFailed(Object.assign(coded('UND_ERR_SOCKET'), { cause: coded('ECONNRESET') }))],
  ['HPE_INVALID_CONSTANT', fetchFailed(coded('HPE_INVALID_CONSTANT'))],
  ['the answer is cut off', new LostAnswer('the answer is cut off')],
])('%s is repeated', (code, error) => {
  expect(judge(error)).toEqual({ action: 'repeat', why: `HubSpot could not be reached (${code})` });
  expect(judge(error, proxy)).toMatchObject({
    why: `HubSpot could not be reached through the proxy http://proxy:3128 (HTTPS_PROXY) (${code})`,
  });
});

test('a port that fetch refuses is a mistake in the configuration', async () => {
  const error = await fetch('http://127.0.0.1:1').catch((refused: unknown) => refused);
  expect(judge(error)).toMatchObject({ action: 'fail', error: expect.any(ConfigError) });
});

test.each<[string, unknown]>([
  ['of types', new TypeError("Cannot read properties of undefined (reading 'x')")],
  ['of ranges', new RangeError('Invalid array length')],
  ['of references', new ReferenceError('x is not defined')],
  ['of syntax', new SyntaxError('Unexpected token')],
  ['of fetch, without a cause', fetchFailed()],
  [
    'of fetch, with another one of types as its cause',
    fetchFailed(new TypeError('this[kClient].connect is no function')),
  ],
  ['of fetch, called wrongly', fetchFailed(coded('UND_ERR_INVALID_ARG'))],
  ['of a call with a wrong argument', coded('ERR_INVALID_ARG_TYPE')],
  ['that nobody knows', new Error('something else')],
  ['that is a text', 'a text'],
  ['that is nothing', null],
])('an error %s is one of ours', (_, error) => {
  const verdict = judge(error);
  expect(verdict).toMatchObject({ action: 'fail', error: { code: 'HF-INTERNAL', kind: 'system_error' } });
  expect(verdict.action === 'fail' && verdict.error).toBeInstanceOf(InternalError);
});

test('an error of ours says what it was, not that fetch failed', () => {
  const verdict = judge(fetchFailed(new TypeError('this[kClient].connect is not a function')));
  expect(verdict.action === 'fail' && verdict.error.message).toContain('this[kClient].connect is not a function');
});

test('a redirect is refused', () => {
  const verdict = judge(fetchFailed(coded(REDIRECT_REFUSED, 'HubSpot answered with a redirect (302)')));
  expect(verdict.action === 'fail' && verdict.error).toBeInstanceOf(RequestError);
});

test.each([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])('the certificate error %s is the user’s to mend, at once', (code) => {
  const verdict = judge(fetchFailed(coded(code)));
  expect(verdict.action === 'fail' && verdict.error).toBeInstanceOf(ConfigError);
  const message = verdict.action === 'fail' ? verdict.error.message : '';
  expect(message).toMatch(/^The certificate of https:\/\/api\.hubapi\.com is not trusted: .*\./);
  expect(message).toContain(code);
  expect(message).toContain('A proxy that inspects TLS is usually why');
  expect(message).toContain('NODE_EXTRA_CA_CERTS=/path/to/ca.pem');
});

describe('a proxy', () => {
  const target = 'api.hubapi.com:443';
  const did = (status: number | null, cause?: unknown, given = proxy) =>
    judge(fetchFailed(new ProxyError(given, target, status, cause)), given);

  test.each([400, 403, 405])('that refuses (%i) has to be mended', (status) => {
    expect(did(status)).toMatchObject({
      action: 'fail',
      error: {
        kind: 'config_error',
        message: `The proxy http://proxy:3128 (HTTPS_PROXY) refuses to connect to ${target} (${status}). Have it allow this host, or list the host in NO_PROXY if it can be reached without a proxy.`,
      },
    });
  });

  test('that wants credentials, or others, says which variable they belong into', () => {
    expect(did(407)).toMatchObject({
      error: {
        message: expect.stringContaining('Put them into HTTPS_PROXY: http://user:password@proxy:3128, with special'),
      },
    });
    expect(did(407, undefined, { ...proxy, username: 'ann', password: 'secret-of-ann' })).toMatchObject({
      error: {
        kind: 'config_error',
        message: expect.stringMatching(/does not accept the credentials in HTTPS_PROXY \(407\)(?!.*secret-of-ann)/),
      },
    });
  });

  test.each([408, 429, 500, 502, 503, 504])('that cannot connect (%i) may a little later', (status) => {
    expect(did(status)).toEqual({
      action: 'repeat',
      why: `The proxy http://proxy:3128 (HTTPS_PROXY) cannot connect to ${target} (${status})`,
    });
  });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'ECONNRESET'])('that is not there (%s) may be later', (code) => {
    expect(did(null, coded(code))).toEqual({
      action: 'repeat',
      why: `The proxy http://proxy:3128 (HTTPS_PROXY) cannot be reached (${code})`,
    });
  });

  test('whose own certificate is not trusted, or that speaks no TLS', () => {
    const tls = { ...proxy, isTls: true, url: 'https://proxy:3128' };
    expect(did(null, coded('SELF_SIGNED_CERT_IN_CHAIN'), tls)).toMatchObject({
      error: { message: expect.stringContaining('certificate of the proxy https://proxy:3128 (HTTPS_PROXY) is not') },
    });
    expect(did(null, coded('ERR_SSL_WRONG_VERSION_NUMBER'), tls)).toMatchObject({
      error: { message: expect.stringContaining('does not speak TLS. Write http:// in HTTPS_PROXY') },
    });
  });
});

describe('a client', () => {
  const INVISIBLE = { kind: 'token' as const, accessToken: 'pat\u200b-na1' };
  const OAUTH = { kind: 'oauth' as const, clientId: 'id', clientSecret: 'the-secret', refreshToken: 'refresh-1' };
  const TOKEN = { kind: 'token' as const, accessToken: 'token-1' };

  // Port 1 is one that fetch refuses.
  test.each([
    ['a header that cannot be one', INVISIBLE, 'HF-INTERNAL'],
    ['a URL that fetch refuses', TOKEN, 'HF-CONFIG'],
    ['a URL that fetch refuses, when a token is asked for', OAUTH, 'HF-CONFIG'],
  ])('does not repeat %s, and does not call it a fault of the network', async (_, credentials, code) => {
    const client = new HubSpotClient({
      ...{ baseUrl: 'http://127.0.0.1:1', credentials, maxInFlight: 1, burstShare: 0.9, dailyReserve: 0 },
    });
    const startedAt = Date.now();
    const call = client.call({ kind: CALLS.list, path: '/x', what: 'contacts' }, parseAnswer);
    await expect(call).rejects.toMatchObject({ code });
    expect(Date.now() - startedAt).toBeLessThan(400);
    await client.close();
  });
});
