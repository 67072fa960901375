import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import {
  CredentialsError,
  type HubflakeError,
  WarehouseConfigError,
  WarehouseUnavailableError,
} from '../../../errors.js';
import { partsOf } from '../../error-parts.js';

/**
 * What it means that no token came from the OAuth server of a login by client credentials; null where an error is about something
 * else. The driver hands these errors on as they are, unlike those of the login itself, which have numbers.
 */
export function oauthError(error: unknown, { credentials }: SnowflakeConfig): HubflakeError | null {
  if (credentials.kind !== 'oauth-client') return null;
  const { name, code, message, response } = partsOf(error);
  const details = { internal: `${message}`, cause: error };
  const server = `The OAuth server at ${credentials.tokenUrl}`;
  const status = response?.status;
  if (status !== undefined && (status >= 500 || status === 408 || status === 429)) {
    return new WarehouseUnavailableError(`${server} answered ${status}. Run it again later.`, details);
  }
  if (status === 404 || status === 405 || name === 'SyntaxError' || code === 'OAUTH_INVALID_RESPONSE') {
    return new WarehouseConfigError(`${server} answered with no token. Check token_url.`, details);
  }
  // Of the login itself, the driver has a number for each.
  if (status === undefined || code !== 'ERR_BAD_REQUEST') return null;
  const why = [String(status), ...reasons(response?.data)].join(': ');
  return new CredentialsError(`${server} gave no token (${why}). Check client_id, client_secret and scope.`, details);
}

/** RFC 6749, 5.2. */
function reasons(data: unknown): string[] {
  try {
    const { error, error_description }: Record<string, unknown> = JSON.parse(String(data));
    return [error, error_description].filter((each) => typeof each === 'string').map((each) => each.slice(0, 200));
  } catch {
    return [];
  }
}
