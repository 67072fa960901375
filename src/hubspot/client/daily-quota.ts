import { DailyLimitError } from '../../errors.js';
import { type EpochMs, epochMs, instantOf, MS_A_DAY } from '../../time.js';

/** How long a service's counter is valid after its last update. */
const COUNTS_FOR_MS = 60_000;

/** One service's count of the remaining calls, decremented with every call since. */
interface Counter {
  left: number;
  /** HubSpot's time. */
  saidAt: EpochMs;
}

/**
 * The remaining daily calls of the portal, which all its apps share. HubSpot's services do not agree on the number: two were
 * observed to differ by a hundred within a second. So each has a counter here, and the lowest of those updated within the last
 * minute counts. A call whose response has no number decrements them.
 */
export class DailyQuota {
  readonly #reserve: number;
  readonly #resetsAt: () => EpochMs | undefined;
  readonly #now: () => EpochMs;
  /** By service; empty until one reports its count. HubSpot does not report it to OAuth apps. */
  readonly #counters = new Map<string, Counter>();
  #refusal: DailyLimitError | null = null;

  /**
   * @param reserve calls to leave to others
   * @param resetsAt the next reset, once it is known
   * @param now HubSpot's time
   */
  constructor(reserve: number, resetsAt: () => EpochMs | undefined, now: () => EpochMs) {
    this.#reserve = reserve;
    this.#resetsAt = resetsAt;
    this.#now = now;
  }

  /** The remaining calls, those in flight not subtracted; null: unknown. */
  get remaining(): number | null {
    const counters = [...this.#counters.values()];
    const newest = Math.max(...counters.map(({ saidAt }) => saidAt));
    const recent = counters.filter(({ saidAt }) => saidAt > newest - COUNTS_FOR_MS);
    return recent.length === 0 ? null : Math.min(...recent.map(({ left }) => left));
  }

  /**
   * A call was counted, or may have been.
   *
   * @param service the service whose counter the response shows
   * @param said the remaining calls that the response states, if it does
   * @param meanwhile calls completed while this one was in flight: HubSpot may have counted them after it
   * @param inFlight calls still in flight: HubSpot may have counted them before it
   */
  answered(service: string, said: number | null, meanwhile: number, inFlight: number): void {
    for (const counter of this.#counters.values()) counter.left -= 1;
    if (said === null) return;
    const saidAt = this.#now();
    const counted = this.#counters.get(service)?.left;
    if (counted === undefined) {
      this.#counters.set(service, { left: said, saidAt });
      return;
    }
    const least = said - meanwhile;
    const othersUseIt = counted > said + inFlight;
    this.#counters.set(service, { left: othersUseIt ? least : Math.max(counted, least), saidAt });
  }

  /** HubSpot rejected a call because of the daily limit: no more calls are sent. */
  refused(error: DailyLimitError): void {
    this.#refusal ??= error;
  }

  /** Why no call may be sent; null: one may. `wait`: only the response to a call in flight will tell. */
  obstacle(inFlight: number): DailyLimitError | 'wait' | null {
    if (this.#refusal) return this.#refusal;
    const { remaining } = this;
    if (remaining === null || remaining - inFlight > this.#reserve) return null;
    if (inFlight > 0) return 'wait';
    const why =
      this.#reserve > 0
        ? `Only ${remaining} of the portal's daily calls are left, and ${this.#reserve} are kept for others (daily_reserve).`
        : 'The portal has used up its daily calls.';
    return dailyLimit(why, this.#resetsAt(), this.#now());
  }
}

/**
 * The error for an exhausted daily limit. It names the time from which a sync can resume: the reset, or, while that is unknown, a
 * day from now, which is after it.
 */
export function dailyLimit(
  why: string,
  resetsAt: EpochMs | undefined,
  now: EpochMs,
  internal?: string,
): DailyLimitError {
  const at = resetsAt ?? epochMs(now + MS_A_DAY);
  const hour = `${instantOf(at).slice(0, 16)}Z`;
  const when = resetsAt === undefined ? `${hour} on at the latest` : `${hour} on`;
  const details = internal === undefined ? {} : { internal };
  return new DailyLimitError(`${why} The state is saved; the next run goes on from ${when}.`, at, details);
}
