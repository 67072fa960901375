import type { ReadableTable } from './readable.js';

/** The queries of a verification, in SQL that both warehouses read alike. */

/** Rows by their versions, from one on and before another, and by their ids; see `VersionRange` in streams/verify. */
export interface RowRange {
  from: number | null;
  before: number | null;
  ids: { after: string; upTo: string | null } | null;
}

/** The id of a row `q` as a number, by which rows of one instant are ordered. */
export const ID = 'TRY_CAST(q."id" AS BIGINT)';

/** How many rows are live, and how many of those are in a range, as `live` and `ranged`. */
export function countLive(table: ReadableTable, range: RowRange): string {
  return `SELECT COUNT(*) AS "live", COALESCE(SUM(CASE WHEN ${isIn(range)} THEN 1 ELSE 0 END), 0) AS "ranged" FROM (${live(table)}) q`;
}

/**
 * Divides the live rows of ranges into parts of about as many rows each: `range` (its number), `part`, `first` (the lowest time in it, or the lowest
 * id, see {@link isDividedById}), `last` (the highest), `rows`. The ranges have no row in common.
 */
export function divideLive(table: ReadableTable, ranges: readonly RowRange[], parts: number): string {
  const numbers = ranges.map((range, i) => `WHEN ${isIn(range)} THEN ${i}`).join(' ');
  const byId = ranges.flatMap((range, i) => (isDividedById(range) ? [i] : []));
  const value =
    byId.length === 0 ? 'q."version"' : `CASE WHEN "range" IN (${byId.join(', ')}) THEN ${ID} ELSE q."version" END`;
  const ranged = `SELECT q.*, CASE ${numbers} END AS "range" FROM (${live(table)}) q`;
  const counted = `SELECT "range", ${value} AS "value", COUNT(*) AS "n" FROM (${ranged}) q WHERE "range" IS NOT NULL GROUP BY 1, 2`;
  // What has no time comes first.
  const order = 'PARTITION BY "range" ORDER BY "value" NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
  // The middle of the rows of one value decides: of two values at least, the first is then never in the last part.
  const placed =
    `SELECT "range", "value", "n", FLOOR((2 * SUM("n") OVER (${order}) - "n") * ${parts} / (2 * SUM("n") OVER (PARTITION BY "range"))) AS "part" ` +
    `FROM (${counted}) c`;
  return (
    `SELECT "range", "part", CAST(MIN("value") AS VARCHAR) AS "first", CAST(MAX("value") AS VARCHAR) AS "last", SUM("n") AS "rows" ` +
    `FROM (${placed}) p GROUP BY "range", "part" ORDER BY "range", "part"`
  );
}

/** The live rows in some ranges: `id`, `version`. */
export function listLive(table: ReadableTable, ranges: readonly RowRange[]): string {
  return `SELECT "id", "version" FROM (${live(table)}) q WHERE ${ranges.map(isIn).join(' OR ')}`;
}

/** The rows, live or not, of some keys: `id`, `version`, `live`. @param keys as literals */
export function findRows(table: ReadableTable, keys: readonly string[]): string {
  return `SELECT * FROM (${rows(table)}) q WHERE "id" IN (${keys.join(', ')})`;
}

/** Whether a range is divided by ids: it has bounds of these, or is no longer than an instant. */
export function isDividedById({ from, before, ids }: RowRange): boolean {
  return ids !== null || (from !== null && before !== null && before - from <= 1);
}

function rows({ fullName, key, version, isLive }: ReadableTable): string {
  return `SELECT ${key} AS "id", ${version} AS "version", ${isLive} AS "live" FROM ${fullName} t`;
}

/** The live rows: `id`, `version`. */
export function live(table: ReadableTable): string {
  return `SELECT "id", "version" FROM (${rows(table)}) r WHERE "live"`;
}

function isIn({ from, before, ids }: RowRange): string {
  const bounds = [
    ...(from === null ? [] : [`q."version" >= ${from}`]),
    // A range without a beginning has the rows without a time.
    ...(before === null ? [] : [from === null ? `COALESCE(q."version" < ${before}, TRUE)` : `q."version" < ${before}`]),
    ...(ids === null ? [] : [`${ID} > ${ids.after}`]),
    ...(ids?.upTo ? [`${ID} <= ${ids.upTo}`] : []),
  ];
  return bounds.length === 0 ? 'TRUE' : `(${bounds.join(' AND ')})`;
}
