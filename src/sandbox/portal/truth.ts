import { iso } from './clock.js';
import type { CrmRecord } from './record.js';
import type { ObjectStore } from './store.js';
import type { PropertySet } from './types/properties.js';
import { valueAt } from './values.js';

/** One record as it is now. */
export interface RecordView {
  readonly id: string;
  readonly properties: Readonly<Record<string, string | null>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archived: boolean;
  readonly archivedAt?: string;
  /** The last survivor of the merges this record went into. */
  readonly mergedInto?: string;
  readonly associations?: Readonly<Record<string, readonly string[]>>;
}

export interface TruthOptions {
  /** The properties whose values to give; none by default, as all values of all records are many. */
  properties?: readonly string[] | 'all';
  /** The object types to whose live records to give the associated ids. */
  associations?: readonly string[];
}

/** All records of one object type, by what became of them; each list in the order of the ids. */
export interface Truth {
  readonly live: readonly RecordView[];
  readonly archived: readonly RecordView[];
  readonly merged: readonly RecordView[];
  readonly erased: readonly string[];
}

/** A record's values, `names` of them or all that are not archived. */
export function recordView(set: PropertySet, record: CrmRecord, names: readonly string[] | 'all'): RecordView {
  const active = names === 'all' ? set.all().filter((one) => one.archivedAt === undefined) : [];
  const wanted = names === 'all' ? active : names.flatMap((name) => set.active(name) ?? []);
  return {
    id: String(record.id),
    properties: Object.fromEntries(wanted.map((one) => [one.name, valueAt(record, one, record.change)])),
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.modifiedAt),
    archived: record.binned,
    ...(record.binned && { archivedAt: iso(record.archivedAt) }),
  };
}

/** Sorts the records of `store` into what they are now. */
export function truthOf(
  store: ObjectStore,
  set: PropertySet,
  names: readonly string[] | 'all',
  associationsOf: (record: CrmRecord) => Record<string, readonly string[]>,
): Truth {
  const truth = {
    live: [] as RecordView[],
    archived: [] as RecordView[],
    merged: [] as RecordView[],
    erased: [] as string[],
  };
  for (const record of store.records) {
    if (record.erased) {
      truth.erased.push(String(record.id));
    } else if (record.mergedInto !== 0) {
      truth.merged.push({ ...recordView(set, record, names), mergedInto: String(lastSurvivor(store, record)) });
    } else {
      const list = record.live ? truth.live : truth.archived;
      list.push({ ...recordView(set, record, names), associations: associationsOf(record) });
    }
  }
  return truth;
}

/** The end of a chain of merges. */
export function lastSurvivor(store: ObjectStore, record: CrmRecord): number {
  let survivor = record;
  while (survivor.mergedInto !== 0) {
    const next = store.find(survivor.mergedInto);
    if (next === undefined) break;
    survivor = next;
  }
  return survivor.id;
}
