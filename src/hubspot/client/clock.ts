import { type EpochMs, epochMs, epochNow, type MonotonicMs, monotonicNow } from '../../time.js';

/** The number of observations that are compared. */
const KEPT = 15;
/** The tolerated deviation between HubSpot's servers, including differences in latency, ms. */
const TOLERANCE_MS = 5_000;

/**
 * HubSpot's clock, estimated from the `Date` header of its responses. Cursors are taken from it, so that a wrong clock on this
 * machine cannot skip or repeat anything.
 *
 * The header has whole seconds and is some milliseconds old when it arrives; both only make it early. So the latest estimate is
 * kept, and approaches HubSpot's real time with every response. An estimate far ahead of the others (a proxy or an edge server with
 * a wrong clock) is rejected: a cursor taken from it would skip the changes until then, whereas being late only costs reading
 * something again.
 */
export class ServerClock {
  readonly #monotonic: () => MonotonicMs;
  /** By how many milliseconds HubSpot's time was ahead of the monotonic clock in the last responses. */
  readonly #observed: number[] = [];
  #offset = Number.NEGATIVE_INFINITY;

  constructor(monotonic: () => MonotonicMs = monotonicNow) {
    this.#monotonic = monotonic;
  }

  /** Takes the `Date` header of a response that has just arrived into account. */
  observe(dateHeader: string | null): void {
    const date = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
    if (Number.isNaN(date)) return;
    const offset = date - this.#monotonic();
    this.#observed.push(offset);
    if (this.#observed.length > KEPT) this.#observed.shift();
    const ascending = [...this.#observed].sort((a, b) => a - b);
    // The lower median: of two that differ, the earlier one counts until a third decides.
    const middle = ascending[Math.floor((ascending.length - 1) / 2)] ?? offset;
    const latest = ascending.findLast((each) => each <= middle + TOLERANCE_MS) ?? middle;
    this.#offset = this.#offset > middle + TOLERANCE_MS ? latest : Math.max(this.#offset, latest);
  }

  /** HubSpot's time; before the first response, this machine's. */
  now(): EpochMs {
    if (this.#offset === Number.NEGATIVE_INFINITY) return epochNow();
    return epochMs(Math.floor(this.#monotonic() + this.#offset));
  }
}
