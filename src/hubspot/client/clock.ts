import { type EpochMs, epochMs, epochNow, type MonotonicMs, monotonicNow } from '../../time.js';

/** Observations that are held against each other. */
const KEPT = 15;
/** Servers of one service, and answers that took different times, differ by less than this, ms. */
const TOLERANCE_MS = 5_000;

/**
 * HubSpot's clock, learned from the `Date` header of its answers. Cursors are taken from it, so that a wrong clock on this
 * machine cannot skip or repeat anything.
 *
 * The header has whole seconds and is some milliseconds old when it arrives; both only make it early. So of the observations the
 * latest estimate is kept, and comes closer to HubSpot's real time with every answer. One that is far ahead of the others (a proxy
 * or an edge whose clock is wrong) is refused: a cursor taken from it would skip what changes until then. Being late costs no more than
 * reading something again.
 */
export class ServerClock {
  readonly #monotonic: () => MonotonicMs;
  /** Of the last answers, by how many milliseconds HubSpot's time is ahead of the monotonic clock. */
  readonly #observed: number[] = [];
  #offset = Number.NEGATIVE_INFINITY;

  constructor(monotonic: () => MonotonicMs = monotonicNow) {
    this.#monotonic = monotonic;
  }

  /** Takes in the `Date` header of an answer that has just arrived. */
  observe(dateHeader: string | null): void {
    const date = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
    if (Number.isNaN(date)) return;
    const offset = date - this.#monotonic();
    this.#observed.push(offset);
    if (this.#observed.length > KEPT) this.#observed.shift();
    const ascending = [...this.#observed].sort((a, b) => a - b);
    // Of two that differ, the earlier one counts until a third has decided.
    const middle = ascending[Math.floor((ascending.length - 1) / 2)] ?? offset;
    const latest = ascending.findLast((each) => each <= middle + TOLERANCE_MS) ?? middle;
    this.#offset = this.#offset > middle + TOLERANCE_MS ? latest : Math.max(this.#offset, latest);
  }

  /** HubSpot's time. Before the first answer, this machine's clock is all there is. */
  now(): EpochMs {
    if (this.#offset === Number.NEGATIVE_INFINITY) return epochNow();
    return epochMs(Math.floor(this.#monotonic() + this.#offset));
  }
}
