import type { Connection, ConnectionOptions } from 'snowflake-sdk';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { loadPackage } from '../../../load-package.js';
import { configuredProxy, exemptions } from '../../../network/proxy.js';
import { bareOrQuoted } from '../sql/quote.js';
import { browserLogin } from './browser-login.js';

type Driver = typeof import('snowflake-sdk');

let driver: Driver | null = null;

/**
 * Snowflake's driver, loaded on first use: it is the heaviest module of all. It is made silent before anything else: by default
 * it logs to stdout, which belongs to the protocol, and into a file in the working folder.
 */
function loadDriver(): Driver {
  if (driver) return driver;
  // The driver looks for cloud metadata services and loads native code that only its telemetry needs (a login by Workload
  // Identity asks them by itself); AWS's part of it warns of old Node versions.
  process.env.SNOWFLAKE_DISABLE_PLATFORM_DETECTION ??= 'true';
  process.env.SNOWFLAKE_DISABLE_MINICORE ??= 'true';
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const loaded: Driver = loadPackage('snowflake-sdk');
  // When the driver reads NO_PROXY itself, it ignores ports, and does not exempt subdomains.
  loaded.configure({ logLevel: 'OFF', additionalLogToConsole: false, useEnvProxy: false });
  driver = loaded;
  return driver;
}

/**
 * The driver's options for the proxy of the environment, by the rule of `network/proxy.ts`. NO_PROXY is the driver's to apply, since
 * it also calls hosts that only Snowflake names: those of the stages. http is for a stand-in on this machine, which is always
 * reached directly: the driver cannot tell a proxy of it.
 */
export function proxyOptions(url: string, environment: NodeJS.ProcessEnv = process.env): Partial<ConnectionOptions> {
  const { protocol, port } = new URL(url);
  const proxy = protocol === 'https:' ? configuredProxy(protocol, environment) : null;
  if (!proxy) return {};
  const asked = Number(port) || 443;
  const exempt = exemptions(environment).filter((each) => each.port === null || each.port === asked);
  // The driver puts them into a URL, and decodes them from there.
  const [user, password] = [encodeURIComponent(proxy.username), encodeURIComponent(proxy.password)];
  const hasCredentials = user !== '' || password !== '';
  const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host;
  return {
    // For Azure's stages it uses no user but one that is in here.
    proxyHost: hasCredentials ? `${user}:${password}@${host}` : host,
    proxyPort: proxy.port,
    proxyProtocol: proxy.isTls ? 'https' : 'http',
    ...(hasCredentials ? { proxyUser: user, proxyPassword: password } : {}),
    noProxy: exempt.flatMap(({ host: name }) => (name === '*' ? ['*'] : [name, `*.${name}`])).join('|'),
    useConnectionConfigProxyForOCSP: true,
  };
}

/**
 * A connection that has not logged in yet. Throws a CredentialsError where the login would have to be in a browser, and nobody is there.
 *
 * @param token of Snowpark Container Services or a workload, read just now
 */
export function newConnection(config: SnowflakeConfig, token: string | null): Connection {
  return loadDriver().createConnection({
    account: config.account,
    accessUrl: config.url,
    application: 'hubflake',
    // Otherwise a NULL that is fetched as text is the text NULL.
    representNullAsStringNull: false,
    ...proxyOptions(config.url),
    // The login reads them as SQL does.
    ...(config.role === null ? {} : { role: bareOrQuoted(config.role) }),
    ...(config.warehouse === null ? {} : { warehouse: bareOrQuoted(config.warehouse) }),
    ...login(config, token),
  } as ConnectionOptions);
}

function login({ credentials, role }: SnowflakeConfig, token: string | null): Partial<ConnectionOptions> {
  switch (credentials.kind) {
    case 'key-pair':
      return {
        authenticator: 'SNOWFLAKE_JWT',
        username: credentials.username,
        privateKey: credentials.privateKey,
      };
    case 'password':
      return { username: credentials.username, password: credentials.password };
    case 'access-token':
      return { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', username: credentials.username, token: credentials.token };
    case 'oauth-token':
      return { authenticator: 'OAUTH', ...named(credentials.username), token: credentials.token };
    case 'oauth-client':
      return {
        authenticator: 'OAUTH_CLIENT_CREDENTIALS',
        ...named(credentials.username),
        oauthClientId: credentials.clientId,
        oauthClientSecret: credentials.clientSecret,
        oauthTokenRequestUrl: credentials.tokenUrl,
        oauthHttpAllowed: credentials.tokenUrl.startsWith('http:'),
        ...scopeOf(credentials.scope ?? (role === null ? null : `session:role:${role}`)),
      };
    case 'workload':
      return {
        authenticator: 'WORKLOAD_IDENTITY',
        ...named(credentials.username),
        workloadIdentityProvider: credentials.provider,
        ...(token === null ? {} : { token }),
        ...(credentials.entraResource === null
          ? {}
          : { workloadIdentityAzureEntraIdResource: credentials.entraResource }),
        ...(credentials.impersonationPath.length === 0
          ? {}
          : { workloadIdentityImpersonationPath: [...credentials.impersonationPath] }),
      };
    case 'browser':
      return { authenticator: 'EXTERNALBROWSER', ...named(credentials.username), ...browserLogin() };
    case 'container':
      return { authenticator: 'OAUTH', token: token ?? '' };
  }
}

/** Set here, since the driver would build the scope from the role's name with its quotes. */
function scopeOf(oauthScope: string | null): Partial<ConnectionOptions> {
  return oauthScope === null ? {} : { oauthScope };
}

function named(username: string | null): Partial<ConnectionOptions> {
  return username === null ? {} : { username };
}
