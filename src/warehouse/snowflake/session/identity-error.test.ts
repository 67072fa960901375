import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { SilenceError } from './faults.js';
import { loginError } from './login-error.js';

const url = 'https://a.snowflakecomputing.com';
const workload = (given: object = {}) =>
  ({
    url,
    role: 'LOADER',
    credentials: {
      ...{ kind: 'workload', username: 'ANN', provider: 'OIDC', token: null, tokenFile: '/none', ...given },
    },
  }) as unknown as SnowflakeConfig;
const browser = { url, role: null, credentials: { kind: 'browser', username: 'ANN' } } as SnowflakeConfig;
const coded = (code: string, message: string) => Object.assign(new Error(message), { code });
const jwt = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`;
const messageOf = (error: unknown, config: SnowflakeConfig) => {
  const { kind, message } = loginError(error, config);
  return `${kind}: ${message}`;
};

test.each<[string, object, Error, string | RegExp]>([
  [
    'a token that has expired, by its own words',
    { token: jwt(1_700_000_000), tokenFile: null },
    coded('390100', 'No.'),
    'config_error: Snowflake refused the workload identity of the user ANN: its token expired at 2023-11-14T22:13:20.000Z. Give one that is valid for the whole run, or a token_file that is kept fresh: it is read anew for each login.',
  ],
  [
    "a token that has expired, by Snowflake's",
    {},
    coded('390318', 'OAuth access token expired. [x]'),
    'config_error: Snowflake refused the workload identity of the user ANN: its token has expired. See that what issues it keeps /none fresh: it is read anew for each login.',
  ],
  [
    "a cloud's token that has expired",
    { provider: 'AWS', tokenFile: null, username: null },
    coded('394400', 'The token is expired'),
    "config_error: Snowflake refused the workload identity: its token has expired. Check this machine's clock, and run it again.",
  ],
  [
    'another identity',
    { token: jwt(4_000_000_000), tokenFile: null },
    coded('394400', 'Nobody is this.'),
    /^config_error: Snowflake refused the workload identity of the user ANN: Nobody is this\. See in DESCRIBE USER … .* of the type OIDC, and that ISSUER, SUBJECT and audience/,
  ],
  ['a role', {}, coded('390189', 'Role'), 'The role LOADER does not exist'],
  ['a network policy', {}, coded('390422', 'IP 203.0.113.7 is not allowed'), 'does not let 203.0.113.7 in'],
  ['the network', {}, coded('401001', 'Request to Snowflake failed.'), 'Snowflake cannot be reached'],
  ['silence', {}, new SilenceError('no answer'), 'Snowflake cannot be reached'],
  ['a mistake of ours', {}, new TypeError('x is not a function'), 'Something went wrong inside hubflake'],
  [
    'no identity there',
    { provider: 'AZURE', tokenFile: null },
    new Error('ChainedTokenCredential authentication failed.\nmore'),
    /^config_error: No identity for the login could be had from Azure: .* It says: ChainedTokenCredential authentication failed\. See that/,
  ],
  [
    'a host that is not of Snowflake',
    {},
    new Error('WORKLOAD_IDENTITY requires a recognized Snowflake host. Got: x.'),
    `Workload Identity is for Snowflake's own hosts, and ${url} is none`,
  ],
])('workload: %s', (_, given, error, expected) => {
  const message = messageOf(error, workload(given));
  if (expected instanceof RegExp) expect(message).toMatch(expected);
  else expect(message).toContain(expected);
});

test.each<[string, Error, string]>([
  [
    'nobody',
    new Error('Error while getting SAML token: Browser action timed out after 120000 ms.'),
    'Nobody has logged in',
  ],
  [
    'no single sign-on',
    new Error('Authentication failed. Error code: 390190, message: There was an error related to SAML.'),
    'Snowflake offers no login by browser for this user: There was an error related to SAML. It needs single sign-on',
  ],
  ['a refusal there', new Error('Error while getting SAML token: denied'), 'The login in the browser failed'],
  [
    'a refusal after it',
    coded('390165', 'The SAML response is invalid'),
    'Snowflake refused the login of the user ANN',
  ],
  ['the network', coded('ENOTFOUND', 'getaddrinfo'), 'does not exist. Check "host"'],
])('browser: %s', (_, error, expected) => {
  expect(messageOf(error, browser)).toContain(expected);
});
