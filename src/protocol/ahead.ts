import { isObject } from '../json.js';
import type { JsonObject } from './messages.js';

/**
 * Marks a state that what comes behind it relies on: it names what is about to go out, so that a run which finds it knows what an
 * earlier one may have sent. `hubflake write` puts such a state out before it commits anything behind it; other destinations do not
 * know the mark (docs/durability.md).
 */
export function aheadOfRecords(state: JsonObject): JsonObject {
  const own = isObject(state.hubflake) ? state.hubflake : {};
  return { ...state, hubflake: { ...own, [AHEAD]: true } };
}

/** The member of a state's own part that is the mark. */
export const AHEAD = 'ahead';
