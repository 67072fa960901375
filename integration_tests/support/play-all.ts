import fc from 'fast-check';

/** Of how many schedules the shares of the tests are. */
export const WHOLE = 50;
/**
 * How many are played. Each run has others; `npm run test:long` plays more. A failure names its seed, and `HUBFLAKE_SEED` plays it
 * again.
 */
export const WANTED = Number(process.env.HUBFLAKE_SCHEDULES ?? 20);
const SEED = process.env.HUBFLAKE_SEED;
/** Whether the first failure is enough, without the smallest one. */
const QUICK = process.env.HUBFLAKE_SHRINK === 'no';

/**
 * Makes a test that plays random schedules.
 *
 * @param share.usual how many of 50 are this test's; one at least @param share.longestMs what one may take on average, shrinking included
 */
export function playAll<T>(
  name: string,
  schedules: fc.Arbitrary<T>,
  share: { usual: number; longestMs: number },
  play: (schedule: T) => Promise<void>,
): void {
  const runs = Math.ceil((WANTED * share.usual) / WHOLE);
  // Few have as much time as the whole: a machine may be busy.
  const longestMs = Math.max(runs, share.usual) * share.longestMs;
  test(
    name,
    async () => {
      await fc.assert(fc.asyncProperty(schedules, play), {
        numRuns: runs,
        ...(SEED === undefined ? {} : { seed: Number(SEED) }),
        interruptAfterTimeLimit: longestMs,
        markInterruptAsFailure: true,
        endOnFailure: QUICK,
      });
    },
    2 * longestMs,
  );
}
