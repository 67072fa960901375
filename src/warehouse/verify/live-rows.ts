import type { ReadableTable } from './readable.js';
import { ID, live } from './sql.js';

/** The live rows whose ids are greater than one, the first of them by ascending id: `id`, `version`. */
export function liveRowsAfter(table: ReadableTable, after: string, most: number): string {
  return `SELECT "id", "version" FROM (${live(table)}) q WHERE ${ID} > ${BigInt(after)} ORDER BY ${ID} LIMIT ${most}`;
}
