import { LONG_AGO, type MonotonicMs } from '../../time.js';

/** No more of that time is ever believed: what was the least so far may not be the least there is. */
const MOST_BELIEVED = 0.99;
/** Two clocks that count the same interval do not agree to the millisecond. */
const MARGIN_MS = 3;

/** A call that was sent. */
export interface SentCall {
  readonly at: MonotonicMs;
}

/**
 * The calls that a rolling limit of HubSpot may be counting: those on their way, and those that arrived within the interval. When a
 * call arrived is not known. But from one call's answer less the time that the fastest call took from end to end, until another one is
 * sent, no less time passes than between their arrivals: the first needs for its way back, and the second for its way there, no
 * less than the fastest of each. A call that was held up on its way is answered later, and so counts longer.
 */
export class RollingWindow {
  /** When calls of the last two intervals were answered, oldest first. */
  readonly #answered: MonotonicMs[] = [];
  /** How many of them, from the oldest on, no call that is sent now can be counted with. */
  #left = 0;
  #inFlight = 0;
  #fastest = 0;
  /** How many rounds of calls were answered, each sent when one of the round before was answered. */
  #rounds = 0;
  #roundEndedAt = LONG_AGO;

  /** Calls that were sent and not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  sent(now: MonotonicMs): SentCall {
    this.#inFlight += 1;
    return { at: now };
  }

  /** @param isAnswer false: the call failed, and tells nothing of how long one takes */
  answered(call: SentCall, now: MonotonicMs, isAnswer: boolean): void {
    this.#inFlight -= 1;
    this.#answered.push(now);
    if (!isAnswer) return;
    const took = now - call.at;
    this.#fastest = this.#rounds === 0 ? took : Math.min(this.#fastest, took);
    if (call.at < this.#roundEndedAt) return;
    this.#rounds += 1;
    this.#roundEndedAt = now;
  }

  /** HubSpot has refused a call all the same: what a call takes is to be seen anew. */
  distrust(): void {
    this.#rounds = 0;
    this.#roundEndedAt = LONG_AGO;
  }

  /** How many calls the limit may be counting, as {@link waitFor} has last found. */
  get counted(): number {
    return this.#inFlight + this.#answered.length - this.#left;
  }

  /**
   * How many calls HubSpot may have counted when it counted this one, which was answered. More than {@link counted}: those that were
   * leaving while it was on its way are among them.
   */
  countedWith(call: SentCall, intervalMs: number): number {
    const before = this.#answered.findLastIndex((at) => at <= call.at - intervalMs);
    return this.#inFlight + this.#answered.length - 1 - before;
  }

  /** Milliseconds until one more call keeps to `most` in `intervalMs`; 0: now; infinite: when another one was answered. */
  waitFor(most: number, intervalMs: number, now: MonotonicMs): number {
    const counts = intervalMs + MARGIN_MS - this.#leastTravelMs();
    const answeredAt = (index: number) => this.#answered[index] ?? Number.POSITIVE_INFINITY;
    while (answeredAt(this.#left) <= now - counts) this.#left += 1;
    while (answeredAt(0) <= now - 2 * intervalMs) {
      this.#answered.shift();
      this.#left -= 1;
    }
    const over = this.counted - most;
    if (over < 0) return 0;
    const leaves = this.#answered[this.#left + over];
    return leaves === undefined ? Number.POSITIVE_INFINITY : leaves + counts - now;
  }

  /**
   * What a call takes at least, as far as that is believed: the more rounds of calls were seen, the more of what the fastest took.
   * Of calls that were on their way together, all may have been held up by the same.
   */
  #leastTravelMs(): number {
    return this.#rounds === 0 ? 0 : Math.min(MOST_BELIEVED, 1 - 1 / this.#rounds) * this.#fastest;
  }
}
