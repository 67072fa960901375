/** How many schedules are played where 20 are usual; other random tests have as many times more. `npm run test:long` sets it. */
const WANTED = Number(process.env.HUBFLAKE_SCHEDULES ?? 20);
const SEED = process.env.HUBFLAKE_SEED;
/** Before Jest's timeout, so that a failure that is still being made smaller is seen. */
const LONGEST_MS = (540_000 * Math.max(WANTED, 20)) / 20;

/** What fast-check is told of a random test. */
interface RandomRuns {
  numRuns: number;
  seed?: number;
  endOnFailure: boolean;
  interruptAfterTimeLimit: number;
  markInterruptAsFailure: boolean;
}

/**
 * What fast-check is told of a random test. Each run of it has other examples; a failure names its seed, and `HUBFLAKE_SEED` plays that
 * again. With `HUBFLAKE_SHRINK=no` the first failure is enough, without the smallest one.
 *
 * @param usual how many examples `npm test` tries
 */
export function randomRuns(usual: number): RandomRuns {
  return {
    numRuns: Math.ceil((usual * WANTED) / 20),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    endOnFailure: process.env.HUBFLAKE_SHRINK === 'no',
    interruptAfterTimeLimit: LONGEST_MS,
    markInterruptAsFailure: true,
  };
}
