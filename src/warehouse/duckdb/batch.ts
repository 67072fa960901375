import type { SpoolFile } from '../spool.js';
import type { Lines } from './rows.js';

/** What is committed at once. */
export interface Batch extends Lines {
  rows: number;
  files: readonly SpoolFile[];
}

export function batchOf(files: readonly SpoolFile[]): Batch {
  return {
    files,
    paths: files.map((file) => file.path),
    longest: Math.max(...files.map((file) => file.longestLine)),
    rows: files.reduce((sum, file) => sum + file.rows, 0),
  };
}
