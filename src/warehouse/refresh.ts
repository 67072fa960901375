import type { Target } from './target.js';

/**
 * Refreshes: rows are collected in a side table while readers see the old ones, and take their place when the stream is complete.
 * See docs/decisions/0008-exactly-once.md, and for generations
 * https://docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol
 */

/** Whether older generations are to be removed. Such a refresh may take several attempts, each resuming the one before. */
export function hasGenerations({ minimumGeneration }: Target): boolean {
  return minimumGeneration > 0;
}

/** Whether each run replaces the table from scratch. */
export function startsAnew(target: Target): boolean {
  return target.mode === 'overwrite' && !hasGenerations(target);
}

export function isRefresh(target: Target): boolean {
  return startsAnew(target) || hasGenerations(target);
}

/** What a side table has behind its table's name. */
export function sideSuffix(target: Target): string {
  return `__hubflake_side_${startsAnew(target) ? 0 : target.generation}`;
}

/** Gives the target of a stream the generation of the refresh that it is loaded by. */
export function setRefreshGeneration(target: Target, generation: number): void {
  target.generation = generation;
  target.minimumGeneration = generation;
  target.hasGeneration = true;
}
