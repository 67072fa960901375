import { readFileSync } from 'node:fs';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';
import { type FoundConnection, withHome } from './connections-toml.js';
import { textOf } from './credentials.js';
import { sqlName } from './names.js';

/** A connection of `connections.toml`, in terms of a destination configuration. */
export interface ConnectionOptions {
  options: Record<string, unknown>;
  /** The account, where the connection names one in addition to its host. */
  account: string | null;
}

type Credentials = Record<string, unknown>;
type Text = (...keys: string[]) => string | null;

/**
 * Translates a connection's keys to options of a destination. Throws a ConfigError for an authenticator that hubflake does not
 * support.
 * https://docs.snowflake.com/en/developer-guide/python-connector/python-connector-api#functions
 *
 * @param wantsCredentials whether to take the credentials from the connection, too
 */
export function optionsOf(
  { file, table }: FoundConnection,
  name: string,
  wantsCredentials: boolean,
): ConnectionOptions {
  const text: Text = (...keys) => keys.map((key) => textOf(table[key])).find((value) => value !== null) ?? null;
  const named = (key: string) => {
    const value = text(key);
    return value === null ? undefined : sqlName(value);
  };
  const account = text('account', 'accountname');
  const options = {
    host: hostOf(text, account, table.port),
    username: text('user', 'username') ?? undefined,
    role: named('role'),
    warehouse: named('warehouse'),
    database: named('database'),
    schema: named('schema'),
    credentials: wantsCredentials ? credentialsOf(text, table, `The connection "${name}" in ${file}`) : undefined,
  };
  return {
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    account: account === null ? null : [account, text('region')].filter(Boolean).join('.'),
  };
}

function hostOf(text: Text, account: string | null, port: unknown): string | undefined {
  const host = text('host');
  if (host !== null) {
    const hasPort = (typeof port === 'number' || typeof port === 'string') && Number(port) !== 443;
    return `${text('protocol') === 'http' ? 'http://' : ''}${host}${hasPort ? `:${port}` : ''}`;
  }
  if (account === null) return undefined;
  const full = [account, text('region')].filter(Boolean).join('.');
  // Accounts in China have a domain of their own, recognised by their region:
  // https://docs.snowflake.com/en/user-guide/intro-regions
  return `${full}.snowflakecomputing.${/\.cn-/i.test(full) ? 'cn' : 'com'}`;
}

function credentialsOf(text: Text, table: Record<string, unknown>, what: string): Credentials | undefined {
  const key = {
    private_key: text('private_key_raw', 'private_key') ?? undefined,
    private_key_file: expanded(text('private_key_file', 'private_key_path')),
  };
  const hasKey = key.private_key !== undefined || key.private_key_file !== undefined;
  const token = text('token');
  const tokenFile = expanded(text('token_file_path', 'token_file'));
  const authenticator = text('authenticator')?.toUpperCase() ?? (hasKey ? 'SNOWFLAKE_JWT' : 'SNOWFLAKE');
  switch (authenticator) {
    case 'SNOWFLAKE':
      // The password may be in the destination configuration instead.
      if (text('password') === null) return undefined;
      return { auth_type: 'Username and Password', password: text('password') };
    case 'SNOWFLAKE_JWT':
      return {
        auth_type: 'Key Pair Authentication',
        ...key,
        private_key_password:
          text('private_key_passphrase', 'private_key_file_pwd', 'private_key_pass', 'private_key_pwd') ??
          process.env.PRIVATE_KEY_PASSPHRASE,
      };
    case 'EXTERNALBROWSER':
      return { auth_type: 'External Browser' };
    case 'PROGRAMMATIC_ACCESS_TOKEN':
      return {
        auth_type: 'Programmatic Access Token',
        token: token ?? (tokenFile && contentOf(tokenFile, what)) ?? text('password') ?? undefined,
      };
    case 'OAUTH':
      if (token === null && tokenFile === undefined) {
        throw new ConfigError(`${what} logs in by oauth, but has neither token nor token_file_path. Give one of them.`);
      }
      if (token === null) return { auth_type: 'Snowpark Container Services', token_file: tokenFile };
      return { auth_type: 'OAuth', access_token: token };
    case 'OAUTH_CLIENT_CREDENTIALS':
      return {
        auth_type: 'OAuth',
        client_id: text('oauth_client_id') ?? undefined,
        client_secret: text('oauth_client_secret') ?? undefined,
        token_url: text('oauth_token_request_url') ?? undefined,
        scope: text('oauth_scope') ?? undefined,
      };
    case 'WORKLOAD_IDENTITY': {
      const path = table.workload_identity_impersonation_path;
      return {
        auth_type: 'Workload Identity',
        provider: text('workload_identity_provider')?.toUpperCase(),
        token: token ?? undefined,
        token_file: token === null ? tokenFile : undefined,
        entra_resource:
          text('workload_identity_entra_resource', 'workload_identity_azure_entra_id_resource') ?? undefined,
        impersonation_path: typeof path === 'string' ? path.split(',').map((each) => each.trim()) : path,
      };
    }
  }
  throw new ConfigError(
    `${what} logs in by authenticator = "${text('authenticator')}", which hubflake does not know. It takes snowflake, SNOWFLAKE_JWT, externalbrowser, oauth, PROGRAMMATIC_ACCESS_TOKEN, OAUTH_CLIENT_CREDENTIALS and WORKLOAD_IDENTITY; or give "credentials" in the destination's configuration.`,
  );
}

function expanded(path: string | null): string | undefined {
  return path === null ? undefined : withHome(path);
}

function contentOf(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(
      `${what} has token_file_path = "${path}", which cannot be read (${codeOf(error)}). Check the path.`,
    );
  }
}
