import type { WorkloadCredentials } from '../../../config/snowflake/credentials.js';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { CredentialsError, type HubflakeError, isProgrammingError } from '../../../errors.js';
import { partsOf } from '../../error-parts.js';
import { endOfToken, freshToken } from './login-token.js';

/** Refusals that are about something else than who logs in: role, network policy, database. */
const NOT_ABOUT_IDENTITY = ['390186', '390189', '390201', '390420', '390422'];

const CLOUDS = {
  AWS: 'AWS: the role of the pod, task or instance (AWS_REGION, AWS_ROLE_ARN and the like)',
  AZURE: 'Azure: a managed identity, or the workload identity of the pod (AZURE_CLIENT_ID names one of several)',
  GCP: 'Google Cloud: the service account of the pod or instance',
  OIDC: 'the token',
};

/**
 * What a failed login by Workload Identity or External Browser means; null where an error is about something else. The driver hands on
 * what the clouds' libraries throw as it is, while all that Snowflake or the network says has a number.
 */
export function identityError(error: unknown, config: SnowflakeConfig): HubflakeError | null {
  const { credentials } = config;
  if (credentials.kind !== 'workload' && credentials.kind !== 'browser') return null;
  const { name, code, message } = partsOf(error);
  const text = String(message ?? error);
  const number = /^\d{6}$/.test(String(code)) ? String(code) : null;
  const details = { internal: text, cause: error };
  if (credentials.kind === 'browser') return number === null ? browserError(text, details) : null;
  if (number !== null) {
    const isRefusal = number.startsWith('39') && !NOT_ABOUT_IDENTITY.includes(number) && !/network policy/i.test(text);
    return isRefusal ? new CredentialsError(refusal(config, credentials, text), details) : null;
  }
  if (name === 'SilenceError' || isProgrammingError(error)) return null;
  const said = sentence(text);
  return new CredentialsError(
    /recognized Snowflake host/i.test(text)
      ? `Workload Identity is for Snowflake's own hosts, and ${config.url} is none. Check "host".`
      : `No identity for the login could be had from ${CLOUDS[credentials.provider]}. It says: ${said} See that hubflake runs there, and that the identity may be used.`,
    details,
  );
}

function refusal(config: SnowflakeConfig, credentials: WorkloadCredentials, text: string): string {
  const { provider, tokenFile, username } = credentials;
  const user = username === null ? '' : ` of the user ${username}`;
  const token = provider === 'OIDC' ? tokenNow(config) : null;
  const end = token === null ? null : endOfToken(token);
  if (/expired/i.test(text) || (end !== null && end < Date.now())) {
    const when = end === null ? 'has expired' : `expired at ${new Date(end).toISOString()}`;
    const remedy =
      provider !== 'OIDC'
        ? "Check this machine's clock, and run it again."
        : tokenFile === null
          ? 'Give one that is valid for the whole run, or a token_file that is kept fresh: it is read anew for each login.'
          : `See that what issues it keeps ${tokenFile} fresh: it is read anew for each login.`;
    return `Snowflake refused the workload identity${user}: its token ${when}. ${remedy}`;
  }
  const wanted =
    provider === 'OIDC'
      ? 'ISSUER, SUBJECT and audience (snowflakecomputing.com where none is set) are those of the token'
      : `it names the identity that ${provider} gives`;
  return `Snowflake refused the workload identity${user}: ${sentence(text)} See in DESCRIBE USER … that there is a WORKLOAD_IDENTITY of the type ${provider}, and that ${wanted}.`;
}

/** Its file can be gone by now. */
function tokenNow(config: SnowflakeConfig): string | null {
  try {
    return freshToken(config);
  } catch {
    return null;
  }
}

function browserError(text: string, details: { internal: string; cause: unknown }): CredentialsError | null {
  if (/Browser action timed out/i.test(text)) {
    return new CredentialsError(
      'Nobody has logged in in the browser. Run it again, and log in within two minutes; the browser must be on this machine.',
      details,
    );
  }
  const [, said] = /Authentication failed\. Error code: \d+, message: (.*)/s.exec(text) ?? [];
  if (said !== undefined) {
    return new CredentialsError(
      `Snowflake offers no login by browser for this user: ${sentence(said)} It needs single sign-on (SAML) in the account, and "username" as it is there.`,
      details,
    );
  }
  return /SAML|local server|SSO/i.test(text)
    ? new CredentialsError(`The login in the browser failed: ${sentence(text)} Run it again.`, details)
    : null;
}

/** The first line of a text as a sentence. */
function sentence(text: string): string {
  const line = (text.split('\n').find((each) => each.trim() !== '') ?? text).trim();
  return `${line.slice(0, 500).replace(/[.\s]+$/, '')}.`;
}
