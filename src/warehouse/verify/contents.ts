import { type ColumnType, isSemiStructured } from '../column-types.js';
import type { ReadableColumn, ReadableTable } from './readable.js';

/** The queries that compare the contents of two tables of one stream, in SQL that both warehouses read alike. */

/** A field that both tables have. */
export interface ComparedField {
  field: string;
  own: ReadableColumn;
  other: ReadableColumn;
}

/** The fields that both tables have, without some that say nothing of the records. */
export function comparedFields(own: ReadableTable, other: ReadableTable, without: readonly string[]): ComparedField[] {
  return own.columns.flatMap((column) => {
    const counterpart = other.columns.find(({ field }) => field === column.field);
    if (!counterpart || without.includes(column.field)) return [];
    return [{ field: column.field, own: column, other: counterpart }];
  });
}

/**
 * Live rows that only one table has, or whose values differ: `id`, `own` and `other` (whether each has it), `version` (of the other table),
 * `fields` (the numbers of those that differ, each with a comma behind it). In the order of the ids, some at a time.
 *
 * @param after the last id of the page before, as a literal; null: there is none
 */
export function differingRows(
  own: ReadableTable,
  other: ReadableTable,
  fields: readonly ComparedField[],
  { after, limit }: { after: string | null; limit: number },
): string {
  const differ = fields.map((field, i) => differs(field, `l."c${i}"`, `r."c${i}"`));
  const numbers = differ.map((condition, i) => `CASE WHEN ${condition} THEN '${i},' ELSE '' END`);
  const joined =
    `SELECT COALESCE(l."id", r."id") AS "id", l."id" IS NOT NULL AS "own", r."id" IS NOT NULL AS "other", r."version" AS "version", ` +
    `CASE WHEN l."id" IS NULL OR r."id" IS NULL THEN '' ELSE CONCAT(${numbers.join(', ')}, '') END AS "fields" ` +
    `FROM (${side(
      own,
      fields.map((each) => each.own),
    )}) l FULL OUTER JOIN (${side(
      other,
      fields.map((each) => each.other),
    )}) r ON l."id" = r."id"`;
  const behind = after === null ? '' : ` AND "id" > ${after}`;
  return (
    `SELECT * FROM (${joined}) j WHERE ("own" = FALSE OR "other" = FALSE OR "fields" <> '')${behind} ` +
    `ORDER BY "id" LIMIT ${limit}`
  );
}

/** What both tables have in some fields of some rows: `id`, `l<i>` and `r<i>` as texts. @param keys as literals */
export function valuesOf(
  own: ReadableTable,
  other: ReadableTable,
  fields: readonly ComparedField[],
  keys: readonly string[],
): string {
  const texts = fields.map((_, i) => `CAST(l."c${i}" AS VARCHAR) AS "l${i}", CAST(r."c${i}" AS VARCHAR) AS "r${i}"`);
  return (
    `SELECT l."id" AS "id", ${texts.join(', ')} FROM (${side(
      own,
      fields.map((each) => each.own),
    )}) l ` +
    `JOIN (${side(
      other,
      fields.map((each) => each.other),
    )}) r ON l."id" = r."id" WHERE l."id" IN (${keys.join(', ')})`
  );
}

/** The live rows of a table; of a record that was listed twice, the newest. */
function side({ fullName, key, version, isLive }: ReadableTable, columns: readonly ReadableColumn[]): string {
  const values = columns.map(({ value }, i) => `${value} AS "c${i}"`);
  return (
    `SELECT ${[`${key} AS "id"`, `${version} AS "version"`, ...values].join(', ')} FROM ${fullName} t WHERE ${isLive} ` +
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${version} DESC NULLS LAST) = 1`
  );
}

const NUMBERS: readonly ColumnType[] = ['integer', 'decimal', 'float'];
const TIMES: readonly ColumnType[] = ['timestamp_tz', 'timestamp', 'date'];

/** Whether two values differ. In a table that another program made, a column may have another type. */
function differs({ own, other }: ComparedField, l: string, r: string): string {
  const [a, b] = [own.type, other.type];
  if (isSemiStructured(a) || isSemiStructured(b)) return `${text(l)} IS DISTINCT FROM ${text(r)}`;
  if (a === b || [NUMBERS].some((kind) => kind.includes(a) && kind.includes(b))) return `${l} IS DISTINCT FROM ${r}`;
  if (TIMES.includes(b)) return `${as(l, a, TIME)} IS DISTINCT FROM ${as(r, b, TIME)}`;
  if (NUMBERS.includes(b)) return `${as(l, a, NUMBER)} IS DISTINCT FROM ${r}`;
  if (b === 'boolean') return `${as(l, a, 'BOOLEAN')} IS DISTINCT FROM ${r}`;
  return `${text(l)} IS DISTINCT FROM ${text(r)}`;
}

const TIME = 'TIMESTAMP WITH TIME ZONE';
const NUMBER = 'DECIMAL(38, 10)';

function as(x: string, type: ColumnType, wanted: string): string {
  return type === 'string' ? `TRY_CAST(${x} AS ${wanted})` : `CAST(${x} AS ${wanted})`;
}

function text(x: string): string {
  return `CAST(${x} AS VARCHAR)`;
}
