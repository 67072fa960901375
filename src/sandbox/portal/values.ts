import { type ByteText, byteText } from './bytes.js';
import { iso } from './clock.js';
import type { CrmRecord } from './record.js';
import type { Property } from './types/properties.js';

/** The value of `property` as the record stood at its change number `change`; null where it has none. */
export function valueAt(record: CrmRecord, property: Property, change: number): string | null {
  if (property.system !== undefined) return systemValue(record, property.system, change);
  if (record.versions !== undefined) {
    const version = record.versionAt(property.name, change);
    if (version !== undefined) return version.value;
  }
  return record.sampled && property.generate !== undefined ? property.generate(record.id) : null;
}

/** The same as JSON. */
export function jsonAt(record: CrmRecord, property: Property, change: number): ByteText {
  if (property.system === undefined && record.sampled && property.generate?.json !== undefined) {
    const version = record.versions === undefined ? undefined : record.versionAt(property.name, change);
    return version === undefined ? property.generate.json(record.id) : byteText(JSON.stringify(version.value));
  }
  return byteText(JSON.stringify(valueAt(record, property, change)));
}

function systemValue(record: CrmRecord, system: 'id' | 'created' | 'modified', change: number): string {
  if (system === 'id') return String(record.id);
  return iso(system === 'created' ? record.createdAt : record.modifiedAtChange(change));
}

/**
 * The number of the newest change that an index shows which learns of each change `lag(change)` ms after it was made;
 * -1 while not even the record's creation has reached it.
 */
export function visibleChange(record: CrmRecord, now: number, lag: (change: number) => number): number {
  const log = record.log;
  if (log === undefined) return 0;
  for (let change = log.length - 1; change >= 0; change--) {
    const state = log[change];
    if (state !== undefined && state.at + lag(change) <= now) return change;
  }
  return -1;
}
