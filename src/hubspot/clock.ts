import { performance } from 'node:perf_hooks';

/**
 * HubSpot's clock, learned from the `Date` header of its answers. Cursors are taken from it, so that a wrong clock on this
 * machine cannot skip or repeat anything.
 *
 * The header has whole seconds and is some milliseconds old when it arrives; both only make it early. Of all observations the
 * latest estimate is kept, so {@link now} never runs ahead of HubSpot's real time (by more than its own servers disagree),
 * never goes back, and comes closer with every answer.
 */
export class ServerClock {
  readonly #monotonic: () => number;
  #offset = Number.NEGATIVE_INFINITY;

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** Takes in the `Date` header of an answer that has just arrived. */
  observe(dateHeader: string | null): void {
    const date = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
    if (!Number.isNaN(date)) this.#offset = Math.max(this.#offset, date - this.#monotonic());
  }

  /** Epoch milliseconds. Before the first answer, this machine's clock is all there is. */
  now(): number {
    if (this.#offset === Number.NEGATIVE_INFINITY) return Date.now();
    return Math.floor(this.#monotonic() + this.#offset);
  }
}
