import { totalmem } from 'node:os';

/**
 * How much memory DuckDB may take, and how much it needs for a batch. The figures were measured with DuckDB 1.5.5, see
 * docs/decisions/0013-duckdb-memory.md.
 */

const MEGABYTE = 1024 * 1024;
/** DuckDB's share. The rest of the program takes about 150 MB, and allocations leave some unused. */
const SHARE = 0.5;
const LEAST = 256 * MEGABYTE;

const BASE = 150 * MEGABYTE;
/** Each step of a statement holds 2,048 values of a column; a table that is read or grows, a block of 256 KB of each column. */
const PER_COLUMN = 0.75 * MEGABYTE;
/** Lines are parsed 2,048 at a time: their text, its JSON values, and those as texts. */
const BLOCK = 32 * MEGABYTE;
const LINES_AT_ONCE = 2048;
const PER_LINE_BYTE = 4;
/** For a line that is longer than a block, buffers grow by powers of two. */
const PER_LONG_LINE_BYTE = 16;

/** The first 2,048 values of a column are a small segment; a batch may be some rows longer than asked for. */
const ROWS_OF_SMALL_SEGMENTS = 1800;

/**
 * Committed rows stay in memory until the next checkpoint. What has no room there is written to a temporary file and read back; more
 * than this saves CPU, but adds to the peak of long runs.
 */
export const COMMITTED_BYTES = 64 * MEGABYTE;

/** Bytes that DuckDB may take: as configured, or else half of the machine's or the container's memory, at least 256 MB. */
export function allowedBytes(configured: number | null): number {
  if (configured !== null) return configured;
  // The limit of the cgroup, of either version; 0, or more than there is, where there is none.
  const most = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(most * SHARE, LEAST);
}

/** Bytes that are enough for batches of any size. @param longest bytes of the longest line */
export function neededBytes(columns: number, longest: number): number {
  const lines = PER_LINE_BYTE * Math.min(BLOCK, LINES_AT_ONCE * longest);
  return BASE + columns * PER_COLUMN + Math.max(lines, PER_LONG_LINE_BYTE * longest);
}

/** How many rows a batch should have at most, given so much memory. */
export function fittingRows(columns: number, bytes: number): number {
  return bytes >= BASE + columns * PER_COLUMN ? Number.POSITIVE_INFINITY : ROWS_OF_SMALL_SEGMENTS;
}

/** Whether a statement ran out of memory, and changed nothing. */
export function isOutOfMemory(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error);
  return /out of memory|could not allocate|failed to (allocate|pin)/i.test(text) && !/durable/i.test(text);
}
