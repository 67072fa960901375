import { narrowTarget, rawTarget } from '../raw-form.js';
import type { Target } from '../target.js';
import * as raw from './raw.js';
import * as rows from './rows.js';
import * as sql from './sql.js';

/** How a stream's records lie in its table, and the statements that differ by it. Each takes the stream with its table. */
export interface TableForm {
  /** The stream as its table sees it. */
  tableOf(target: Target): Target;
  /** The stream as a stage of whole lines sees it: the columns it has, those of the key among them. */
  staged(target: Target): Target;
  /** The same of a stage that has only what tells rows and versions apart. */
  narrow(target: Target): Target;
  /** Whether rows can be made of the files in one pass. */
  areDirect(target: Target): boolean;
  /** Makes rows of the loaded lines. */
  stage(target: Target): string;
  /** The query that makes rows of the files' lines, with no more than what tells rows and versions apart. */
  narrowRows(target: Target, lines: rows.Lines): string;
  /** The same, with `hf_hash`, the hash of all that a row says. */
  hashedRows(target: Target, lines: rows.Lines): string;
  /** That hash of a row of the table. */
  rowHash(target: Target): string;
  /** Inserts the rows of the files for which a condition on the stage's columns holds, with what was carried over of other columns. */
  appendDirect(target: Target, lines: rows.Lines, condition: string, others?: readonly string[]): string;
  append(target: Target): string;
  /** The cursor of a row `t`, where it is in no column. */
  rowCursor(target: Target): string | undefined;
  /** The last of the statements is the one that changes rows. */
  mergeLive(target: Target): string[];
  mergeTombstones(target: Target): string;
  /** Whether a view gives the columns that the table does not have. */
  hasView: boolean;
}

export const TYPED: TableForm = {
  tableOf: (target) => target,
  staged: (target) => target,
  narrow: narrowTarget,
  areDirect: rows.areDirect,
  stage: rows.stage,
  narrowRows: rows.narrowRows,
  hashedRows: rows.hashedRows,
  rowHash: rows.rowHash,
  appendDirect: rows.appendDirect,
  append: sql.append,
  rowCursor: () => undefined,
  mergeLive: (target) => [sql.mergeLive(target)],
  mergeTombstones: sql.mergeTombstones,
  hasView: false,
};

export const RAW: TableForm = {
  tableOf: rawTarget,
  staged: raw.stagedTarget,
  narrow: raw.stagedTarget,
  areDirect: () => true,
  stage: raw.stage,
  narrowRows: raw.narrowRows,
  hashedRows: raw.hashedRows,
  rowHash: raw.rowHash,
  appendDirect: raw.appendDirect,
  append: raw.append,
  rowCursor: raw.rowCursor,
  mergeLive: raw.mergeLive,
  mergeTombstones: raw.mergeTombstones,
  hasView: true,
};
