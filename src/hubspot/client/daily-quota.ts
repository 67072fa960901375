import { DailyLimitError } from '../../errors.js';
import { type EpochMs, epochMs, instantOf } from '../../time.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** A service's number counts for so long after it was last heard. */
const COUNTS_FOR_MS = 60_000;

/** What one of HubSpot's services said is left of the day, counted down by every call since. */
interface Counter {
  left: number;
  /** HubSpot's time. */
  saidAt: EpochMs;
}

/**
 * What is left of the portal's calls of the day, all its apps together. HubSpot's services do not agree on it: a second apart,
 * two were seen to differ by a hundred. So each has a counter here, and the least of those that were heard within the last minute
 * is what is kept to. Calls that are answered without a number are counted down.
 */
export class DailyQuota {
  readonly #reserve: number;
  readonly #resetsAt: () => EpochMs | undefined;
  readonly #now: () => EpochMs;
  /** By service; none before one was heard. HubSpot does not tell OAuth apps. */
  readonly #counters = new Map<string, Counter>();
  #refusal: DailyLimitError | null = null;

  /**
   * @param reserve calls of the day that are left to others
   * @param resetsAt the next reset, once it is known
   * @param now HubSpot's time
   */
  constructor(reserve: number, resetsAt: () => EpochMs | undefined, now: () => EpochMs) {
    this.#reserve = reserve;
    this.#resetsAt = resetsAt;
    this.#now = now;
  }

  /** Calls that are left, those on their way not yet taken off; null: not known. */
  get remaining(): number | null {
    const counters = [...this.#counters.values()];
    const newest = Math.max(...counters.map(({ saidAt }) => saidAt));
    const recent = counters.filter(({ saidAt }) => saidAt > newest - COUNTS_FOR_MS);
    return recent.length === 0 ? null : Math.min(...recent.map(({ left }) => left));
  }

  /**
   * A call was answered, or may have been.
   *
   * @param service whose counter its answer shows
   * @param said how many HubSpot said are left, where it did
   * @param meanwhile calls that were answered while this one was on its way: they may have been counted after it
   * @param inFlight calls that are on their way still: they may have been counted before it
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

  /** HubSpot refused a call for the day's sake: no other one is sent. */
  refused(error: DailyLimitError): void {
    this.#refusal ??= error;
  }

  /** Why no call may be sent; null: one may. `wait`: that is known when a call on its way has been answered. */
  obstacle(inFlight: number): DailyLimitError | 'wait' | null {
    if (this.#refusal) return this.#refusal;
    const { remaining } = this;
    if (remaining === null || remaining - inFlight > this.#reserve) return null;
    if (inFlight > 0) return 'wait';
    const why =
      this.#reserve > 0
        ? `Only ${remaining} calls of the portal's day are left, and ${this.#reserve} are kept for others (daily_reserve).`
        : 'The portal has used up its calls of the day.';
    return dailyLimit(why, this.#resetsAt(), this.#now());
  }
}

/**
 * The error of a day that is used up. It names the hour from which a sync can go on: the reset, or, while that is not known, a
 * day from now, by when there has been one.
 */
export function dailyLimit(
  why: string,
  resetsAt: EpochMs | undefined,
  now: EpochMs,
  internal?: string,
): DailyLimitError {
  const at = resetsAt ?? epochMs(now + DAY_MS);
  const hour = `${instantOf(at).slice(0, 16)}Z`;
  const when = resetsAt === undefined ? `${hour} on at the latest` : `${hour} on`;
  const details = internal === undefined ? {} : { internal };
  return new DailyLimitError(`${why} The state is saved; the next run goes on from ${when}.`, at, details);
}
