import { nextMidnight } from '../portal/account.js';
import type { Clock } from '../portal/clock.js';
import type { Principal } from './access.js';
import type { CallKind } from './call.js';
import { DailyCounts } from './daily.js';
import { type ApiError, type RatePolicy, rateLimited } from './errors.js';
import type { DailyHeaders } from './settings.js';

export interface LimitSettings {
  /** Off: nothing is refused; the headers and the daily count go on. */
  enabled: boolean;
  /** Calls per `burstMs` and token of a private app. HubSpot: 100 (Free, Starter), 190 (Pro, Enterprise), 250 (with the add-on). */
  burst: number;
  /** The same for OAuth tokens. */
  oauthBurst: number;
  burstMs: number;
  /** Searches per second and account. */
  searchPerSecond: number;
  /** Calls per day and account. HubSpot: 250,000 / 650,000 (Pro) / 1,000,000 (Enterprise). */
  daily: number;
  /** Whether refusals carry Retry-After, which HubSpot does not promise. */
  retryAfter: boolean;
}

const USUAL_LIMITS: LimitSettings = {
  enabled: true,
  burst: 190,
  oauthBurst: 110,
  burstMs: 10_000,
  searchPerSecond: 5,
  daily: 650_000,
  retryAfter: false,
};

/** HubSpot exempts these from the ten-second limit. */
const EXEMPT_FROM_BURST: ReadonlySet<CallKind> = new Set(['search', 'associations', 'associationLabels']);

/** A window that slides over the times of the calls it let through. */
class Window {
  #times: number[] = [];

  /** How many calls of the last `lengthMs` it let through. */
  used(now: number, lengthMs: number): number {
    while (this.#times.length > 0 && (this.#times[0] as number) <= now - lengthMs) this.#times.shift();
    return this.#times.length;
  }

  add(now: number): void {
    this.#times.push(now);
  }

  /** How many calls it let through after `time`. */
  since(time: number): number {
    const first = this.#times.findLastIndex((one) => one <= time) + 1;
    return this.#times.length - first;
  }

  /** Milliseconds until the oldest call leaves the window. */
  wait(now: number, lengthMs: number): number {
    return (this.#times[0] ?? now - lengthMs) + lengthMs - now;
  }
}

/** HubSpot still names this limit, deprecated and no longer enforced, beside the ten-second one. */
const SECONDLY = 10;

/** HubSpot's three budgets: a burst per token, searches per second, and calls per day of the account's time zone. */
export class Limits {
  readonly settings: LimitSettings;
  readonly #bursts = new Map<string, Window>();
  readonly #searches = new Window();
  readonly #today = new DailyCounts();
  #resetsAt = 0;

  constructor(
    settings: Partial<LimitSettings>,
    readonly clock: Clock,
    readonly timeZone: string,
  ) {
    this.settings = { ...USUAL_LIMITS, ...settings };
  }

  /**
   * Books a call and returns its rate headers. Refused calls are not counted. Searches have daily headers only, association
   * batches none, OAuth tokens no daily ones (as live answers show).
   * @param counters whether each service shows the day's calls it knows of, or all show all of them
   * @throws ApiError 429 with the policy that refuses, and the rate headers where the call would have them.
   */
  admit(kind: CallKind, principal: Principal, counters: DailyHeaders = 'by-service'): Record<string, string> {
    const now = this.clock.now();
    const day = this.usage();
    if (this.settings.enabled && day.used >= day.limit) throw this.#refusal('DAILY', day.resetsAt - now, {});
    if (kind === 'search') this.#admitSearch(now);
    if (EXEMPT_FROM_BURST.has(kind)) {
      this.#today.add(kind);
      return kind === 'search' ? this.#dailyHeaders(kind, principal, counters) : {};
    }
    const window = this.#burst(principal);
    const max = principal.kind === 'oauth' ? this.settings.oauthBurst : this.settings.burst;
    const { burstMs } = this.settings;
    const used = window.used(now, burstMs);
    if (this.settings.enabled && used >= max) {
      throw this.#refusal('TEN_SECONDLY_ROLLING', window.wait(now, burstMs), {
        ...this.#burstHeaders(max, 0, window.since(now - 1_000)),
        ...this.#dailyHeaders(kind, principal, counters),
      });
    }
    window.add(now);
    this.#today.add(kind);
    return {
      ...this.#burstHeaders(max, Math.max(0, max - used - 1), window.since(now - 1_000)),
      ...this.#dailyHeaders(kind, principal, counters),
    };
  }

  /** The day's calls so far, how many there may be, and when the count starts anew. */
  usage(): { used: number; limit: number; resetsAt: number } {
    const now = this.clock.now();
    if (now >= this.#resetsAt) {
      this.#today.reset();
      this.#resetsAt = nextMidnight(this.timeZone, now);
    }
    return { used: this.#today.total, limit: this.settings.daily, resetsAt: this.#resetsAt };
  }

  #admitSearch(now: number): void {
    const used = this.#searches.used(now, 1_000);
    if (this.settings.enabled && used >= this.settings.searchPerSecond) {
      throw this.#refusal('SECONDLY', this.#searches.wait(now, 1_000), {});
    }
    this.#searches.add(now);
  }

  #burst(principal: Principal): Window {
    // HubSpot counts OAuth calls per installing account, whichever access token they come with.
    const key = principal.kind === 'oauth' ? 'oauth' : principal.token;
    let window = this.#bursts.get(key);
    if (window === undefined) {
      window = new Window();
      this.#bursts.set(key, window);
    }
    return window;
  }

  #burstHeaders(max: number, remaining: number, lastSecond: number): Record<string, string> {
    return {
      'X-HubSpot-RateLimit-Max': String(max),
      'X-HubSpot-RateLimit-Remaining': String(remaining),
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(this.settings.burstMs),
      'X-HubSpot-RateLimit-Secondly': String(SECONDLY),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(Math.max(0, SECONDLY - lastSecond)),
    };
  }

  #dailyHeaders(kind: CallKind, principal: Principal, counters: DailyHeaders): Record<string, string> {
    if (principal.kind === 'oauth') return {};
    const used = counters === 'by-service' ? this.#today.knownTo(kind) : this.#today.total;
    return {
      'X-HubSpot-RateLimit-Daily': String(this.settings.daily),
      'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, this.settings.daily - used)),
    };
  }

  #refusal(policy: RatePolicy, waitMs: number, headers: Readonly<Record<string, string>>): ApiError {
    return rateLimited(policy, this.settings.retryAfter ? Math.ceil(waitMs / 1_000) : undefined, headers);
  }
}
