import type { Endpoint, Item } from '../../../hubspot/api/endpoint.js';
import { type EpochMs, MS_A_DAY } from '../../../time.js';
import type { Parent, Parents } from '../parents.js';
import type { Resource } from '../resource.js';
import type { Counters, MemberSet } from './state.js';

/**
 * The members of sets, such as the records of lists, which HubSpot adds and removes without touching the set's time of update: its
 * counters tell. A set whose counters stand still is not asked for; one to which members were added is read newest first, down to what
 * is known; one that lost members is read whole.
 */
export interface MembersResource extends Resource {
  /** The set's id, and the member's. */
  key: readonly [string, string];
  cursor: null;
  parents: Parents;
  countersOf(set: Item): Counters;
  /** All members of a set, in an order that holds while it is paged through. */
  membersOf(set: Parent): Endpoint;
  /** The same, the newest first. */
  newestOf(set: Parent): Endpoint;
  /** An item's member with the time since when it is one. */
  since: string;
  /** How late HubSpot may show a member. */
  overlapMinutes: number;
  /** After so many days a set is read whole, whatever its counters say. */
  relookDays: number;
}

/**
 * How a set is to be read.
 *
 * @param known undefined: it was not read yet
 * @param now HubSpot's time
 */
export function howToRead(
  known: MemberSet | undefined,
  counters: Counters,
  now: EpochMs,
  relookDays: number,
): 'none' | 'newest' | 'whole' {
  const { added, removed, size } = counters;
  if (!known) return size === 0 ? 'none' : 'whole';
  const isCounted = added !== null || removed !== null || size !== null;
  const isOld = now - known.wholeAt >= relookDays * MS_A_DAY;
  if (known.isOpen || !isCounted || isOld || removed !== known.counters.removed) return 'whole';
  return added !== known.counters.added || size !== known.counters.size ? 'newest' : 'none';
}
