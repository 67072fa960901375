import { DailyLimitError } from '../errors.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What is left of the portal's calls of the day, all its apps together. Only calls that are charged to the burst limit are
 * answered with the number; in between it is counted down here.
 */
export class DailyQuota {
  readonly #reserve: number;
  readonly #resetsAt: () => number | undefined;
  readonly #now: () => number;
  /** Those that are left, calls on their way not yet taken off; null: not known. HubSpot does not tell OAuth apps. */
  #remaining: number | null = null;
  #refusal: DailyLimitError | null = null;

  /**
   * @param reserve calls of the day that are left to others
   * @param resetsAt epoch ms of the next reset, once it is known
   * @param now HubSpot's time, epoch ms
   */
  constructor(reserve: number, resetsAt: () => number | undefined, now: () => number) {
    this.#reserve = reserve;
    this.#resetsAt = resetsAt;
    this.#now = now;
  }

  get remaining(): number | null {
    return this.#remaining;
  }

  /**
   * A call was answered, or may have been.
   *
   * @param said how many HubSpot said are left, where it did
   * @param meanwhile calls that were answered while this one was on its way: they may have been counted after it
   * @param inFlight calls that are on their way still: they may have been counted before it
   */
  answered(said: number | null, meanwhile: number, inFlight: number): void {
    if (this.#remaining === null) {
      this.#remaining = said;
      return;
    }
    const counted = this.#remaining - 1;
    if (said === null) this.#remaining = counted;
    else {
      const least = said - meanwhile;
      const othersUseIt = counted > said + inFlight;
      this.#remaining = othersUseIt ? least : Math.max(counted, least);
    }
  }

  /** HubSpot refused a call for the day's sake: no other one is sent. */
  refused(error: DailyLimitError): void {
    this.#refusal ??= error;
  }

  /** Why no call may be sent; null: one may. `wait`: that is known when a call on its way has been answered. */
  obstacle(inFlight: number): DailyLimitError | 'wait' | null {
    if (this.#refusal) return this.#refusal;
    if (this.#remaining === null || this.#remaining - inFlight > this.#reserve) return null;
    if (inFlight > 0) return 'wait';
    const why =
      this.#reserve > 0
        ? `Only ${this.#remaining} calls of the portal's day are left, and ${this.#reserve} are kept for others (daily_reserve).`
        : 'The portal has used up its calls of the day.';
    return dailyLimit(why, this.#resetsAt(), this.#now());
  }
}

/**
 * The error of a day that is used up. It names the hour from which a sync can go on: the reset, or, while that is not known, a
 * day from now, by when there has been one.
 *
 * @param resetsAt epoch ms
 * @param now epoch ms
 */
export function dailyLimit(why: string, resetsAt: number | undefined, now: number, internal?: string): DailyLimitError {
  const at = resetsAt ?? now + DAY_MS;
  const hour = `${new Date(at).toISOString().slice(0, 16)}Z`;
  const when = resetsAt === undefined ? `${hour} on at the latest` : `${hour} on`;
  const details = internal === undefined ? {} : { internal };
  return new DailyLimitError(`${why} The state is saved; the next run goes on from ${when}.`, at, details);
}
