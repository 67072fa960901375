import { LONG_AGO, type MonotonicMs } from '../../time.js';

/** The largest share of the lowest observed latency that is relied on: the lowest so far may not be the lowest possible. */
const MOST_TRUSTED_SHARE = 0.99;
/**
 * How far below the lowest observed latency the lowest possible one is assumed, as a multiple of the expected distance:
 * the lowest of n values lies above their lower bound by about an n-th of their mean distance from it.
 */
const CAUTION = 2;
/**
 * Added to the interval: two clocks differ by milliseconds over it, and a part of each latency is the time that HubSpot
 * takes to answer.
 */
const MARGIN_MS = 8;

/** A call and when it was sent. */
export interface SentCall {
  readonly at: MonotonicMs;
}

/**
 * Counts the calls that a rolling limit of HubSpot may include: those in flight, and those that arrived at HubSpot within the
 * interval. Arrival times are unknown, but bounded: between the response to one call, less the lowest observed latency, and the
 * sending of another one, no more time passes than between their arrivals. (The response takes some of its latency on its way back,
 * the other call takes some of its own on its way there.) A call that was delayed on its way has a later response, and so is
 * counted for longer.
 */
export class RollingWindow {
  /** When the responses of the last two intervals arrived, oldest first. */
  readonly #answered: MonotonicMs[] = [];
  /** How many of them, from the oldest on, HubSpot can no longer count together with a call sent now. */
  #expired = 0;
  #inFlight = 0;
  #fastest = 0;
  /** The number of observed latencies, and their sum. */
  #observed = 0;
  #sum = 0;
  /** The number of completed rounds; a call belongs to the next round if it was sent after a response of the previous one. */
  #rounds = 0;
  #roundEndedAt = LONG_AGO;

  /** Calls without a response yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  sent(now: MonotonicMs): SentCall {
    this.#inFlight += 1;
    return { at: now };
  }

  /** @param isAnswer false: the call failed, and says nothing about latency */
  answered(call: SentCall, now: MonotonicMs, isAnswer: boolean): void {
    this.#inFlight -= 1;
    this.#answered.push(now);
    if (!isAnswer) return;
    const took = now - call.at;
    this.#fastest = this.#observed === 0 ? took : Math.min(this.#fastest, took);
    this.#observed += 1;
    this.#sum += took;
    if (call.at < this.#roundEndedAt) return;
    this.#rounds += 1;
    this.#roundEndedAt = now;
  }

  /** HubSpot rejected a call nevertheless: measure the latency again. */
  resetLatency(): void {
    this.#rounds = 0;
    this.#roundEndedAt = LONG_AGO;
    this.#observed = 0;
    this.#sum = 0;
  }

  /** How many calls the limit may include, as of the last {@link waitFor}. */
  get counted(): number {
    return this.#inFlight + this.#answered.length - this.#expired;
  }

  /**
   * How many calls HubSpot may have included when it counted this one, which has a response. More than {@link counted}, since it
   * includes those that left the interval while this call was in flight.
   */
  countedWith(call: SentCall, intervalMs: number): number {
    const before = this.#answered.findLastIndex((at) => at <= call.at - intervalMs);
    return this.#inFlight + this.#answered.length - 1 - before;
  }

  /** Milliseconds until one more call stays within `most` per `intervalMs`; 0: now; infinite: after the next response. */
  waitFor(most: number, intervalMs: number, now: MonotonicMs): number {
    const counts = intervalMs + MARGIN_MS - this.#leastTravelMs();
    const answeredAt = (index: number) => this.#answered[index] ?? Number.POSITIVE_INFINITY;
    while (answeredAt(this.#expired) <= now - counts) this.#expired += 1;
    while (answeredAt(0) <= now - 2 * intervalMs) {
      this.#answered.shift();
      this.#expired -= 1;
    }
    const over = this.counted - most;
    if (over < 0) return 0;
    const leaves = this.#answered[this.#expired + over];
    return leaves === undefined ? Number.POSITIVE_INFINITY : leaves + counts - now;
  }

  /**
   * The lowest latency, as far as it is relied on: the more rounds were observed, the larger its share, since calls that were in flight
   * together may all have been delayed by the same cause; and the more latencies differ, the less, since a lower one is still to come.
   */
  #leastTravelMs(): number {
    if (this.#rounds === 0) return 0;
    const share = Math.min(MOST_TRUSTED_SHARE, 1 - 1 / this.#rounds);
    const toCome = (this.#sum / this.#observed - this.#fastest) / this.#observed;
    return Math.max(0, share * this.#fastest - CAUTION * toCome);
  }
}
