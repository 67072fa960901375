import { narrowTarget, rawTarget } from '../../raw-form.js';
import type { Target } from '../../target.js';
import * as raw from './raw.js';
import * as rows from './rows.js';
import * as sql from './sql.js';

/** How a stream's records lie in its table, and the statements that differ by it. Each takes the stream with its table. */
export interface TableForm {
  /** The stream as its table sees it. */
  tableOf(target: Target): Target;
  /** The stream as a stage of its lines sees it: with the columns that tell rows and versions apart. */
  narrow(target: Target): Target;
  /** The query that makes rows of the files' lines for the stage. */
  narrowRows(target: Target, lines: rows.Lines): string;
  /** The same with all that a record says. @param where a condition on the lines' number, `n` */
  wholeRows(target: Target, lines: rows.Lines, where?: string): string;
  /** Inserts the rows, or only the live ones, that {@link wholeRows} gives. */
  insert(target: Target, query: string, isLive: boolean): string;
  /** The cursor of a row `t`, where it is in no column. */
  rowCursor(target: Target): string | undefined;
  /** The stream as tombstones see it that carry some fields. */
  carrying(target: Target, fields: readonly string[]): Target;
  /** The query that makes rows of tombstones' lines. */
  tombstones(target: Target, lines: rows.Lines): string;
  mergeTombstones(target: Target): string;
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (target) => target,
  narrow: narrowTarget,
  narrowRows: (target, lines) => rows.typedRows(narrowTarget(target), lines),
  wholeRows: (target, lines, where) => rows.typedRows(target, lines, { where }),
  insert: sql.insertTyped,
  rowCursor: () => undefined,
  carrying: sql.carrying,
  tombstones: (target, lines) => rows.typedRows(target, lines, { more: ['json_keys(d) AS hf_keys'] }),
  mergeTombstones: sql.mergeTombstones,
  hasView: false,
};

export const RAW: TableForm = {
  tableOf: rawTarget,
  narrow: raw.stagedTarget,
  narrowRows: raw.narrowRows,
  wholeRows: raw.wholeRows,
  insert: raw.insert,
  rowCursor: raw.rowCursor,
  carrying: (target) => target,
  tombstones: raw.wholeRows,
  mergeTombstones: raw.mergeTombstones,
  hasView: true,
};
