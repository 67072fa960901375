import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { isConnectionLost, SilenceError, schemaMissing, statementError } from './faults.js';
import { loginError } from './login-error.js';

const config = {
  url: 'https://a.snowflakecomputing.com',
  credentials: { kind: 'password', username: 'ANN', password: 'x' },
} as SnowflakeConfig;

/** As the driver wraps what is thrown on a request's way. */
const driverError = (cause?: unknown) =>
  Object.assign(new Error('Request to Snowflake failed.'), { name: 'NetworkError', code: 401001, cause });
const coded = (code: string) => Object.assign(new Error(code), { code });

const OURS: [string, unknown][] = [
  ['one of types', new TypeError("Cannot read properties of undefined (reading 'length')")],
  ['one of ranges', new RangeError('Invalid array length')],
  ['one of references', new ReferenceError('x is not defined')],
  ['one of syntax', new SyntaxError('Unexpected token')],
  ['one that speaks of the network', new TypeError('ECONNRESET is not a function')],
  ['one that the driver calls a network error', driverError(new TypeError('rows is not iterable'))],
];

test.each(OURS)('an error of ours, %s, is one at the login and in a statement', (_, error) => {
  const expected = {
    code: 'HF-INTERNAL',
    kind: 'system_error',
    message: expect.stringMatching(/Something went wrong/),
  };
  expect(loginError(error, config)).toMatchObject(expected);
  expect(statementError(error, { config, doing: 'Writing to the table T' })).toMatchObject(expected);
  expect(isConnectionLost(error)).toBe(false);
});

test('an error of ours says what it was, not that the request failed', () => {
  expect(loginError(driverError(new TypeError('rows is not iterable')), config).message).toContain(
    'rows is not iterable',
  );
});

test.each<[string, unknown]>([
  ['without a cause', driverError()],
  ['by a reset', driverError(coded('ECONNRESET'))],
  ['by an answer that is no JSON', driverError(new SyntaxError('Unexpected token <'))],
  ['by silence', new SilenceError('no answer')],
  ['as Node tells it', coded('ECONNRESET')],
])('a connection that is lost %s may come back', (_, error) => {
  expect(isConnectionLost(error)).toBe(true);
  expect(loginError(error, config)).toMatchObject({
    kind: 'transient_error',
    message: expect.stringContaining('Snowflake cannot be reached at https://a.snowflakecomputing.com'),
  });
  expect(statementError(error, { config, doing: 'Writing to the table T' })).toMatchObject({
    kind: 'transient_error',
    message: expect.stringContaining('Writing to the table T failed: the connection to Snowflake is gone'),
  });
});

test('a certificate that is not trusted is the user’s to mend, at the login and in a statement', () => {
  const error = driverError(coded('SELF_SIGNED_CERT_IN_CHAIN'));
  const expected = {
    kind: 'config_error',
    message: expect.stringMatching(/is not trusted: .*NODE_EXTRA_CA_CERTS=/),
  };
  expect(loginError(error, config)).toMatchObject(expected);
  expect(statementError(error, { config, doing: 'Writing to the table T' })).toMatchObject(expected);
});

test('a host that does not exist is the user’s to mend', () => {
  expect(loginError(driverError(coded('ENOTFOUND')), config)).toMatchObject({
    kind: 'config_error',
    message: 'The host https://a.snowflakecomputing.com does not exist. Check "host".',
  });
});

test('a missing schema is named beside those that differ in capital letters only', () => {
  const missing = { ...config, database: 'DB', role: 'LOADER' };
  expect(schemaMissing(missing, 'HubSpot', ['"HUBSPOT"'])).toContain(
    'The database "DB" has no schema "HubSpot", or the role LOADER may not use it. There is "HUBSPOT": capital letters count. Run: CREATE SCHEMA "DB"."HubSpot"',
  );
});
