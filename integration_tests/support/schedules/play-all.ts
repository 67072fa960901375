import fc from 'fast-check';
import { randomRuns } from './random-runs.js';

/** Makes a test that plays random schedules. @param usual how many `npm test` plays */
export function playAll<T>(
  name: string,
  schedules: fc.Arbitrary<T>,
  usual: number,
  play: (schedule: T) => Promise<void>,
): void {
  test(name, () => fc.assert(fc.asyncProperty(schedules, play), randomRuns(usual)));
}
