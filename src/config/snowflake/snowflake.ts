import { ConfigError } from '../../errors.js';
import { isObject } from '../../json.js';
import { log } from '../../log.js';
import { isLoopback } from '../environment.js';
import { type LoaderOptions, loaderOptions } from '../loader-options.js';
import { validate } from '../schema.js';
import { optionsOf } from './connection-options.js';
import { findConnection } from './connections-toml.js';
import { kindOfLogin, parseCredentials, type SnowflakeCredentials, textOf } from './credentials.js';
import { unquotedName } from './names.js';

export interface SnowflakeConfig {
  type: 'snowflake';
  /** The account's endpoint without a trailing slash: https, or http on loopback. */
  url: string;
  account: string;
  /** null: the user's default. */
  role: string | null;
  warehouse: string | null;
  database: string;
  schema: string;
  credentials: SnowflakeCredentials;
  /** Session parameters, by name in upper case. */
  sessionParameters: Map<string, string>;
  /** Days of Time Travel for new tables; null: the schema's default. */
  retentionDays: number | null;
  /** Whether new tables are transient, that is, without Fail-safe. */
  transient: boolean;
  /** Whether to create a missing schema. */
  createSchema: boolean;
}

/** Options of destination-snowflake without effect here: hubflake never writes Airbyte's raw tables, and always uses MERGE. */
export const WITHOUT_EFFECT: readonly string[] = ['raw_data_schema', 'raw_data_dataset', 'use_merge_for_upsert'];
/** The domains of Snowflake's hosts. What precedes them is the account, in the older form with its region. */
const DOMAIN = /\.(privatelink\.)?snowflakecomputing\.(com|cn|internal)$|\.localstack\.cloud$/i;
/** The account of a Snowflake stand-in on loopback, which has no account name. */
const LOCAL_ACCOUNT = 'LOCAL';

/**
 * Validates a Snowflake configuration and fills in its defaults. Throws a ConfigError that lists every mistake.
 *
 * @param document is changed: options from a connection and defaults are filled in
 */
export function parseSnowflakeConfig(document: unknown): SnowflakeConfig & { loader: LoaderOptions } {
  const account = isObject(document) ? normaliseSnowflake(document) : null;
  const options = validate('destination', document, 'destination configuration', WITHOUT_EFFECT);
  if (options.disable_type_dedupe) {
    throw new ConfigError(
      'disable_type_dedupe asks for Airbyte\'s legacy raw tables, which hubflake does not write. Leave it out; "table_form": "raw" keeps each record as one JSON value, with a view that has the columns.',
    );
  }
  const credentials = parseCredentials(options.credentials, textOf(options.username));
  return {
    type: 'snowflake',
    ...address(options.host, account, credentials.kind === 'container'),
    role: nameOf(options.role),
    warehouse: nameOf(options.warehouse),
    database: options.database,
    schema: options.schema,
    credentials,
    sessionParameters: parseParameters(options.jdbc_url_params ?? ''),
    retentionDays: options.retention_period_days ?? null,
    transient: options.transient,
    createSchema: options.create_schema,
    loader: loaderOptions(options),
  };
}

/**
 * Removes unset options, takes what is missing from the connection, and infers the auth_type. Throws a ConfigError about the connection.
 *
 * @returns the connection's account, if the host is the connection's, too
 */
export function normaliseSnowflake(document: Record<string, unknown>): string | null {
  dropNulls(document);
  const account = takeConnection(document);
  nameTheCredentials(document);
  return account;
}

function nameOf(value: string | undefined): string | null {
  const name = textOf(value);
  return name === null ? null : unquotedName(name);
}

/** Airbyte passes options that were left empty as null. */
function dropNulls(config: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(config)) if (value === null) delete config[key];
}

/**
 * Fills in from the named `connection` what the configuration does not have.
 *
 * @returns the connection's account, if the host is the connection's, too
 */
function takeConnection(config: Record<string, unknown>): string | null {
  const name = textOf(config.connection);
  if (name === null) return null;
  const { options, account } = optionsOf(findConnection(name), name, config.credentials === undefined);
  const isItsHost = config.host === undefined;
  for (const [key, value] of Object.entries(options)) config[key] ??= value;
  const lacking = ['host', 'database', 'schema', 'credentials'].filter((key) => config[key] === undefined);
  if (lacking.length > 0) {
    throw new ConfigError(
      `The destination configuration cannot be used: ${lacking.join(' and ')} ${lacking.length > 1 ? 'are' : 'is'} neither in it nor in the connection "${name}". Give what is missing in one of the two.`,
    );
  }
  return isItsHost ? account : null;
}

function nameTheCredentials({ credentials }: Record<string, unknown>): void {
  if (!isObject(credentials)) return;
  dropNulls(credentials);
  credentials.auth_type ??= kindOfLogin(credentials);
}

/**
 * @param told the account, if it was given in addition to the host
 * @param isInside whether hubflake runs inside Snowflake, where a host name may consist of the region alone
 */
function address(host: string, told: string | null, isInside: boolean): { url: string; account: string } {
  const url = new URL(/^https?:\/\//i.test(host) ? host : `https://${host}`);
  // Inside Snowpark Container Services the host is an internal one, and SNOWFLAKE_ACCOUNT has the account:
  // https://docs.snowflake.com/en/developer-guide/snowpark-container-services/spcs-execute-sql
  const around = process.env.SNOWFLAKE_ACCOUNT || null;
  if (isLoopback(url.hostname)) return { url: url.origin, account: told ?? around ?? LOCAL_ACCOUNT };
  if (url.protocol !== 'https:') {
    throw new ConfigError(
      `host should be the account's host name, or start with https:// (http:// is for this machine only), but is "${host}".`,
    );
  }
  const first = told ?? (isInside ? around : null);
  if (first !== null) return { url: url.origin, account: first };
  if (DOMAIN.test(url.hostname)) return { url: url.origin, account: url.hostname.replace(DOMAIN, '') };
  if (around !== null) return { url: url.origin, account: around };
  throw new ConfigError(
    `host should be <account>.snowflakecomputing.com, but is "${host}". In Snowsight, it is under Account details as the account's URL.`,
  );
}

/**
 * Options of the JDBC driver that are not session parameters, in lower case. They are covered by other options here, or do not
 * apply.
 * https://docs.snowflake.com/en/developer-guide/jdbc/jdbc-parameters
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
