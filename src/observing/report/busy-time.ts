import { type EpochMs, epochMs } from '../../time.js';

/** How long something goes on: the sum of all durations, and by the clock, where those at the same time count once. */
export class BusyTime {
  /** Seconds that have ended, added up. */
  seconds = 0;
  times = 0;
  #clockMs = 0;
  #running = 0;
  #since = epochMs(0);

  start(at: EpochMs): void {
    if (this.#running === 0) this.#since = at;
    this.#running += 1;
    this.times += 1;
  }

  end(startedAt: EpochMs, at: EpochMs): void {
    this.seconds += Math.max(0, at - startedAt) / 1000;
    this.#running = Math.max(0, this.#running - 1);
    if (this.#running === 0) this.#clockMs += Math.max(0, at - this.#since);
  }

  /** Seconds in which at least one went on. */
  clockSeconds(now: EpochMs): number {
    return (this.#clockMs + (this.#running > 0 ? Math.max(0, now - this.#since) : 0)) / 1000;
  }
}
