import type { ObjectRow } from '../hubspot/objects.js';
import { MERGED_IDS } from './definition.js';
import { updatedAtOf } from './layout.js';

/** A record that was merged away, and into which. */
export interface MergedAway {
  id: string;
  /** The last survivor of the chain. */
  survivor: string;
  /** When that one was last updated, which the merge itself did; ISO 8601. */
  updatedAt: string | null;
}

/**
 * The merges of one stream: which ids are gone, and into which record each went in the end. HubSpot lists in a survivor the
 * ids that were merged into it, which may or may not include those merged into one of them before.
 */
export class MergeMap {
  /** By the id merged away, its last survivor. */
  readonly survivors: Map<string, string>;

  constructor(known: Record<string, string>) {
    this.survivors = new Map(Object.entries(known));
  }

  isMergedAway(id: string): boolean {
    return this.survivors.has(id);
  }

  /** Takes in a live record. Returns what is new: ids that it took in, also by way of one that had taken them in. */
  learn(row: ObjectRow): MergedAway[] {
    const listed = row.properties[MERGED_IDS];
    if (!listed) return [];
    const news: MergedAway[] = [];
    const updatedAt = updatedAtOf(row);
    const losers = new Set(
      listed
        .split(/[;,]/)
        .map((id) => id.trim())
        .filter((id) => id !== '' && id !== row.id),
    );
    for (const [id, survivor] of this.survivors) if (losers.has(survivor)) losers.add(id);
    for (const id of losers) {
      if (this.survivors.get(id) === row.id) continue;
      this.survivors.set(id, row.id);
      news.push({ id, survivor: row.id, updatedAt });
    }
    return news;
  }

  toJson(): Record<string, string> {
    return Object.fromEntries(this.survivors);
  }
}
