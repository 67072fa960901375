import type { Services } from '../../http/listener.js';
import { lagOf } from '../../http/switches.js';
import { type CrmRecord, liveAtChange } from '../../portal/record.js';
import type { ObjectStore } from '../../portal/store.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import { visibleChange } from '../../portal/values.js';
import type { Predicate, SearchFilter } from './filter.js';

/** At which of its changes the index shows a record; -1 while it knows nothing of it. */
export function shownChange(type: ObjectType, { portal, switches }: Services): (record: CrmRecord) => number {
  const { indexLagMs } = switches.now;
  if (indexLagMs === 0) return (record) => record.change;
  const now = portal.clock.now();
  return (record) => visibleChange(record, now, lagOf(indexLagMs, type.name, record.id));
}

/** The records the index shows and the predicate wants, in the order of their ids. */
export function find(
  store: ObjectStore,
  range: IdRange,
  changeOf: (record: CrmRecord) => number,
  wanted: Predicate,
): CrmRecord[] {
  const found: CrmRecord[] = [];
  const end = store.indexAbove(range.to);
  for (let index = store.indexAbove(range.from - 1); index < end; index++) {
    const record = store.records[index] as CrmRecord;
    const change = changeOf(record);
    if (change >= 0 && liveAtChange(record, change) && wanted(record, change)) found.push(record);
  }
  return found;
}

export interface IdRange {
  from: number;
  to: number;
}

/** No other id can match: those who page by key should not pay for the records that lie before and behind. */
export function idRange(groups: readonly (readonly SearchFilter[])[]): IdRange {
  const bounds = groups.map((filters) => {
    const ofId = filters.filter(({ propertyName }) => propertyName === 'hs_object_id');
    const values = (...operators: string[]) =>
      ofId.filter(({ operator }) => operators.includes(String(operator))).map(({ value }) => Number(value));
    return { from: Math.max(0, ...values('GT', 'GTE')), to: Math.min(Number.MAX_SAFE_INTEGER, ...values('LT', 'LTE')) };
  });
  if (bounds.length === 0) return { from: 0, to: Number.MAX_SAFE_INTEGER };
  return { from: Math.min(...bounds.map(({ from }) => from)), to: Math.max(...bounds.map(({ to }) => to)) };
}
