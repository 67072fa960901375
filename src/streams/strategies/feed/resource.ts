import { type Endpoint, type Item, withQuery } from '../../../hubspot/api/endpoint.js';
import type { Instant } from '../../../time.js';
import type { PortalFacts } from '../../core/stream.js';
import type { Parent, Parents } from '../parents.js';
import type { Resource } from '../resource.js';

/**
 * What is added to the items of another collection, and does not change then: what was submitted by a form, the messages of a thread.
 * HubSpot answers it a parent at a time, the newest first, so that an increment reads the first page of each parent that may have more.
 */
export interface FeedResource extends Resource {
  /** The parent's id, and the field that tells its items apart. */
  key: readonly string[];
  cursor: string;
  parents: Parents;
  /** The query for parents to which something was added since an instant, in any order; without it every parent is asked in each read. */
  movedSince?: (since: Instant) => Readonly<Record<string, string>>;
  /** A parent's items, the newest first. */
  itemsAt(parent: Parent): Endpoint;
  /** What has to be found out of items before they are records, a page's at once; those of which it is not known are left out. */
  completed?: {
    by(portal: PortalFacts, items: readonly Item[]): Promise<{ items: readonly Item[]; calls: number }>;
    /** Finds out whether the token may ask. Throws if not. */
    probe(portal: PortalFacts): Promise<unknown>;
    /** What is said of those that were left out. */
    leftOut(count: number): string;
  };
  /** How late HubSpot may show an item: each read begins this much earlier, or by the configured lookback if that is longer. */
  overlapMinutes: number;
}

/** How much earlier than the last read the next one begins, in minutes. */
export function overlapOf({ overlapMinutes }: FeedResource, { config }: PortalFacts): number {
  return Math.max(overlapMinutes, config.lookbackMinutes);
}

/** The collections of parents to which something may have been added. @param since null: all parents */
export function parentsSince({ parents, movedSince }: FeedResource, since: Instant | null): readonly Endpoint[] {
  if (!movedSince) return parents.endpoints.map((endpoint) => ({ ...endpoint, isShared: true }));
  return parents.endpoints.map((endpoint) => (since === null ? endpoint : withQuery(endpoint, movedSince(since))));
}
