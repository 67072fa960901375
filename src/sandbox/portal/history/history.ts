import { iso } from '../clock.js';
import { fraction, hashText } from '../random.js';
import type { CrmRecord, Version } from '../record.js';
import type { Property } from '../types/properties.js';
import { type Source, sourceOf } from './sources.js';

/** One value a property has had, and who wrote it. */
export interface PastVersion {
  /** A value that was cleared is ''. */
  readonly value: string;
  readonly timestamp: number;
  readonly source: Source;
}

/** The property whose versions a merge writes itself. */
const MERGED_IDS = 'hs_merged_object_ids';

/**
 * All values a property has had, newest first; of two that were written at one time, the later written first. What is calculated is
 * calculated when it is read, so that its newest version is as old as the reading.
 *
 * @param readAt epoch ms
 */
export function historyOf(record: CrmRecord, property: Property, readAt: number): PastVersion[] {
  const versions = pastVersions(record, property).reverse();
  const [newest, ...older] = versions;
  return property.calculated && newest !== undefined ? [{ ...newest, timestamp: readAt }, ...older] : versions;
}

/** A version as the API answers it. */
export function versionView({ value, timestamp, source }: PastVersion) {
  return { value, timestamp: iso(timestamp), ...source };
}

export type VersionView = ReturnType<typeof versionView>;

/** A record's versions of a property with those of the records that were merged into it, oldest first. */
function pastVersions(record: CrmRecord, property: Property): PastVersion[] {
  const own = ownVersions(record, property);
  const past = (version: Version): PastVersion => ({
    value: version.value ?? '',
    timestamp: version.timestamp,
    source: sourceOf(record, property, version),
  });
  const isShared = property.system === undefined && !property.calculated && property.name !== MERGED_IDS;
  if (record.absorbed === undefined || !isShared) return own.map(past);
  let versions: PastVersion[] = [];
  let taken = 0;
  for (const { record: loser, at, change } of record.absorbed) {
    for (; taken < own.length && (own[taken] as Version).change <= change; taken++) {
      versions.push(past(own[taken] as Version));
    }
    // The loser's first, since sorting leaves those of one time as they are: the survivor's are the newer.
    versions = [...pastVersions(loser, property), ...versions].sort((a, b) => a.timestamp - b.timestamp);
    // What the survivor has stays, whatever the loser had, and however lately.
    const value = own[taken - 1]?.value ?? '';
    if (versions.length > 0 && versions.at(-1)?.value !== value) {
      versions.push(past({ value, timestamp: at, change }));
    }
  }
  return [...versions, ...own.slice(taken).map(past)];
}

/** What a record's own changes wrote, oldest first, with what the sample data gave it. */
function ownVersions(record: CrmRecord, property: Property): Version[] {
  switch (property.system) {
    case 'id':
      return [{ value: String(record.id), timestamp: record.createdAt, change: 0 }];
    case 'created':
      return [{ value: iso(record.createdAt), timestamp: record.createdAt, change: 0 }];
    case 'modified':
      return modifications(record);
    default:
      return [...sampleVersions(record, property), ...(record.versions?.get(property.name) ?? [])];
  }
}

/** Each modified date that the record has had, of the time that it names. */
function modifications(record: CrmRecord): Version[] {
  const versions: Version[] = [];
  for (let change = 0; change <= record.change; change++) {
    const timestamp = record.modifiedAtChange(change);
    if (versions.at(-1)?.timestamp !== timestamp) versions.push({ value: iso(timestamp), timestamp, change });
  }
  return versions;
}

/** The sample value, and before it what it was earlier: the first of them at the creation, the others until the record was modified. */
function sampleVersions(record: CrmRecord, { name, generate }: Property): Version[] {
  const value = record.sampled ? (generate?.(record.id) ?? null) : null;
  if (value === null) return [];
  const { createdAt } = record;
  const span = record.modifiedAtChange(0) - createdAt;
  const earlier = generate?.earlier?.(record.id) ?? [];
  const moves = span > earlier.length ? earlier.length : 0;
  const values = moves === 0 ? [value] : [...earlier, value];
  const salt = hashText(name);
  return values.map((each, index) => {
    const part = (index - 1 + fraction(salt + index, record.id)) / moves;
    // A millisecond for each move, so that no two are at one time.
    const later = index === 0 ? 0 : index + Math.floor(part * (span - moves));
    return { value: each, timestamp: createdAt + later, change: 0 };
  });
}
