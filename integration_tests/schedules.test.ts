import fc from 'fast-check';
import { WANTED, WHOLE } from './support/play-all.js';
import { play, schedules } from './support/schedule.js';

const RUNS = WANTED;
/** Shrinking a failure ends then, too. */
const LONGEST_MS = Math.max(RUNS, WHOLE) * 3000;
/** Whether the first failure is enough, without the smallest one. */
const QUICK = process.env.HUBFLAKE_SHRINK === 'no';
const SEED = process.env.HUBFLAKE_SEED;

test(
  'whatever happens to the portal, and wherever a sync is killed, what came out is what the portal has',
  async () => {
    const seed = SEED === undefined ? {} : { seed: Number(SEED) };
    await fc.assert(fc.asyncProperty(schedules, play), {
      numRuns: RUNS,
      ...seed,
      interruptAfterTimeLimit: LONGEST_MS,
      markInterruptAsFailure: true,
      endOnFailure: QUICK,
    });
  },
  2 * LONGEST_MS,
);
