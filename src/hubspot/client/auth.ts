import type { Credentials } from '../../config/source.js';
import { CredentialsError } from '../../errors.js';
import { memberOf, stringAt } from '../../json.js';
import { registerSecret } from '../../log.js';
import { type MonotonicMs, monotonicMs, monotonicNow } from '../../time.js';
import { LostAnswer } from './network-failures.js';
import { paths } from './paths.js';

/** The response to a form. */
export interface FormAnswer {
  status: number;
  body: Buffer;
  /** Whether the status is transient, so that a retry may succeed. */
  passes: boolean;
  /** The requested pause; 0: none. */
  retryAfterMs: number;
}

/** Sends one request outside of all budgets. Throws a LostAnswer for a failure that a retry may mend. */
export type SendForm = (path: string, form: Record<string, string>) => Promise<FormAnswer>;

/** Resolves when it is time for another attempt after the `attempt`-th failure; rejects when there should be none. */
export type Pause = (attempt: number, why: string, what: string, leastPauseMs?: number) => Promise<void>;

export interface TokenSource {
  /** The token for the next call, renewed before it expires. */
  token(): Promise<string>;
  /** The scopes that HubSpot says the token has; null where it does not say. */
  scopes(): Promise<readonly string[] | null>;
  /** HubSpot responded 401 to `token`. Returns whether to retry with another token. */
  refused(token: string): boolean;
}

/** A private app's token or a service key: it does not expire and cannot be renewed. */
export class StaticToken implements TokenSource {
  readonly #token: string;
  readonly #scopesOf: (token: string) => Promise<readonly string[] | null>;

  constructor(token: string, scopesOf: (token: string) => Promise<readonly string[] | null>) {
    this.#token = token;
    this.#scopesOf = scopesOf;
  }

  token(): Promise<string> {
    return Promise.resolve(this.#token);
  }

  scopes(): Promise<readonly string[] | null> {
    return this.#scopesOf(this.#token);
  }

  refused(): boolean {
    return false;
  }
}

/** Tokens are renewed this long before they expire. HubSpot recommends to refresh by `expires_in` instead of waiting for a 401. */
const RENEW_BEFORE_MS = 60_000;
/** The longest Retry-After that is respected. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * OAuth access tokens from a refresh token. HubSpot's live for 30 minutes, so a sync needs several. Concurrent calls share one
 * renewal.
 */
export class OAuthTokens implements TokenSource {
  readonly #credentials: Extract<Credentials, { kind: 'oauth' }>;
  readonly #send: SendForm;
  readonly #pause: Pause;
  readonly #onRotated: (refreshToken: string) => void;
  readonly #now: () => MonotonicMs;
  #refreshToken: string;
  #path = paths.token();
  #current: { token: string; renewAt: MonotonicMs } | null = null;
  #renewing: Promise<string> | null = null;

  /** @param onRotated called with a new refresh token when HubSpot issues one, which must be kept for the next run */
  constructor(
    credentials: Extract<Credentials, { kind: 'oauth' }>,
    send: SendForm,
    pause: Pause,
    onRotated: (refreshToken: string) => void,
    now: () => MonotonicMs = monotonicNow,
  ) {
    this.#credentials = credentials;
    this.#send = send;
    this.#pause = pause;
    this.#onRotated = onRotated;
    this.#now = now;
    this.#refreshToken = credentials.refreshToken;
  }

  token(): Promise<string> {
    if (this.#current && this.#now() < this.#current.renewAt) return Promise.resolve(this.#current.token);
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async scopes(): Promise<readonly string[] | null> {
    const { clientId, clientSecret } = this.#credentials;
    const form = { token: await this.token(), token_type_hint: 'access_token' };
    const client = { client_id: clientId, client_secret: clientSecret };
    const answer = await this.#send(paths.introspection(), { ...form, ...client }).catch(() => null);
    return answer?.status === 200 ? scopesIn(answer.body) : null;
  }

  refused(token: string): boolean {
    // Another call may have renewed it in the meantime; then only the old one was refused.
    if (this.#current?.token === token) this.#current = null;
    return true;
  }

  async #renew(): Promise<string> {
    const { status, grant } = await this.#ask();
    const { accessToken, refreshToken } = grant;
    if (!accessToken) {
      throw new CredentialsError(
        'HubSpot refused to renew the access token. Check client_id, client_secret and refresh_token: the refresh token must have been issued to this app, and the app must still be installed.',
        { internal: `${status} ${grant.error ?? ''} ${grant.description ?? ''}`.trim() },
      );
    }
    registerSecret(accessToken);
    const lifeMs = grant.lifeSeconds * 1000;
    // A token that lives for less than twice the margin would be renewed before each call; it is used for half of its life instead.
    const renewAt = monotonicMs(this.#now() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2));
    this.#current = { token: accessToken, renewAt };
    if (refreshToken && refreshToken !== this.#refreshToken) {
      registerSecret(refreshToken);
      this.#refreshToken = refreshToken;
      this.#onRotated(refreshToken);
    }
    return accessToken;
  }

  /** Retries until the response is a token or a refusal. */
  async #ask(): Promise<{ status: number; grant: Grant }> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#send(this.#path, {
        grant_type: 'refresh_token',
        client_id: this.#credentials.clientId,
        client_secret: this.#credentials.clientSecret,
        refresh_token: this.#refreshToken,
      }).catch((error: unknown) => {
        if (error instanceof LostAnswer) return error;
        throw error;
      });
      let why: string;
      let leastPauseMs = 0;
      if (answer instanceof LostAnswer) {
        why = `Renewing the access token failed (${answer.message})`;
      } else {
        const grant = readGrant(answer.body);
        if (answer.status === 404 && this.#path !== paths.olderToken()) {
          this.#path = paths.olderToken();
          continue;
        }
        // HTML or a truncated body is neither a token nor a refusal.
        if (!answer.passes && (answer.status !== 200 || grant.accessToken)) return { status: answer.status, grant };
        why = `Renewing the access token failed (${answer.passes ? `status ${answer.status}` : 'a damaged answer'})`;
        leastPauseMs = Math.min(answer.retryAfterMs, LONGEST_RETRY_AFTER_MS);
      }
      await this.#pause(attempt, why, 'an access token', leastPauseMs);
    }
  }
}

/** The scopes in a response about a token; null if there are none. */
export function scopesIn(body: Buffer): string[] | null {
  const scopes = memberOf(parsed(body), 'scopes');
  return Array.isArray(scopes) && scopes.length > 0 ? scopes.map(String) : null;
}

/** The token endpoint's response. */
interface Grant {
  accessToken?: string;
  refreshToken?: string;
  lifeSeconds: number;
  error?: string;
  description?: string;
}

/** The life of HubSpot's access tokens, unless a response says otherwise. */
const USUAL_LIFE_SECONDS = 1800;

function readGrant(body: Buffer): Grant {
  const answer = parsed(body);
  const life = memberOf(answer, 'expires_in');
  return {
    accessToken: stringAt(answer, 'access_token'),
    refreshToken: stringAt(answer, 'refresh_token'),
    lifeSeconds: typeof life === 'number' ? life : USUAL_LIFE_SECONDS,
    // Errors come in RFC 6749's form and in HubSpot's older one.
    error: stringAt(answer, 'status') ?? stringAt(answer, 'error'),
    description: stringAt(answer, 'error_description'),
  };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
