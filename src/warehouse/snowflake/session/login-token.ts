import { readFileSync } from 'node:fs';
import { CONTAINER_TOKEN } from '../../../config/snowflake/credentials.js';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { CredentialsError } from '../../../errors.js';
import { registerSecret } from '../../../log.js';
import { partsOf } from '../../error-parts.js';

/**
 * The token for a login that is made now; null where the login is by something else. Snowflake, Kubernetes and others replace such
 * tokens every few minutes, so their file is read each time. Throws a CredentialsError where it cannot be.
 */
export function freshToken({ credentials }: SnowflakeConfig): string | null {
  if (credentials.kind === 'workload' && credentials.token !== null) return credentials.token;
  const file = credentials.kind === 'container' || credentials.kind === 'workload' ? credentials.tokenFile : null;
  if (file === null) return null;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CredentialsError(
      file === CONTAINER_TOKEN
        ? `The token of Snowpark Container Services cannot be read from ${file}. This login works only inside such a container; elsewhere use another auth_type.`
        : `The token cannot be read from ${file} (${partsOf(error).code}). Check token_file, and that the user who runs hubflake may read it.`,
      { cause: error },
    );
  }
  if (token === '') throw new CredentialsError(`The token's file ${file} is empty. See that what issues it writes it.`);
  registerSecret(token);
  return token;
}

/** When a token says that it ends, in epoch ms; null where it does not say so, or is no JWT. */
export function endOfToken(token: string): number | null {
  try {
    const { exp }: { exp?: unknown } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof exp === 'number' ? exp * 1000 : null;
  } catch {
    return null;
  }
}
