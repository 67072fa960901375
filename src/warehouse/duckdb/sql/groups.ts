import type { Column } from '../../column.js';
import { REMOVAL } from '../../loader/batch-contents.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import * as rows from './rows.js';
import { createAs, GONE, GROUPS, tableName } from './sql.js';

/** The statements by which a batch's removals delete rows of the table, and earlier lines of the batch. */

/** The columns of {@link GROUPS}, where they are c0, c1, …: first those that removals go by. */
function groupColumns({ removedBy, validity }: ColumnMapping): Column[] {
  return [...new Set([...removedBy, ...(validity?.of ?? [])])];
}

/** What {@link GROUPS} calls some of its columns. */
export function inGroups(mapping: ColumnMapping, columns: readonly Column[]): string[] {
  const all = groupColumns(mapping);
  return columns.map((column) => `c${all.indexOf(column)}`);
}

/** Finds what each line of the batch has in the columns by which rows are grouped, and whether it is a removal. */
export function findGroups(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines): string {
  const columns = groupColumns(mapping);
  const narrow = { ...mapping, columns, marks: [], deletedAt: null };
  const all = rows.typedRows(narrow, stamp, lines, { more: [`coalesce(s = ${REMOVAL}, false) AS hf_removes`] });
  return createAs(
    GROUPS,
    `SELECT ${['hf_line', 'hf_removes', ...inGroups(mapping, columns)].join(', ')} FROM (${all})`,
  );
}

export const COUNT_LINES = `SELECT count(*)::INTEGER AS rows FROM ${GROUPS}`;
export const COUNT_GONE = `SELECT count(*)::INTEGER AS rows FROM ${GONE}`;

/** Finds the lines that leave nothing: removals, and what came before the last removal that names them. NULL is equal to nothing. */
export function findGone(mapping: ColumnMapping): string {
  const by = inGroups(mapping, mapping.removedBy);
  const last = `SELECT ${by.join(', ')}, max(hf_line) AS hf_last FROM ${GROUPS} WHERE hf_removes GROUP BY ${by.join(', ')}`;
  const same = by.map((name) => `l.${name} = r.${name}`).join(' AND ');
  return createAs(
    GONE,
    `SELECT l.hf_line FROM ${GROUPS} AS l LEFT JOIN (${last}) AS r ON ${same} WHERE l.hf_removes OR l.hf_line < r.hf_last`,
  );
}

/** Takes the rows away that removals name. @param rowValue what a row `t` has for a column */
export function removeRows(table: TableName, mapping: ColumnMapping, rowValue: (column: Column) => string): string {
  const by = inGroups(mapping, mapping.removedBy);
  const same = mapping.removedBy.map((column, i) => `${rowValue(column)} = s.${by[i]}`).join(' AND ');
  const named = `SELECT DISTINCT ${by.join(', ')} FROM ${GROUPS} WHERE hf_removes`;
  return `DELETE FROM ${tableName(table)} AS t USING (${named}) AS s WHERE ${same}`;
}
