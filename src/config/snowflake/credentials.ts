import { ConfigError } from '../../errors.js';
import { log, registerSecret } from '../../log.js';
import { isLoopback } from '../environment.js';
import type { SnowflakeOptions } from '../generated/options.js';
import { plainToken } from '../token.js';
import { readPrivateKey } from './private-key.js';

type CredentialOptions = SnowflakeOptions['credentials'];
type WorkloadOptions = Extract<CredentialOptions, { auth_type: 'Workload Identity' }>;

/** The issuer of a workload's identity. https://docs.snowflake.com/en/user-guide/workload-identity-federation */
export type WorkloadProvider = WorkloadOptions['provider'];

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
  | WorkloadCredentials
  | { kind: 'browser'; username: string | null }
  /** An OAuth token that is read from the file again for each login. */
  | { kind: 'container'; tokenFile: string };

export interface WorkloadCredentials {
  kind: 'workload';
  username: string | null;
  provider: WorkloadProvider;
  /** OIDC only: the token, or the file from which it is read again for each login. */
  token: string | null;
  tokenFile: string | null;
  /** The Entra ID application that the token is issued for; null: Snowflake's own. */
  entraResource: string | null;
  /** AWS roles or Google service accounts to impersonate, one after the other. */
  impersonationPath: readonly string[];
}

/**
 * The path of the token in Snowpark containers:
 * https://docs.snowflake.com/en/developer-guide/snowpark-container-services/additional-considerations-services-jobs
 */
export const CONTAINER_TOKEN = '/snowflake/session/token';

/** The issuer of OAuth credentials, as messages call it. */
const OAUTH_SERVER = 'the OAuth server';

/** Infers the auth_type, which people leave out of configurations written by hand, from the other options. */
export function kindOfLogin(given: Record<string, unknown>): CredentialOptions['auth_type'] | undefined {
  if (given.private_key !== undefined || given.private_key_file !== undefined) return 'Key Pair Authentication';
  if (given.password !== undefined) return 'Username and Password';
  if (given.provider !== undefined) return 'Workload Identity';
  if (given.token !== undefined) return 'Programmatic Access Token';
  if (given.access_token !== undefined || given.client_id !== undefined) return 'OAuth';
  return given.token_file === undefined ? undefined : 'Snowpark Container Services';
}

/**
 * Parses credentials that have passed validation. Throws a ConfigError that never shows a secret. Registers each secret for
 * redaction in logs.
 */
export function parseCredentials(given: CredentialOptions, username: string | null): SnowflakeCredentials {
  switch (given.auth_type) {
    case 'Key Pair Authentication':
      return { kind: 'key-pair', username: required('username', username), privateKey: readPrivateKey(given) };
    case 'Programmatic Access Token':
      return {
        kind: 'access-token',
        username: required('username', username),
        token: secret(token('token', given.token, 'Snowflake')),
      };
    case 'Snowpark Container Services':
      return { kind: 'container', tokenFile: textOf(given.token_file) ?? CONTAINER_TOKEN };
    case 'Workload Identity':
      return workload(given, username);
    case 'External Browser':
      return { kind: 'browser', username };
    case 'OAuth':
      if (given.access_token) {
        return {
          kind: 'oauth-token',
          username,
          token: secret(token('access_token', given.access_token, OAUTH_SERVER)),
        };
      }
      return {
        kind: 'oauth-client',
        username,
        clientId: token('client_id', given.client_id, OAUTH_SERVER),
        clientSecret: secret(token('client_secret', given.client_secret, OAUTH_SERVER)),
        tokenUrl: tokenUrl(required('credentials.token_url', given.token_url)),
        scope: textOf(given.scope),
      };
    case 'Username and Password':
      log.warn(
        'Logging in to Snowflake by password: Snowflake is ending logins by password alone. Use a key pair or a programmatic access token.',
      );
      return {
        kind: 'password',
        username: required('username', username),
        // Passwords may contain any character; only surrounding white space is taken for a mistake.
        password: secret(required('credentials.password', given.password)),
      };
  }
}

/** Returns an option that this kind of login requires although the schema does not. Throws a ConfigError if it is missing. */
function required(path: string, given: string | null | undefined): string {
  const value = textOf(given);
  if (value === null) throw new ConfigError(`The destination configuration cannot be used: ${path} is missing.`);
  return value;
}

/** @param source where to copy the token from, for messages */
function token(key: string, given: string | undefined, source: string): string {
  const path = `credentials.${key}`;
  const value = plainToken(required(path, given), path, source);
  if (value === '') throw new ConfigError(`${path} is empty. Give the value that ${source} shows for it.`);
  return value;
}

/** Trims a text; null for anything else, and for a blank one. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function workload(given: WorkloadOptions, username: string | null): WorkloadCredentials {
  const { provider, impersonation_path: impersonationPath = [] } = given;
  const tokenFile = textOf(given.token_file);
  const hasToken = textOf(given.token) !== null;
  const entraResource = textOf(given.entra_resource);
  if (provider === 'OIDC') {
    if (hasToken === (tokenFile !== null)) {
      throw new ConfigError(
        `credentials should have ${hasToken ? 'either token or token_file, not both' : 'token or token_file'}: with "provider": "OIDC" the login is by a token that something else issues.`,
      );
    }
  } else if (hasToken || tokenFile !== null) {
    throw new ConfigError(
      `credentials.token and token_file are for "provider": "OIDC"; with ${provider} the token comes from the cloud. Leave them out.`,
    );
  }
  if (impersonationPath.length > 0 && provider !== 'AWS' && provider !== 'GCP') {
    throw new ConfigError(
      `credentials.impersonation_path is for AWS and GCP, but the provider is ${provider}. Leave it out.`,
    );
  }
  if (entraResource !== null && provider !== 'AZURE') {
    throw new ConfigError(`credentials.entra_resource is for AZURE, but the provider is ${provider}. Leave it out.`);
  }
  return {
    kind: 'workload',
    username,
    provider,
    token: hasToken ? secret(token('token', given.token, 'what issues it')) : null,
    tokenFile,
    entraResource,
    impersonationPath,
  };
}

function secret(value: string): string {
  registerSecret(value);
  return value;
}

function tokenUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url.href;
  throw new ConfigError(`credentials.token_url should be a URL that starts with https://, but is "${value}".`);
}
