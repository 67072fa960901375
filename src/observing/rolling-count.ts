import type { EpochMs } from '../time.js';

/** Counts what happened in the last so many seconds, the present one included, in as much memory as these take. */
export class RollingCount {
  readonly #counts: number[];
  /** The second that was counted last. */
  #second = 0;

  constructor(seconds: number) {
    this.#counts = Array.from({ length: seconds }, () => 0);
  }

  add(at: EpochMs, amount = 1): void {
    const slot = this.#moveTo(at);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + amount;
  }

  countAt(at: EpochMs): number {
    this.#moveTo(at);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Forgets the seconds that are too old. @returns the slot of the present one; a clock that goes back a little stands still here */
  #moveTo(at: EpochMs): number {
    const { length } = this.#counts;
    // One that was set is followed.
    if (Math.floor(at / 1000) < this.#second - length) {
      this.#counts.fill(0);
      this.#second = 0;
    }
    const second = Math.max(this.#second, Math.floor(at / 1000));
    for (let gone = Math.max(this.#second + 1, second - length + 1); gone <= second; gone += 1) {
      this.#counts[gone % length] = 0;
    }
    this.#second = second;
    return second % length;
  }
}
