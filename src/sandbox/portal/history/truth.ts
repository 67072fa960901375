import type { CrmRecord } from '../record.js';
import type { ObjectStore } from '../store.js';
import { lastSurvivor } from '../truth.js';
import type { Property } from '../types/properties.js';
import { historyOf, type VersionView, versionView } from './history.js';

/** The versions of one record's properties, newest first; properties that never had a value are left out. */
export interface RecordHistory {
  readonly id: string;
  /** The last survivor of the merges this record went into. */
  readonly mergedInto?: string;
  readonly versions: Readonly<Record<string, readonly VersionView[]>>;
}

export interface HistoryTruthOptions {
  /** All by default. */
  properties?: readonly string[] | 'all';
  /** Whether to give what HubSpot shows, and not all that there was. */
  capped?: boolean;
}

/** The versions of all records of one object type, by what became of them; each list in the order of the ids. */
export interface HistoryTruth {
  /** How many versions of a property HubSpot shows. */
  readonly cap: number;
  /** The names of the calculated ones among the properties. */
  readonly calculated: readonly string[];
  readonly live: readonly RecordHistory[];
  readonly archived: readonly RecordHistory[];
  /** Records that were merged away, with the versions that they had. */
  readonly merged: readonly RecordHistory[];
}

/** @param shown how many versions of a property to give @param readAt epoch ms */
export function historiesOf(
  store: ObjectStore,
  properties: readonly Property[],
  { cap, shown, readAt }: { cap: number; shown: number; readAt: number },
): HistoryTruth {
  const view = (record: CrmRecord): RecordHistory => {
    const lists = properties.map((property) => [property.name, historyOf(record, property, readAt)] as const);
    const given = lists.filter(([, versions]) => versions.length > 0);
    return {
      id: String(record.id),
      ...(record.mergedInto !== 0 && { mergedInto: String(lastSurvivor(store, record)) }),
      versions: Object.fromEntries(given.map(([name, versions]) => [name, versions.slice(0, shown).map(versionView)])),
    };
  };
  const wanted = (fits: (record: CrmRecord) => boolean) => store.records.filter(fits).map(view);
  return {
    cap,
    calculated: properties.filter(({ calculated }) => calculated).map(({ name }) => name),
    live: wanted((record) => record.live),
    archived: wanted((record) => record.binned),
    merged: wanted((record) => record.mergedInto !== 0 && !record.erased),
  };
}
