import { totalmem } from 'node:os';

/**
 * What DuckDB may take of the memory, and what it needs for a batch. The figures were measured with DuckDB 1.5.5, see
 * docs/decisions/0013-duckdb-memory.md.
 */

const MEGABYTE = 1024 * 1024;
/** The program takes about 150 MB beside DuckDB, and what DuckDB's allocations leave unused. */
const SHARE = 0.5;
const LEAST = 256 * MEGABYTE;

const BASE = 150 * MEGABYTE;
/** Each step of a statement holds 2,048 values of a column; a table that grows, and one that is read, a block of 256 KB of it. */
const PER_COLUMN = 0.75 * MEGABYTE;
/** Lines are read by blocks, and parsed by 2,048: their text, its JSON values, and those as texts. */
const BLOCK = 32 * MEGABYTE;
const LINES_AT_ONCE = 2048;
const PER_LINE_BYTE = 4;
/** Of a line that is larger than a block by itself, buffers are made of powers of two. */
const PER_LONG_LINE_BYTE = 16;

/** Of the first 2,048 values of a column DuckDB makes a small segment; pages of records may come in beside. */
const ROWS_OF_SMALL_SEGMENTS = 1800;

/** Bytes that DuckDB may take: those configured, else half of what the machine has, or the container; but no less than 256 MB. */
export function allowedBytes(configured: number | null): number {
  if (configured !== null) return configured;
  // Limits of cgroups, of both versions; 0, or more than there is, where there are none.
  const most = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(most * SHARE, LEAST);
}

/** Bytes with which batches of any size go into a table. @param longest bytes of the longest line */
export function neededBytes(columns: number, longest: number): number {
  const lines = PER_LINE_BYTE * Math.min(BLOCK, LINES_AT_ONCE * longest);
  return BASE + columns * PER_COLUMN + Math.max(lines, PER_LONG_LINE_BYTE * longest);
}

/** How many rows a batch should have where there is so much memory, which may be less than {@link neededBytes}. */
export function fittingRows(columns: number, bytes: number): number {
  return bytes >= BASE + columns * PER_COLUMN ? Number.POSITIVE_INFINITY : ROWS_OF_SMALL_SEGMENTS;
}

/** Whether a statement failed, and left nothing behind, since it did not fit into DuckDB's memory. */
export function isOutOfMemory(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error);
  return /out of memory|could not allocate|failed to (allocate|pin)/i.test(text) && !/durable/i.test(text);
}
