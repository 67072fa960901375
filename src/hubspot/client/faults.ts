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

/** An answer as the rules below see it; `network-failures.ts` judges the lack of one. */
export interface Answer {
  status: number;
  retryAfter: string | null;
  body: Buffer;
}

/** HubSpot's error body; each field may be missing. */
interface ErrorBody {
  status?: string;
  message?: string;
  category?: string;
  policyName?: string;
  errors: { message?: string; context: Record<string, unknown> }[];
}

export type Verdict =
  /** Send it again after a growing pause. */
  | { action: 'repeat'; leastPauseMs?: number; why: string }
  /** The budget is used up: everyone of that budget waits, and the call is sent again. `burst`: of the burst limit, too. */
  | { action: 'backOff'; pauseMs: number; burst: boolean; why: string }
  /** The calls of the day are used up: nobody sends any more. */
  | { action: 'endDay'; error: DailyLimitError }
  /** The access token is not accepted: renew it once, where it can be renewed. */
  | { action: 'renewToken'; error: HubflakeError }
  | { action: 'fail'; error: HubflakeError };

/** How often, and after what pauses, a call is sent again. */
export const RETRY = {
  /** Attempts of one call that met a passing fault, all together. */
  attempts: 10,
  /** 429s of one call: each waits for the budget, so they cost little. */
  rateLimitedAttempts: 100,
  /** A call that is refused again and again waits a second longer each time, up to this. */
  longestRateLimitedPauseMs: 10_000,
  firstPauseMs: 500,
  longestPauseMs: 30_000,
  /** A host from which no answer ever came is given up after this. */
  neverReachedMs: 45_000,
};

/** Statuses that pass: overload, time-outs and gateways, HubSpot's 423 (locked) and 477 (portal being moved). */
const PASSING = new Set([408, 423, 425, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const LOCKED_PAUSE_MS = 2000;
/** HubSpot names no unit of time for a portal being moved that is worth waiting for longer than this. */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;
/** Of HubSpot's own text in a message. */
const LONGEST_SAID = 400;
/** Where an error body lists scopes of which one is needed. */
const SCOPE_KEYS = ['requiredGranularScopes', 'requiredScopes'];
const SECONDLY_PAUSE_MS = 1000;
const TEN_SECONDLY_PAUSE_MS = 10_000;

/**
 * The pause before attempt `attempt` + 1 (attempts count from 1): doubling from {@link RETRY.firstPauseMs}, with half of it
 * left to chance, so that many callers do not come back at once.
 */
export function pauseBefore(attempt: number, random: () => number = Math.random): number {
  const pause = Math.min(RETRY.firstPauseMs * 2 ** (attempt - 1), RETRY.longestPauseMs);
  return pause * (0.5 + random() / 2);
}

/** What HubSpot's clock says, and when it begins to count the day's calls anew. */
export interface DayTimes {
  now: EpochMs;
  /** undefined: not known. */
  resetsAt: EpochMs | undefined;
}

/** Whether an answer of this status passes, so that its call is worth repeating. */
export function passes(status: number): boolean {
  return status === 429 || PASSING.has(status);
}

/** The pause after a call's `attempt`-th 429 (counted from 1), of which HubSpot or its policy asks for `pauseMs`. */
export function rateLimitedPause(attempt: number, pauseMs: number, random: () => number = Math.random): number {
  const growing = Math.min((attempt - 1) * SECONDLY_PAUSE_MS, RETRY.longestRateLimitedPauseMs);
  // A tenth is left to chance: other apps of the portal were refused at the same time.
  return Math.max(pauseMs, growing) * (1 + random() / 10);
}

/** What an answer that is not a success means. `what` names the call for people. */
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
      // Cloudflare's answer to a token so malformed that HubSpot cannot route it.
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
 * Whether an error body is one of HubSpot's own. Its edge was seen to answer 400 in plain text for a path that worked the day
 * before, and proxies and firewalls answer 403 and 404 in HTML: what they say passes, and says nothing of the portal.
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
  return `The call for ${what} was answered ${status} ${quoted}, which is not HubSpot's own answer but that of something in between`;
}

/** The texts with which HubSpot's services refuse a token for want of a scope, where they name no category. */
const SCOPE_TEXTS = /required.{0,40}scope|scopes? .{0,40}required|proper permissions|available for public use/i;

function isAboutScopes({ category, message = '', errors }: ErrorBody): boolean {
  if (category === 'MISSING_SCOPES' || SCOPE_TEXTS.test(message)) return true;
  return errors.some(({ context }) => SCOPE_KEYS.some((key) => Array.isArray(context[key])));
}

function judgeRateLimit(body: ErrorBody, retryAfterMs: number | null, day: DayTimes, internal: string): Verdict {
  const policy = `${body.policyName ?? ''} ${body.message ?? ''}`.toUpperCase();
  const askedFor = retryAfterMs === null ? undefined : epochMs(day.now + retryAfterMs);
  if (policy.includes('DAILY')) {
    const why = 'The portal has used up its calls of the day.';
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

/** HubSpot lists the scopes of which one is needed in errors[].context.requiredGranularScopes. */
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
    // HTML from a gateway: the status says all there is to know.
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

/** `Retry-After` in milliseconds, in either of its forms (seconds, or an HTTP date), or null. */
export function parseRetryAfter(value: string | null, now: () => EpochMs = epochNow): number | null {
  if (value === null || value.trim() === '') return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now());
}
