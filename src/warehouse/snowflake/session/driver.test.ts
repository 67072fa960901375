import { ConfigError } from '../../../errors.js';
import { proxyOptions } from './driver.js';

const ACCOUNT = 'https://myorg-myaccount.snowflakecomputing.com';

test.each<[string, NodeJS.ProcessEnv, object]>([
  ['no proxy', {}, {}],
  ['a proxy', { HTTPS_PROXY: 'http://proxy:3128' }, { proxyHost: 'proxy', proxyPort: 3128, proxyProtocol: 'http' }],
  ['one for http alone', { HTTP_PROXY: 'proxy:3128' }, { proxyHost: 'proxy', proxyPort: 3128 }],
  ['one by TLS', { https_proxy: 'https://proxy' }, { proxyHost: 'proxy', proxyPort: 443, proxyProtocol: 'https' }],
  ['an address', { https_proxy: 'http://[::1]:3128' }, { proxyHost: '[::1]', proxyPort: 3128 }],
  [
    'credentials',
    { HTTPS_PROXY: 'http://us%40er:p%25%40ss@proxy:3128' },
    { proxyHost: 'us%40er:p%25%40ss@proxy', proxyUser: 'us%40er', proxyPassword: 'p%25%40ss' },
  ],
  [
    'hosts without it: those below as well, and no other ports',
    { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.amazonaws.com, localhost:443 localhost:80,x.test' },
    { noProxy: 'amazonaws.com|*.amazonaws.com|localhost|*.localhost|x.test|*.x.test' },
  ],
  ['no host with it', { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '*' }, { noProxy: '*' }],
])('%s', (_, environment, expected) => {
  const options = proxyOptions(ACCOUNT, environment);
  expect(options).toMatchObject(expected);
  expect('proxyHost' in options).toBe(Object.keys(environment).length > 0);
});

test('a stand-in on this machine is reached directly', () => {
  expect(proxyOptions('http://127.0.0.1:4000', { HTTP_PROXY: 'http://proxy:3128' })).toEqual({});
});

test('a variable that is no URL is refused', () => {
  expect(() => proxyOptions(ACCOUNT, { HTTPS_PROXY: 'http://' })).toThrow(ConfigError);
});
