import { generateKeyPairSync } from 'node:crypto';
import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import { type StandIn, startStandIn } from '../support/stand-in/snowflake.js';
import { close, connect, execute } from '../support/stand-in/snowflake-driver.js';

/** Logins to the stand-in, with the official driver. */

let standIn: StandIn;
const connections: Connection[] = [];

beforeAll(async () => {
  standIn = await startStandIn();
});
afterEach(async () => {
  await Promise.all(connections.splice(0).map(close));
  await standIn.reset();
});
afterAll(() => standIn.stop());

async function login(options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await connect({ accessUrl: standIn.url, username: 'ANN', password: 'secret', ...options });
  connections.push(connection);
  return connection;
}

const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const ann = pair();
const withKey = (options: ConnectionOptions = {}) =>
  login({ authenticator: 'SNOWFLAKE_JWT', privateKey: ann.privateKey, password: undefined, ...options });

test('by key pair', async () => {
  await standIn.users({ Ann: ann.publicKey });
  await withKey();
  const [seen] = await standIn.logins();
  expect(seen).toMatchObject({ authenticator: 'SNOWFLAKE_JWT', loginName: 'ANN', account: 'TESTS', ended: 'ok' });
  expect(seen?.token).toMatch(/^ey/);
  await expect(withKey({ privateKey: pair().privateKey })).rejects.toMatchObject({ code: '390144' });
  await expect(withKey({ username: 'BOB' })).rejects.toMatchObject({ code: '390144' });
  for (const seconds of [300, -300]) {
    await standIn.clock(seconds);
    await expect(withKey()).rejects.toMatchObject({
      code: '390144',
      message: expect.stringMatching(/^JWT token is/),
    });
  }
});

test('by password and tokens', async () => {
  await login({ password: 'anything goes' });
  const client = { id: 'client', secret: 'hush' };
  await standIn.passwords({
    ANN: { password: 'secret', pat: 'p', oauth: 'o', expiredOauth: 'old', client },
    BOB: 'b',
  });
  const pat = { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', password: undefined };
  const oauth = { authenticator: 'OAUTH', password: undefined, username: undefined };
  const credentials = {
    ...oauth,
    authenticator: 'OAUTH_CLIENT_CREDENTIALS',
    oauthClientId: 'client',
    oauthTokenRequestUrl: `${standIn.url}/oauth/token-request`,
    oauthHttpAllowed: true,
  };
  await login();
  await login({ username: 'bob', password: 'b' });
  await login({ ...pat, token: 'p' });
  await login({ ...oauth, token: 'o' });
  await login({ ...credentials, oauthClientSecret: 'hush' });
  await expect(login({ ...credentials, oauthClientSecret: 'loud' })).rejects.toThrow();
  const refused: [ConnectionOptions, string][] = [
    [{ password: 'x' }, '390100'],
    [{ username: 'EVE' }, '390100'],
    [{ ...pat, token: 'x' }, '394400'],
    [{ ...pat, token: 'p', username: 'BOB' }, '394400'],
    [{ ...oauth, token: 'x' }, '390303'],
    [{ ...oauth, token: 'old' }, '390318'],
  ];
  for (const [options, code] of refused) await expect(login(options)).rejects.toMatchObject({ code });
  expect((await standIn.logins()).at(-1)).toMatchObject({ ended: '390318', session: null });
});

test('by the identity of a workload', async () => {
  const workload = { authenticator: 'WORKLOAD_IDENTITY', username: undefined, password: undefined };
  const oidc = { ...workload, workloadIdentityProvider: 'OIDC' as const };
  await expect(login({ ...oidc, token: 't' })).rejects.toThrow('requires a recognized Snowflake host');
  process.env.SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES = '127.0.0.1';
  try {
    await login({ ...oidc, token: 't' });
    await standIn.passwords({ ANN: { workload: 't' } });
    await login({ ...oidc, token: 't' });
    await expect(login({ ...oidc, token: 'x' })).rejects.toMatchObject({ code: '394507' });
  } finally {
    delete process.env.SNOWFLAKE_WIF_ALLOWED_HOST_SUFFIXES;
  }
  expect((await standIn.logins()).at(-2)).toMatchObject({
    authenticator: 'WORKLOAD_IDENTITY',
    provider: 'OIDC',
    token: 't',
    ended: 'ok',
  });
});

test('with names that do not exist', async () => {
  await standIn.query('CREATE DATABASE DB');
  await standIn.query('CREATE DATABASE HIDDEN');
  await standIn.query('CREATE SCHEMA DB.S');
  await standIn.query('CREATE TABLE DB.S.T (A INT)');
  await standIn.unknown({ warehouses: ['GONE'], roles: ['NOBODY'], databases: ['HIDDEN'] });
  await expect(login({ role: 'nobody' })).rejects.toMatchObject({ code: '390189' });
  const connection = await login({ warehouse: 'GONE', database: 'NONE', role: 'SOME' });
  expect(await execute(connection, 'SELECT 1 AS "a"')).toEqual([{ a: '1' }]);
  const noWarehouse = { code: '000606', sqlState: '57P03' };
  await expect(execute(connection, 'SELECT A FROM DB.S.T')).rejects.toMatchObject(noWarehouse);
  await expect(execute(connection, 'CREATE TABLE T (A INT)')).rejects.toMatchObject({ code: '090105' });
  await expect(execute(connection, 'CREATE SCHEMA HIDDEN.S')).rejects.toMatchObject({ code: '002003' });
  await expect(execute(connection, 'CREATE SCHEMA NONE.S')).rejects.toMatchObject({ code: '002003' });
  await expect(execute(connection, 'USE WAREHOUSE "GONE"')).rejects.toMatchObject({ code: '002043' });
  for (const place of ['DATABASE NONE', 'DATABASE HIDDEN', 'SCHEMA DB.NONE']) {
    await expect(execute(connection, `SHOW TERSE TABLES IN ${place}`)).rejects.toMatchObject({ code: '002043' });
  }
  expect(await execute(connection, 'SHOW TERSE TABLES IN SCHEMA DB.S')).toMatchObject([{ name: 'T' }]);
  await execute(connection, 'USE WAREHOUSE W');
  expect(await execute(connection, 'SELECT A FROM DB.S.T')).toEqual([]);
});
