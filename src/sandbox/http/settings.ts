import type { Call } from './call.js';

/**
 * How late the search index learns of a change: the same for all (ms), random up to `maxMs` per change (seeded), or a
 * function of object type, record id and the number of the record's change.
 */
export type Lag =
  | number
  | { maxMs: number; seed?: number }
  | ((objectType: string, id: number, change: number) => number);

/** How long calls take besides the work: the same for all (ms), random between two (seeded), or a function of the call. */
export type Latency = number | { minMs: number; maxMs: number; seed?: number } | ((call: Call) => number);

/**
 * The `after` of a list page. `next-id`, as a recording of HubSpot shows it: the last id plus one,
 * and the next page may begin with that very id. `last-id`: the last id, with which the next page never begins. `opaque`: a
 * text that only this sandbox can have made, as HubSpot's documentation has it; other texts are refused.
 */
export type ListCursor = 'next-id' | 'last-id' | 'opaque';

/** The order of keys in answers: HubSpot's, or another one that nobody may be thrown by. */
export type KeyOrder = 'alphabetical' | 'other';

/** What the daily headers count: the calls that the service knows of that answers, or all of the account's. */
export type DailyHeaders = 'by-service' | 'one-counter';

/** What can be changed while the sandbox runs, beside limits, scopes and faults. */
export interface Settings {
  indexLagMs: Lag;
  latencyMs: Latency;
  /** What the `after` of a list is: see `ListCursor`. */
  listCursor: ListCursor;
  /** The object types, by any name, whose archived records HubSpot refuses to list. */
  archiveRefused: readonly string[];
  /** Those whose archived list is always empty. */
  archiveEmpty: readonly string[];
  /**
   * Which names of object types paths may have. `proven`: the type id and the plural, for custom objects `p_name` and
   * `p<portal>_name`: all that HubSpot is known to take. `any`: singular and bare names, too, in whatever case.
   */
  names: 'proven' | 'any';
  /** Whether deal splits are only read by their deals, as HubSpot documents, or also as an object, as source-hubspot reads them. */
  dealSplits: 'by-deal' | 'object';
  /** What unknown object types in `associations=` get: 400, as people have reported, or silence. */
  unknownAssociations: 'refused' | 'ignored';
  /** Associated ids a list row shows per object type before it pages. */
  inlineAssociations: number;
  /** Associated ids a batch read shows per record before it pages. */
  associationPage: number;
  /** Ids a batch read of associations takes; 1,000 since February 2025 (HubSpot's changelog). */
  associationInputs: number;
  /** The status of a batch read with errors: v4 was seen to say 207, the specification of 2026-09 has only 200. */
  associationErrors: 207 | 200;
  /** Longer URLs get an HTML 414 page. */
  urlLimit: number;
  /** Whether searches from epoch 0 on fail with 500, as production connectors have seen. */
  epochZeroFails: boolean;
  /**
   * What reading a merged-away record by its id gives: the record it went into, as HubSpot's changelog says ("Updated merge
   * functionality for contacts and companies") and a recording shows, or nothing.
   */
  mergedReads: 'missing' | 'survivor';
  /**
   * What a search shows of a record that is gone while the index still knows it: nothing, though `total` counts it and the next
   * page's offset too, as HubSpot does; or the index's version of it, as if alive.
   */
  deadHits: 'omitted' | 'shown';
  /** Whether a search page that lacks such hits names the next page. */
  omittedCursor: 'kept' | 'dropped';
  /** By how many every `total` of a search is off; it is never below 0. */
  totalOff: number;
  /** Searches with a longer body, in characters, are refused. */
  searchBodyLimit: number | 'none';
  /** Whether a search may ask who has `hs_merged_object_ids`; nobody has published that it may, or may not. */
  mergedIdsSearch: 'allowed' | 'refused';
  keyOrder: KeyOrder;
  /**
   * How instants of whole seconds are written: with `.000`, or without, as published answers of HubSpot have them
   * (`2021-10-04T17:57:36Z` beside `2022-05-11T06:55:48.859Z`), so that texts do not sort as times do.
   */
  wholeSeconds: 'long' | 'short';
  dailyHeaders: DailyHeaders;
  /** Whether tokens tell their scopes, or nothing is found where one asks. */
  tokenInfo: 'given' | 'refused';
  /** Whether OAuth's date-based paths exist, or only the older ones. */
  oauthPaths: 'dated' | 'older';
  /** Compress answers for clients that accept gzip. */
  gzip: boolean;
  /** Ids of object types that are switched off: the object library says so, and they cannot be read. */
  disabledObjects: readonly string[];
}

export const USUAL_SETTINGS: Settings = {
  indexLagMs: 0,
  latencyMs: 0,
  listCursor: 'next-id',
  archiveRefused: ['meetings'],
  archiveEmpty: ['emails'],
  names: 'proven',
  dealSplits: 'by-deal',
  unknownAssociations: 'refused',
  inlineAssociations: 100,
  associationPage: 500,
  associationInputs: 1_000,
  associationErrors: 207,
  urlLimit: 16_000,
  epochZeroFails: true,
  mergedReads: 'survivor',
  deadHits: 'omitted',
  omittedCursor: 'kept',
  totalOff: 0,
  searchBodyLimit: 'none',
  mergedIdsSearch: 'allowed',
  keyOrder: 'alphabetical',
  wholeSeconds: 'short',
  dailyHeaders: 'by-service',
  tokenInfo: 'given',
  oauthPaths: 'dated',
  gzip: true,
  disabledObjects: [],
};
