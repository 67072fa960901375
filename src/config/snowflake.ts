import { ConfigError } from '../errors.js';
import { log, registerSecret } from '../log.js';
import { isLoopback } from './environment.js';
import { readPrivateKey } from './private-key.js';
import { validate } from './schema.js';
import { plainToken } from './token.js';

/** How to log in to Snowflake. */
export type SnowflakeCredentials =
  /** `privateKey` is an unencrypted PKCS#8 PEM. */
  | { kind: 'key-pair'; username: string; privateKey: string }
  | { kind: 'password'; username: string; password: string }
  | { kind: 'access-token'; username: string; token: string }
  | { kind: 'oauth-token'; username: string | null; token: string }
  | {
      kind: 'oauth-client';
      username: string | null;
      clientId: string;
      clientSecret: string;
      tokenUrl: string;
      scope: string | null;
    }
  | { kind: 'container'; tokenFile: string };

export interface SnowflakeConfig {
  type: 'snowflake';
  /** Where the account answers: https anywhere, http only on this machine. Without a slash at its end. */
  url: string;
  account: string;
  /** null: the user's own. */
  role: string | null;
  warehouse: string | null;
  database: string;
  schema: string;
  credentials: SnowflakeCredentials;
  /** Session parameters by their upper-case names. */
  sessionParameters: Map<string, string>;
  /** Days of Time Travel that new tables get; null: those of the schema. */
  retentionDays: number | null;
  /** Whether new tables are transient, which have no Fail-safe. */
  transient: boolean;
  /** Whether a schema that is missing is made. */
  createSchema: boolean;
}

/** destination-snowflake's options that have no effect here: raw tables of its own kind are never written, MERGE always is. */
const WITHOUT_EFFECT = ['raw_data_schema', 'raw_data_dataset', 'use_merge_for_upsert'];
/** Snowflake's hosts end in one of these; what stands before is the account, with its region in the older form. */
const DOMAIN = /\.(privatelink\.)?snowflakecomputing\.(com|cn|internal)$|\.localstack\.cloud$/i;
/** An account name that stands for a stand-in on this machine, which has none. */
const LOCAL_ACCOUNT = 'LOCAL';

/** Where credentials of OAuth come from, for messages. */
const OAUTH_SERVER = 'the OAuth server';

/** https://docs.snowflake.com/en/developer-guide/snowpark-container-services/additional-considerations-services-jobs */
const CONTAINER_TOKEN = '/snowflake/session/token';

/** Checks a Snowflake configuration and gives it its defaults. Throws a ConfigError that lists every mistake. */
export function parseSnowflakeConfig(config: Record<string, unknown>): SnowflakeConfig {
  dropNulls(config);
  nameTheCredentials(config);
  validate('destination', config, 'destination configuration', WITHOUT_EFFECT);
  if (config.disable_type_dedupe === true) {
    throw new ConfigError(
      'disable_type_dedupe asks for Airbyte\'s legacy raw tables, which hubflake does not write. Leave it out; "table_form": "raw" keeps each record as one JSON value, with a view that has the columns.',
    );
  }
  return {
    type: 'snowflake',
    ...address(config.host as string),
    role: text(config.role),
    warehouse: text(config.warehouse),
    database: config.database as string,
    schema: config.schema as string,
    credentials: parseCredentials(config.credentials as Record<string, string>, text(config.username)),
    sessionParameters: parseParameters((config.jdbc_url_params as string | undefined) ?? ''),
    retentionDays: (config.retention_period_days as number | undefined) ?? null,
    transient: config.transient as boolean,
    createSchema: config.create_schema as boolean,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Airbyte hands over options that were left empty as null. */
function dropNulls(config: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(config)) if (value === null) delete config[key];
}

/** People leave auth_type out when they write a configuration by hand; what else is there says which it is. */
function nameTheCredentials(config: Record<string, unknown>): void {
  const { credentials } = config;
  if (credentials === null || typeof credentials !== 'object') return;
  const given = credentials as Record<string, unknown>;
  dropNulls(given);
  if (given.auth_type !== undefined) return;
  if (given.private_key !== undefined || given.private_key_file !== undefined) {
    given.auth_type = 'Key Pair Authentication';
  } else if (given.password !== undefined) given.auth_type = 'Username and Password';
  else if (given.token !== undefined) given.auth_type = 'Programmatic Access Token';
  else if (given.access_token !== undefined || given.client_id !== undefined) given.auth_type = 'OAuth';
  else if (given.token_file !== undefined) given.auth_type = 'Snowpark Container Services';
}

function address(host: string): { url: string; account: string } {
  const url = new URL(/^https?:\/\//i.test(host) ? host : `https://${host}`);
  if (isLoopback(url.hostname)) return { url: url.origin, account: process.env.SNOWFLAKE_ACCOUNT ?? LOCAL_ACCOUNT };
  if (url.protocol !== 'https:') {
    throw new ConfigError(
      `host should be the account's host name, or start with https:// (http:// is for this machine only), but is "${host}".`,
    );
  }
  if (DOMAIN.test(url.hostname)) return { url: url.origin, account: url.hostname.replace(DOMAIN, '') };
  // Inside Snowpark Container Services the host is Snowflake's own, and the account is told beside it.
  const account = process.env.SNOWFLAKE_ACCOUNT;
  if (account) return { url: url.origin, account };
  throw new ConfigError(
    `host should be <account>.snowflakecomputing.com, but is "${host}". In Snowsight, it is under Account details as the account's URL.`,
  );
}

function parseCredentials(credentials: Record<string, string>, username: string | null): SnowflakeCredentials {
  const needed = (key: string): string => {
    const value = credentials[key]?.trim();
    if (!value) throw new ConfigError(`The destination configuration cannot be used: credentials.${key} is missing.`);
    return value;
  };
  const user = () => {
    if (username === null) throw new ConfigError('The destination configuration cannot be used: username is missing.');
    return username;
  };
  const token = (key: string, source: string) => {
    const value = plainToken(needed(key), `credentials.${key}`, source);
    if (value === '') throw new ConfigError(`credentials.${key} is empty. Give the value that ${source} shows for it.`);
    return value;
  };
  const secret = (value: string) => {
    registerSecret(value);
    return value;
  };
  switch (credentials.auth_type) {
    case 'Key Pair Authentication':
      return { kind: 'key-pair', username: user(), privateKey: readPrivateKey(credentials) };
    case 'Programmatic Access Token':
      return { kind: 'access-token', username: user(), token: secret(token('token', 'Snowflake')) };
    case 'Snowpark Container Services':
      return { kind: 'container', tokenFile: text(credentials.token_file) ?? CONTAINER_TOKEN };
    case 'OAuth':
      if (credentials.access_token) {
        return { kind: 'oauth-token', username, token: secret(token('access_token', OAUTH_SERVER)) };
      }
      return {
        kind: 'oauth-client',
        username,
        clientId: token('client_id', OAUTH_SERVER),
        clientSecret: secret(token('client_secret', OAUTH_SERVER)),
        tokenUrl: tokenUrl(needed('token_url')),
        scope: text(credentials.scope),
      };
    default:
      log.warn(
        'Logging in to Snowflake by password: Snowflake is ending logins by password alone. Use a key pair or a programmatic access token.',
      );
      // A password may have any character; only white space around it was not meant.
      return { kind: 'password', username: user(), password: secret(needed('password')) };
  }
}

function tokenUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url.href;
  throw new ConfigError(`credentials.token_url should be a URL that starts with https://, but is "${value}".`);
}

/**
 * Options of the JDBC driver that are no session parameters, in lower case: what they say about the connection is said by
 * other options here, or does not apply.
 * See https://docs.snowflake.com/en/developer-guide/jdbc/jdbc-parameters
 */
const JDBC_OPTIONS = new Set(
  (
    'account allowunderscoresinhost application authenticator cache_file_path client_id client_config_file db database ' +
    'disable_gcs_default_credentials disablesocksproxy enablepatterns enableputget host injectsocketdelay insecuremode ' +
    'jdbc_arrow_treat_decimal_as_int logintimeout maxhttpretries networktimeout nonproxyhosts ocspfailopen passcode ' +
    'passcodeinpassword password private_key_base64 private_key_file private_key_file_pwd private_key_pwd proxyhost ' +
    'proxypassword proxyport proxyprotocol proxyuser putgetmaxretries querytimeout role schema serverurl ssl stringsquoted ' +
    'token tracing useproxy user username validatedefaultparameters warehouse'
  ).split(' '),
);

function parseParameters(value: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of value.replace(/^[?&]/, '').split('&')) {
    if (pair.trim() === '') continue;
    const [, key, given] = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/s.exec(pair) ?? [];
    if (key === undefined || given === undefined) {
      throw new ConfigError(
        `jdbc_url_params should be key=value pairs with & between them, but has ${JSON.stringify(pair)}.`,
      );
    }
    if (JDBC_OPTIONS.has(key.toLowerCase())) {
      log.warn(`jdbc_url_params: ${key} is an option of the JDBC driver, not of the session; it is ignored.`);
    } else parameters.set(key.toUpperCase(), decode(given.trim()));
  }
  return parameters;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
