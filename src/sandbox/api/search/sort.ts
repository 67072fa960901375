import { badRequest } from '../../http/errors.js';
import type { CrmRecord } from '../../portal/record.js';
import type { PropertySet } from '../../portal/types/properties.js';
import { comparable } from './filter-values.js';

/**
 * Sorts records, which come in the order of their ids, by the one sort HubSpot takes; records without a value come
 * last, ties stay in the order of their ids.
 * @param changeOf at which of its changes to look at a record
 * @param sorts a list of `{propertyName, direction}`, `name` or `-name`
 * @throws ApiError 400 for more than one sort, or an unknown property
 */
export function sorted(
  records: CrmRecord[],
  changeOf: (record: CrmRecord) => number,
  properties: PropertySet,
  sorts: unknown,
): CrmRecord[] {
  if (sorts === undefined || sorts === null) return records;
  if (!Array.isArray(sorts) || sorts.length > 1) throw badRequest('a search takes one sort');
  if (sorts.length === 0) return records;
  const { name, descending } = parseSort(sorts[0]);
  const property = properties.active(name);
  if (property === undefined) throw badRequest(`there is no property ${JSON.stringify(name)} to sort by`);
  if (property.system === 'id') return descending ? records.reverse() : records;

  const { read } = comparable(property);
  const keyed = records.map((record) => ({ record, key: read(record, changeOf(record)) }));
  const direction = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === b.key) return 0;
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return a.key < b.key ? -direction : direction;
  });
  return keyed.map(({ record }) => record);
}

function parseSort(sort: unknown): { name: string; descending: boolean } {
  if (typeof sort === 'string') {
    // HubSpot's own client types sorts as texts, in which people put the object as JSON.
    if (sort.startsWith('{')) return parseSort(parsed(sort));
    return { name: sort.replace(/^-/, ''), descending: sort.startsWith('-') };
  }
  const { propertyName, direction } = sort as { propertyName?: unknown; direction?: unknown };
  return { name: String(propertyName), descending: direction === 'DESCENDING' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(`${text} is no sort`);
  }
}
