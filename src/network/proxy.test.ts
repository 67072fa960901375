import { ConfigError } from '../errors.js';
import { redact } from '../log.js';
import { authorizationOf, nameOf, proxyFor } from './proxy.js';

const HUBSPOT = 'https://api.hubapi.com';

test.each<[string, NodeJS.ProcessEnv, string | null]>([
  [HUBSPOT, {}, null],
  [HUBSPOT, { HTTPS_PROXY: 'http://a:1' }, 'the proxy http://a:1 (HTTPS_PROXY)'],
  [HUBSPOT, { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:2' }, 'the proxy http://a:1 (https_proxy)'],
  [HUBSPOT, { https_proxy: '', HTTPS_PROXY: 'http://b:2' }, 'the proxy http://b:2 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTPS_PROXY: 'http://a:1', http_proxy: 'http://b:2' }, 'the proxy http://a:1 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTP_PROXY: 'http://b:2' }, 'the proxy http://b:2 (HTTP_PROXY)'],
  ['http://localhost:8080', { HTTPS_PROXY: 'http://a:1' }, null],
  ['http://localhost:8080', { http_proxy: 'http://b:2' }, 'the proxy http://b:2 (http_proxy)'],
  [HUBSPOT, { HTTPS_PROXY: ' proxy.corp:3128 ' }, 'the proxy http://proxy.corp:3128 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTPS_PROXY: 'http://proxy.corp' }, 'the proxy http://proxy.corp:80 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTPS_PROXY: 'https://proxy.corp/' }, 'the proxy https://proxy.corp:443 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTPS_PROXY: 'http://[::1]:3128' }, 'the proxy http://[::1]:3128 (HTTPS_PROXY)'],
  [HUBSPOT, { HTTPS_PROXY: 'http://u:p@a:1' }, 'the proxy http://a:1 (HTTPS_PROXY)'],
])('%s with %j is reached through %s', (url, environment, expected) => {
  const proxy = proxyFor(url, environment);
  expect(proxy && nameOf(proxy)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['', HUBSPOT, true],
  ['*', HUBSPOT, false],
  ['api.hubapi.com', HUBSPOT, false],
  ['API.HubAPI.com', HUBSPOT, false],
  ['hubapi.com', HUBSPOT, false],
  ['.hubapi.com', HUBSPOT, false],
  ['*.hubapi.com', HUBSPOT, false],
  ['api.com', HUBSPOT, true],
  ['api', HUBSPOT, true],
  ['api.hubapi.com.evil', HUBSPOT, true],
  ['localhost, 127.0.0.1,hubapi.com', HUBSPOT, false],
  ['localhost hubapi.com', HUBSPOT, false],
  ['hubapi.com:443', HUBSPOT, false],
  ['hubapi.com:8443', HUBSPOT, true],
  ['hubapi.com:8443', `${HUBSPOT}:8443`, false],
  ['hubapi.com:443', `${HUBSPOT}:8443`, true],
  ['*:443', HUBSPOT, false],
  ['cafe:443', 'https://cafe', false],
  ['127.0.0.1:4000', 'https://127.0.0.1:4000', false],
  ['::1', 'https://[::1]:4000', false],
  ['[::1]', 'https://[::1]:4000', false],
  ['[::1]:4000', 'https://[::1]:4000', false],
  ['[::1]:4001', 'https://[::1]:4000', true],
])('NO_PROXY=%s: is %s reached through the proxy? %s', (list, url, expected) => {
  const HTTPS_PROXY = 'http://a:1';
  expect(proxyFor(url, { HTTPS_PROXY, NO_PROXY: list }) !== null).toBe(expected);
  expect(proxyFor(url, { HTTPS_PROXY, no_proxy: list, NO_PROXY: 'elsewhere' }) !== null).toBe(expected);
});

test('credentials are read as they were before they were percent-encoded, and are never shown', () => {
  const proxy = proxyFor(HUBSPOT, { HTTPS_PROXY: 'http://us%40er:p%25%40ss%2Fw%C3%B6rd@proxy:3128' });
  expect(proxy).toMatchObject({ username: 'us@er', password: 'p%@ss/wörd', url: 'http://proxy:3128' });
  const header = Buffer.from('us@er:p%@ss/wörd').toString('base64');
  expect(proxy && authorizationOf(proxy)).toBe(`Basic ${header}`);
  const shown = redact(`p%@ss/wörd p%25%40ss%2Fw%C3%B6rd Basic ${header}`);
  expect(shown).toBe('**** **** Basic ****');
});

test('a user without a password, and a password without a user', () => {
  const header = (url: string) => {
    const proxy = proxyFor(HUBSPOT, { HTTPS_PROXY: url });
    return proxy && Buffer.from(String(authorizationOf(proxy)).slice(6), 'base64').toString();
  };
  expect(header('http://token@proxy:1')).toBe('token:');
  expect(header('http://:word@proxy:1')).toBe(':word');
});

test.each([
  ['http://', 'cannot be read as one'],
  ['http://user:pass/hush@proxy:3128', 'cannot be read as one'],
  ['http://proxy:99999', 'cannot be read as one'],
  ['http://user:12#hush@proxy:3128', 'has more behind the host'],
  ['http://user:12/hush@proxy:3128', 'has more behind the host'],
  ['http://user:12?hush@proxy:3128', 'has more behind the host'],
  ['http://user:hush%@proxy:3128', 'Write %25'],
  ['http://user:hush%C3@proxy:3128', 'Write %25'],
  ['socks5://proxy:1080', 'begins with socks5://'],
])('%s is refused, without showing it', (url, why) => {
  for (const variable of ['HTTPS_PROXY', 'http_proxy']) {
    let error: unknown;
    try {
      proxyFor(HUBSPOT, { [variable]: url });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { message } = error as Error;
    expect(message).toMatch(new RegExp(`^${variable} should be a proxy's URL`));
    expect(message).toContain(why);
    expect(message).not.toContain('hush');
  }
});
