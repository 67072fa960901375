import fc from 'fast-check';
import { CHAINS } from '../src/streams/list-chains.js';
import { play, schedules } from './support/schedule.js';

/** The random schedules of schedules.test.ts once more, where lists are read from several places, and in parts by search. */
Object.assign(CHAINS, { askAfter: 100, worthDividing: 150, leastLeft: 30, most: 2 });

const RUNS = Math.ceil(Number(process.env.HUBFLAKE_SCHEDULES ?? 50) / 2);
const LONGEST_MS = RUNS * 5000;
const SEED = process.env.HUBFLAKE_SEED;

test.each(['list', 'fast'] as const)(
  'whatever happens to the portal, and wherever a sync is killed, what came out is what the portal has (%s)',
  async (firstLoad) => {
    const seed = SEED === undefined ? {} : { seed: Number(SEED) };
    const chained = schedules.map((schedule) => ({ ...schedule, selection: 'all' as const, firstLoad }));
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
