import type { LimitsFact } from '../activity.js';
import type { EpochMs } from '../time.js';
import { RollingCount } from './rolling-count.js';

/** HubSpot's interval of the burst limit. */
export const BURST_SECONDS = 10;

/** The calls within HubSpot's ten-second limit: ours, and those of others that its answers show. */
export class BurstWindow {
  /** Calls in ten seconds; null: HubSpot has not said. */
  max: number | null = null;
  readonly #own = new RollingCount(BURST_SECONDS);
  #others = 0;

  sent(at: EpochMs): void {
    this.#own.add(at);
  }

  learn({ max, remaining }: LimitsFact, at: EpochMs): void {
    if (max === null || max <= 0) return;
    this.max = max;
    if (remaining !== null) this.#others = Math.max(0, max - remaining - this.own(at));
  }

  /** Our calls of the last ten seconds. */
  own(at: EpochMs): number {
    return this.#own.countAt(at);
  }

  /** How many more calls HubSpot takes at once; null: it has not said. */
  left(at: EpochMs): number | null {
    return this.max === null ? null : Math.max(0, this.max - this.own(at) - this.#others);
  }
}
