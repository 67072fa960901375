import type { Column } from '../../column.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { narrowMapping, rawMapping } from '../../tables/raw-form.js';
import * as raw from './raw.js';
import * as rows from './rows.js';
import * as sql from './sql.js';

/** How a stream's records lie in its table, and the statements that differ by it. */
export interface TableForm {
  /** The columns that the table itself has. */
  tableOf(mapping: ColumnMapping): ColumnMapping;
  /** The columns that a stage of lines has: those that tell rows and versions apart. */
  narrow(mapping: ColumnMapping): ColumnMapping;
  /** The query that makes rows of the files' lines for the stage. */
  narrowRows(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines): string;
  /** The same with all that a record says. @param where a condition on the lines' number, `n` */
  wholeRows(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines, where?: string): string;
  /** Inserts the rows, or only the live ones, that {@link wholeRows} gives. */
  insert(table: TableName, mapping: ColumnMapping, query: string, isLive: boolean): string;
  /** Whether the version `s` of {@link wholeRows} and the row `t` have the same values. */
  sameValues(mapping: ColumnMapping): string;
  /** The cursor of a row `t`, where it is in no column. */
  rowCursor(mapping: ColumnMapping): string | undefined;
  /** What a row `t` has for a column of the stream. */
  rowValue(column: Column): string;
  /** Lines as records of this form are read, of which not all columns are wanted. */
  readable(lines: rows.Lines): rows.Lines;
  /** The columns by which tombstones that carry some fields change a row. */
  carrying(mapping: ColumnMapping, fields: readonly string[]): ColumnMapping;
  /** The query that makes rows of tombstones' lines. */
  tombstones(mapping: ColumnMapping, stamp: rows.RowStamp, lines: rows.Lines): string;
  mergeTombstones(table: TableName, mapping: ColumnMapping): string;
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (mapping) => mapping,
  narrow: narrowMapping,
  narrowRows: (mapping, stamp, lines) => rows.typedRows(narrowMapping(mapping), stamp, lines),
  wholeRows: (mapping, stamp, lines, where) => rows.typedRows(mapping, stamp, lines, { where }),
  insert: sql.insertTyped,
  sameValues: sql.sameValues,
  rowCursor: () => undefined,
  rowValue: ({ name }) => `t.${sql.identifier(name)}`,
  readable: (lines) => lines,
  carrying: sql.carrying,
  tombstones: (mapping, stamp, lines) => rows.typedRows(mapping, stamp, lines, { more: ['json_keys(d) AS hf_keys'] }),
  mergeTombstones: sql.mergeTombstones,
  hasView: false,
};

export const RAW: TableForm = {
  tableOf: rawMapping,
  narrow: raw.stagedMapping,
  narrowRows: raw.narrowRows,
  wholeRows: raw.wholeRows,
  insert: raw.insert,
  sameValues: raw.sameValues,
  rowCursor: raw.rowCursor,
  rowValue: raw.rowValue,
  readable: (lines) => ({ ...lines, asJson: true }),
  carrying: (mapping) => mapping,
  tombstones: raw.wholeRows,
  mergeTombstones: raw.mergeTombstones,
  hasView: true,
};
