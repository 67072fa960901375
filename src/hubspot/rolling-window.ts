/** Answers from which it is believed how long a call takes at least. */
const ENOUGH_ANSWERS = 8;
/** Of that time, what is taken for the way back and HubSpot's own work: less than all of it, as even the fastest call travels. */
const BELIEVED = 0.8;
/** Two clocks that count the same interval do not agree to the millisecond. */
const MARGIN_MS = 10;

/** A call that was sent. */
export interface SentCall {
  /** Milliseconds of the caller's clock. */
  readonly at: number;
}

/**
 * The calls that a rolling limit of HubSpot may be counting: those on their way, and those that arrived within the interval. When a
 * call arrived is not known, but when it must have at the latest: so long before its answer as the fastest call took, since what
 * happens behind the arrival takes no less time. A call that was held up on its way is answered later, and so counts longer.
 */
export class RollingWindow {
  /** When calls of the last interval were answered, oldest first; milliseconds of the caller's clock. */
  readonly #answered: number[] = [];
  #inFlight = 0;
  #fastest = Number.POSITIVE_INFINITY;
  #answers = 0;

  /** Calls that were sent and not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  sent(now: number): SentCall {
    this.#inFlight += 1;
    return { at: now };
  }

  /** @param isAnswer false: the call failed, and tells nothing of how long one takes */
  answered(call: SentCall, now: number, isAnswer: boolean): void {
    this.#inFlight -= 1;
    this.#answered.push(now);
    if (!isAnswer) return;
    this.#answers += 1;
    this.#fastest = Math.min(this.#fastest, now - call.at);
  }

  /** How many calls the limit may be counting, of those that {@link waitFor} has last left. */
  get counted(): number {
    return this.#inFlight + this.#answered.length;
  }

  /** Milliseconds until one more call keeps to `most` in `intervalMs`; 0: now; infinite: when another one was answered. */
  waitFor(most: number, intervalMs: number, now: number): number {
    const afterArrival = this.#answers < ENOUGH_ANSWERS ? 0 : BELIEVED * this.#fastest;
    const counts = intervalMs + MARGIN_MS - afterArrival;
    while (this.#answered.length > 0 && (this.#answered[0] as number) <= now - counts) this.#answered.shift();
    const over = this.#inFlight + this.#answered.length - most;
    if (over < 0) return 0;
    const leaves = this.#answered[over];
    return leaves === undefined ? Number.POSITIVE_INFINITY : leaves + counts - now;
  }
}
