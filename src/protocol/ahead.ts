import { isObject } from '../json.js';
import type { JsonObject } from './messages.js';

/**
 * Marks a write-ahead state: one that names the records about to be emitted, so that a run that resumes from it knows what the
 * previous run may have sent. `hubflake write` emits such a state before it commits any record after it; other destinations ignore
 * the mark (docs/durability.md).
 */
export function aheadOfRecords(state: JsonObject): JsonObject {
  const own = isObject(state.hubflake) ? state.hubflake : {};
  return { ...state, hubflake: { ...own, [AHEAD]: true } };
}

/** The name of the mark in the state's `hubflake` member. */
export const AHEAD = 'ahead';
