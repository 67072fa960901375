import type { ObjectType } from './types/object-types.js';

/** How the portal changes where HubSpot did otherwise before, or its documentation does not say. */
export interface PortalRules {
  /** `full`: the survivor's hs_merged_object_ids gain the loser's id and the ids merged into the loser before; `direct`: the loser's only. */
  mergeChain: 'full' | 'direct';
  /** `new-record`: both go into a record with a new id; `survivor`: merging keeps the survivor's id, as it did before 2025. */
  mergeInto: 'survivor' | 'new-record';
  /** Whether restoring sets the modified date. */
  restoreBumps: boolean;
  /** Archived records older than this (ms) are in no list any more; HubSpot keeps them about 90 days. */
  recycleBinMs: number;
  /** How many versions of a property HubSpot shows, the newest: of contacts, and of other objects. */
  historyCap: { readonly contacts: number; readonly others: number };
}

/** How many versions of a property of such a record HubSpot shows. */
export function historyCapOf({ historyCap }: PortalRules, { id }: ObjectType): number {
  return id === '0-1' ? historyCap.contacts : historyCap.others;
}
