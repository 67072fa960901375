import type { Column, Target } from './target.js';

/**
 * The raw form of a table: each record as one JSON value, PAYLOAD, under its key, ID; beside it a view with the columns that
 * the typed form would have.
 */

export const ID: Column = { field: 'ID', name: 'ID', type: 'string', comment: 'The key of the record' };
export const PAYLOAD: Column = { field: 'PAYLOAD', name: 'PAYLOAD', type: 'json', comment: 'The record as it came' };

/** The stream as its raw table sees it. */
export function rawTarget(target: Target): Target {
  return { ...target, columns: [ID, PAYLOAD], key: [ID], cursor: null, marks: [], deletedAt: null };
}

/** Whether a stream is as a raw table sees it. */
export function isRaw({ columns }: Target): boolean {
  return columns.length === 2 && columns[0]?.field === ID.field && columns[1]?.field === PAYLOAD.field;
}

/** The stream with those columns only that say which row a record belongs to, and which version it is. */
export function narrowTarget(target: Target): Target {
  const roles = [...target.key, target.cursor, target.deletedAt, ...target.marks.map(({ column }) => column)];
  return { ...target, columns: target.columns.filter((column) => roles.includes(column)) };
}
