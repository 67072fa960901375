import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { CredentialsError } from '../../../errors.js';
import { redact } from '../../../log.js';
import { endOfToken, freshToken } from './login-token.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubflake-token-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const withCredentials = (credentials: object) => ({ credentials }) as SnowflakeConfig;
const workload = (given: object) =>
  withCredentials({ kind: 'workload', provider: 'OIDC', token: null, tokenFile: null, ...given });

test.each(['container', 'workload'])('the file of a %s is read for each login', (kind) => {
  const tokenFile = join(folder, 'token');
  const config = kind === 'workload' ? workload({ tokenFile }) : withCredentials({ kind, tokenFile });
  for (const token of ['first-token', 'second-token']) {
    writeFileSync(tokenFile, `${token}\n`);
    expect(freshToken(config)).toBe(token);
    expect(redact(`it is ${token}`)).toBe('it is ****');
  }
  writeFileSync(tokenFile, '\n');
  expect(() => freshToken(config)).toThrow(`The token's file ${tokenFile} is empty`);
  rmSync(tokenFile);
  expect(() => freshToken(config)).toThrow(CredentialsError);
  expect(() => freshToken(config)).toThrow(`The token cannot be read from ${tokenFile} (ENOENT). Check token_file`);
});

test('no file, no token', () => {
  expect(freshToken(workload({ token: 'as-it-is' }))).toBe('as-it-is');
  expect(freshToken(workload({ provider: 'AWS' }))).toBeNull();
  expect(freshToken(withCredentials({ kind: 'password', password: 'x' }))).toBeNull();
});

test.each<[string, number | null]>([
  [`e30.${Buffer.from('{"exp":1700000000}').toString('base64url')}.x`, 1_700_000_000_000],
  [`e30.${Buffer.from('{"sub":"x"}').toString('base64url')}.x`, null],
  ['no-jwt', null],
  ['', null],
])('the end of %s', (token, end) => {
  expect(endOfToken(token)).toBe(end);
});
