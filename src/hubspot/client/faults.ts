import {
  CredentialsError,
  type DailyLimitError,
  type HubflakeError,
  MissingScopesError,
  RequestError,
  UnavailableError,
} from '../../errors.js';
import { isObject, memberOf, stringAt } from '../../json.js';
import { type EpochMs, epochMs, epochNow } from '../../time.js';
import { dailyLimit } from './daily-quota.js';

/** A response as the rules below see it; `network-failures.ts` handles calls without one. */
export interface Answer {
  status: number;
  retryAfter: string | null;
  body: Buffer;
}

/** HubSpot's error body; any field may be missing. */
interface ErrorBody {
  status?: string;
  message?: string;
  category?: string;
  policyName?: string;
  errors: { message?: string; context: Record<string, unknown> }[];
}

export type Verdict =
  /** Retry with exponential backoff. */
  | { action: 'repeat'; leastPauseMs?: number; why: string }
  /** A rate limit is exceeded: pause all calls of that budget, then retry. `burst`: pause those of the burst limit, too. */
  | { action: 'backOff'; pauseMs: number; burst: boolean; why: string }
  /** The daily limit is exhausted: send no more calls. */
  | { action: 'endDay'; error: DailyLimitError }
  /** The access token is not accepted: renew it once, if it can be renewed. */
  | { action: 'renewToken'; error: HubflakeError }
  | { action: 'fail'; error: HubflakeError };

/** When a call is sent again. */
export interface RetryPolicy {
  /** The most attempts of a call after transient faults. */
  attempts: number;
  /** The most 429s of one call: each waits for the budget, so they cost little. */
  rateLimitedAttempts: number;
  /** With each 429 of a call the pause grows by a second, up to this. */
  longestRateLimitedPauseMs: number;
  firstPauseMs: number;
  longestPauseMs: number;
  /** The timeout for the first response of a host that has not responded yet. */
  neverReachedMs: number;
  /** The pauses before a search is repeated that counts more hits than it returns. An index catches up within seconds. */
  unshownPausesMs: readonly number[];
}

export const RETRY: Readonly<RetryPolicy> = {
  attempts: 10,
  rateLimitedAttempts: 100,
  longestRateLimitedPauseMs: 10_000,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  neverReachedMs: 45_000,
  unshownPausesMs: [1_000, 2_000, 4_000],
};

/** Transient statuses: overload, timeouts and gateways, HubSpot's 423 (locked) and 477 (portal being migrated). */
const PASSING = new Set([408, 423, 425, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const LOCKED_PAUSE_MS = 2000;
/** The longest Retry-After worth waiting for, for example for a portal migration. */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
/** The length to which HubSpot's own text is cut in messages. */
const LONGEST_SAID = 400;
/** Members of an error's context that list scopes of which one is required. */
const SCOPE_KEYS = ['requiredGranularScopes', 'requiredScopes'];
const SECONDLY_PAUSE_MS = 1000;
const TEN_SECONDLY_PAUSE_MS = 10_000;

/** The pause before attempt `attempt` + 1 (counted from 1): doubling from the policy's first one, half of it jitter. */
export function pauseBefore(retry: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const pause = Math.min(retry.firstPauseMs * 2 ** (attempt - 1), retry.longestPauseMs);
  return pause * (0.5 + random() / 2);
}

/** HubSpot's time, and the next reset of the daily limit. */
export interface DayTimes {
  now: EpochMs;
  /** undefined: unknown. */
  resetsAt: EpochMs | undefined;
}

/** Whether a status is transient, so that the call is worth a retry. */
export function passes(status: number): boolean {
  return status === 429 || PASSING.has(status);
}

/** The pause after a call's `attempt`-th 429 (counted from 1); at least `pauseMs`, which HubSpot or its policy asks for. */
export function rateLimitedPause(
  retry: RetryPolicy,
  attempt: number,
  pauseMs: number,
  random: () => number = Math.random,
): number {
  const growing = Math.min((attempt - 1) * SECONDLY_PAUSE_MS, retry.longestRateLimitedPauseMs);
  // 10 % jitter: other apps of the portal were rejected at the same time.
  return Math.max(pauseMs, growing) * (1 + random() / 10);
}

/** What an unsuccessful response means. `what` names the requested data for messages. */
export function judge(answer: Answer, what: string, day: DayTimes): Verdict {
  const body = parseBody(answer.body);
  const retryAfterMs = parseRetryAfter(answer.retryAfter);
  const internal = `${what}: ${answer.status} ${body.category ?? body.policyName ?? ''} ${body.message ?? ''}`.trim();
  switch (answer.status) {
    case 429:
      return judgeRateLimit(body, retryAfterMs, day, internal);
    case 401:
      return { action: 'renewToken', error: refusedCredentials(body, internal) };
    case 530:
      // Cloudflare's status for a token so malformed that HubSpot cannot route it.
      return { action: 'fail', error: refusedCredentials(body, internal) };
    case 400:
    case 403:
    case 404:
      if (!isHubSpots(body)) return { action: 'repeat', why: foreignAnswer(answer, what) };
      if (answer.status === 403 && isAboutScopes(body)) {
        return { action: 'fail', error: missingScopes(body, what, internal) };
      }
      break;
    default:
      break;
  }
  if (PASSING.has(answer.status)) {
    if (retryAfterMs !== null && retryAfterMs > LONGEST_RETRY_AFTER_MS) {
      const minutes = Math.ceil(retryAfterMs / 60_000);
      const message = `HubSpot asks to come back in ${minutes} minutes (${answer.status}). Run it again then; it goes on where it stopped.`;
      return { action: 'fail', error: new UnavailableError(message, { internal }) };
    }
    const leastPauseMs = Math.max(retryAfterMs ?? 0, answer.status === 423 ? LOCKED_PAUSE_MS : 0);
    return { action: 'repeat', leastPauseMs, why: `HubSpot answered ${answer.status} when asked for ${what}` };
  }
  const said = [body.message, ...body.errors.map((error) => error.message)]
    .filter(Boolean)
    .join(' ')
    .slice(0, LONGEST_SAID);
  const message = `HubSpot refused a call for ${what} (${answer.status})${said === '' ? '' : `: ${said}`}`;
  return { action: 'fail', error: new RequestError(message, answer.status, { internal, said }) };
}

/**
 * Whether an error body is HubSpot's own. Its edge was observed to return 400 in plain text for a path that worked the day before,
 * and proxies and firewalls return 403 and 404 in HTML: such responses are transient, and say nothing about the portal.
 */
function isHubSpots(body: ErrorBody): boolean {
  return body.status === 'error' || body.category !== undefined || body.message !== undefined;
}

function foreignAnswer({ status, body }: Answer, what: string): string {
  const text = body
    .toString('utf8', 0, 200)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const quoted = text === '' ? 'with nothing' : `with "${text.slice(0, 80)}"`;
  return `The call for ${what} was answered ${status} ${quoted}, which is not HubSpot's own answer, but that of a proxy or firewall in between`;
}

/** Messages by which HubSpot's services report a missing scope without naming a category. */
const SCOPE_TEXTS = /required.{0,40}scope|scopes? .{0,40}required|proper permissions|available for public use/i;

function isAboutScopes({ category, message = '', errors }: ErrorBody): boolean {
  if (category === 'MISSING_SCOPES' || SCOPE_TEXTS.test(message)) return true;
  return errors.some(({ context }) => SCOPE_KEYS.some((key) => Array.isArray(context[key])));
}

function judgeRateLimit(body: ErrorBody, retryAfterMs: number | null, day: DayTimes, internal: string): Verdict {
  const policy = `${body.policyName ?? ''} ${body.message ?? ''}`.toUpperCase();
  const askedFor = retryAfterMs === null ? undefined : epochMs(day.now + retryAfterMs);
  if (policy.includes('DAILY')) {
    const why = 'The portal has used up its daily calls.';
    return { action: 'endDay', error: dailyLimit(why, day.resetsAt ?? askedFor, day.now, internal) };
  }
  if (retryAfterMs !== null && retryAfterMs > LONGEST_RETRY_AFTER_MS) {
    const why = "HubSpot's rate limit is reached, for longer than is worth waiting.";
    return { action: 'endDay', error: dailyLimit(why, askedFor, day.now, internal) };
  }
  const burst = policy.includes('TEN_SECONDLY');
  const pauseMs = retryAfterMs ?? (burst ? TEN_SECONDLY_PAUSE_MS : SECONDLY_PAUSE_MS);
  return { action: 'backOff', pauseMs, burst, why: `HubSpot's rate limit is reached (${body.policyName ?? '429'})` };
}

function refusedCredentials(body: ErrorBody, internal: string): CredentialsError {
  const expired = body.category === 'EXPIRED_AUTHENTICATION' ? ' because it has expired' : '';
  return new CredentialsError(
    `HubSpot refused the access token${expired}. Check that it was copied whole, has not been revoked, and belongs to this portal.`,
    { internal },
  );
}

/** HubSpot lists the scopes, one of which is required, in errors[].context.requiredGranularScopes. */
function missingScopes(body: ErrorBody, what: string, internal: string): MissingScopesError {
  const scopes = [
    ...new Set(
      body.errors.flatMap(({ context }) =>
        SCOPE_KEYS.flatMap((key) => {
          const list = context[key];
          return Array.isArray(list) ? list.map(String) : [];
        }),
      ),
    ),
  ];
  const need =
    scopes.length > 0 ? `add the scope ${scopes.join(' or ')}` : 'add the scope for it (HubSpot did not name it)';
  return new MissingScopesError(
    `The token may not read ${what}: ${need} to the private app, service key or OAuth app, and install it again.`,
    scopes,
    { internal },
  );
}

function parseBody(body: Buffer): ErrorBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // HTML from a gateway: only the status counts.
  }
  const errors = memberOf(parsed, 'errors');
  const parts: unknown[] = Array.isArray(errors) ? errors : [];
  return {
    status: stringAt(parsed, 'status'),
    message: stringAt(parsed, 'message'),
    category: stringAt(parsed, 'category'),
    policyName: stringAt(parsed, 'policyName'),
    errors: parts.map((part) => {
      const context = memberOf(part, 'context');
      return { message: stringAt(part, 'message'), context: isObject(context) ? context : {} };
    }),
  };
}

/** Parses `Retry-After`, either seconds or an HTTP date, to milliseconds; null if there is none. */
export function parseRetryAfter(value: string | null, now: () => EpochMs = epochNow): number | null {
  if (value === null || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now());
}
