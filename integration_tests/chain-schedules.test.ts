import fc from 'fast-check';
import { WANTED, WHOLE } from './support/play-all.js';
import { play, schedules } from './support/schedule.js';

/** The random schedules of schedules.test.ts once more, where lists are read from several places. */
const chains = { askAfter: 100, worthDividing: 150, leastLeft: 30, most: 2 };

const RUNS = WANTED;
const LONGEST_MS = Math.max(RUNS, WHOLE) * 5000;
const SEED = process.env.HUBFLAKE_SEED;

test(
  'whatever happens to the portal, and wherever a sync is killed, what came out is what the portal has',
  async () => {
    const seed = SEED === undefined ? {} : { seed: Number(SEED) };
    const chained = schedules.map((schedule) => ({ ...schedule, selection: 'all' as const, chains }));
    await fc.assert(fc.asyncProperty(chained, play), {
      numRuns: RUNS,
      ...seed,
      interruptAfterTimeLimit: LONGEST_MS,
      markInterruptAsFailure: true,
      endOnFailure: process.env.HUBFLAKE_SHRINK === 'no',
    });
  },
  2 * LONGEST_MS,
);
