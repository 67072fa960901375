import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { asHubflakeError, CredentialsError, type HubflakeError, WarehouseConfigError } from '../../../errors.js';
import { partsOf } from '../../error-parts.js';
import {
  capitals,
  codeOf,
  databaseMissing,
  detailsOf,
  firstLine,
  isConnectionLost,
  programmingErrorIn,
  written,
} from './faults.js';
import { identityError } from './identity-error.js';
import { oauthError } from './oauth-error.js';
import { connectionError, unreachable } from './reach.js';

/** An error of the login, in words. */
export function loginError(error: unknown, config: SnowflakeConfig): HubflakeError {
  const noLogin = oauthError(error, config) ?? identityError(error, config);
  if (noLogin) return noLogin;
  const mistake = programmingErrorIn(error);
  if (mistake) return asHubflakeError(mistake);
  const details = detailsOf(error);
  const text = details.internal;
  const { credentials, role } = config;
  const user = 'username' in credentials && credentials.username !== null ? ` of the user ${credentials.username}` : '';
  const address = /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(text)?.[0];
  switch (codeOf(error)) {
    case '390189':
    case '390186':
      return new WarehouseConfigError(
        `The role ${role ?? ''} does not exist, or was not granted to the user. ${capitals(role)}Run: GRANT ROLE ${written(role)} TO USER …`,
        details,
      );
    case '390422':
    case '390420':
      return new WarehouseConfigError(
        `Snowflake's network policy does not let ${address ?? 'this address'} in. Add the address to the policy's allowed list.`,
        details,
      );
    case '390201':
      return new WarehouseConfigError(databaseMissing(config), details);
    case '390318':
    case '390303':
      return new CredentialsError(
        `Snowflake refused the OAuth token${user}: ${codeOf(error) === '390318' ? 'it has expired' : 'it is not valid'}. Get a new one, or configure client_id, client_secret and token_url.`,
        details,
      );
    case '390144':
      return new CredentialsError(
        `Snowflake refused the key${user}. See that the public key is the user's (DESCRIBE USER … shows its fingerprint as RSA_PUBLIC_KEY_FP), that account and user are written right, and that this machine's clock is.`,
        details,
      );
  }
  if (/programmatic access token/i.test(text)) {
    const why = /expired/i.test(text)
      ? 'it has expired'
      : /disabled/i.test(text)
        ? 'it is disabled'
        : 'it is not valid';
    return new CredentialsError(
      `Snowflake refused the programmatic access token${user}: ${why}. Make a new one.`,
      details,
    );
  }
  if (/network policy|not allowed to access/i.test(text)) {
    return new WarehouseConfigError(
      `Snowflake does not let this login in from here: ${firstLine(text)}. A network policy must allow it.`,
      details,
    );
  }
  if (/^39\d{4}$/.test(codeOf(error))) {
    return new CredentialsError(
      `Snowflake refused the login${user}: ${firstLine(text)} Check username and credentials.`,
      details,
    );
  }
  const { response } = partsOf(error);
  const status = response?.status ?? response?.statusCode;
  if (status === 403 || status === 404) {
    return new WarehouseConfigError(
      `There is no Snowflake account at ${config.url} (HTTP ${status}). Check "host".`,
      details,
    );
  }
  const place = { what: 'Snowflake', url: config.url, option: 'host' };
  return (
    connectionError(error, place) ?? (isConnectionLost(error) ? unreachable(place, details) : asHubflakeError(error))
  );
}
