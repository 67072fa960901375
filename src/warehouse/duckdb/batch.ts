import type { SpoolFile } from '../loader/spool.js';
import { rowsOf } from './parts.js';
import type * as rows from './sql/rows.js';

/** The lines that one statement writes. */
export interface Batch extends rows.Lines {
  rows: number;
}

/** The batch of some spool files. @param asJson how their records are read */
export function batchOf(files: readonly SpoolFile[], asJson: boolean): Batch {
  return {
    paths: files.map((file) => file.path),
    longest: Math.max(...files.map((file) => file.longestLine)),
    rows: rowsOf(files),
    asJson,
  };
}

/** Thrown where a deduplicated stream's batch cannot be appended, since not all of its rows are new to the table. */
export class NotAllNew extends Error {}

/** The error of fewer or more lines than there should be. */
export function unexpected({ rows }: { rows: number }, found: number, mayHaveTombstones = false): Error {
  const text = `${rows} rows were spooled, but ${found} loaded`;
  return mayHaveTombstones ? new NotAllNew(text) : new Error(text);
}
