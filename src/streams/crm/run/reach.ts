import { type EpochMs, timeOf } from '../../../time.js';
import type { ReadOptions } from './object-run.js';

/** A pass over the whole lookback is due once so much of the lookback has gone by since the last one. */
const WHOLE_EVERY = 1 / 4;

type Reach = Pick<ReadOptions, 'pace' | 'lookbackMinutes'>;

/** How many minutes a service's pass reaches back, if not by the whole lookback. */
export function recentMinutes({ pace, lookbackMinutes }: Reach): number {
  return Math.min(pace.recentMinutes ?? lookbackMinutes, lookbackMinutes);
}

/**
 * Whether the next pass is to reach back by the whole lookback, for what HubSpot's index shows late. A service makes one in each quarter of the
 * lookback, so that what is shown within the lookback comes at most a quarter of it later.
 *
 * @param cursor when the last one began
 */
export function isWholePassDue(cursor: string, { pace, lookbackMinutes }: Reach, now: EpochMs): boolean {
  return pace.recentMinutes === null || now - timeOf(cursor) >= lookbackMinutes * 60_000 * WHOLE_EVERY;
}
