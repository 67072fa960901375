import type { SpoolFile } from '../spool.js';
import type { Lines } from './rows.js';

/** What is committed at once. */
export interface Batch extends Lines {
  rows: number;
  files: readonly SpoolFile[];
}

/** The batch in pieces of whole files, each of about so many bytes. */
export function portionsOf(batch: Batch, bytes: number): Batch[] {
  const portions: SpoolFile[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const file of batch.files) {
    if (size + file.bytes > bytes) {
      portions.push([]);
      size = 0;
    }
    portions.at(-1)?.push(file);
    size += file.bytes;
  }
  return portions.map(batchOf);
}

export function batchOf(files: readonly SpoolFile[]): Batch {
  return {
    files,
    paths: files.map((file) => file.path),
    longest: Math.max(...files.map((file) => file.longestLine)),
    rows: files.reduce((sum, file) => sum + file.rows, 0),
  };
}
