import type { Column } from '../column.js';
import type { Target } from '../target.js';
import type { ColumnMapping } from './column-mapping.js';

/**
 * The raw form of a table: each record as one JSON value, PAYLOAD, under its key, ID; beside it a view with the columns that
 * the typed form would have.
 */

export const ID: Column = { field: 'ID', name: 'ID', type: 'string', comment: 'The key of the record' };
export const PAYLOAD: Column = { field: 'PAYLOAD', name: 'PAYLOAD', type: 'json', comment: 'The record as it came' };

/** All that is said of a record is in its payload, but for the key. */
const NO_ROLES = { key: [ID], cursor: null, marks: [], deletedAt: null, removedBy: [], validity: null };

/** The stream with the columns of its raw table in place of its fields. */
export function rawTarget(target: Target): Target {
  return { ...target, columns: [ID, PAYLOAD], ...NO_ROLES };
}

/** The columns of a stream's raw table. */
export function rawMapping({ hardDeletes }: ColumnMapping): ColumnMapping {
  return { columns: [ID, PAYLOAD], cleared: [], ...NO_ROLES, hardDeletes };
}

/** Only those columns that say which row a record belongs to, and which version it is. */
export function narrowMapping(mapping: ColumnMapping): ColumnMapping {
  const { columns, key, cursor, deletedAt, marks } = mapping;
  const roles = [...key, cursor, deletedAt, ...marks.map(({ column }) => column)];
  return { ...mapping, columns: columns.filter((column) => roles.includes(column)) };
}
