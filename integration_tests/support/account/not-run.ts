/**
 * Thrown by a step of the account's suite that cannot be run here, in words that say what is lacking. `environment.mjs` has Jest report
 * the test as skipped: neither passed, which would be a lie, nor failed, which would blame hubflake.
 */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}
