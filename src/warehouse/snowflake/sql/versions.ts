import type { ColumnMapping } from '../../tables/column-mapping.js';
import { PAYLOAD } from '../../tables/raw-form.js';
import type { RowRules } from '../../target.js';
import { identifier, literal } from './quote.js';

/** How the version "s" of a row "t" compares with it. */

/**
 * The one order of versions: generation, cursor, extraction time; nulls first. Whether the version "s" is not older than the row "t":
 * of two that are the same in all three, the one that comes later counts.
 *
 * @param rowVersion the row's cursor, where it is in no column
 */
export function notOlder(
  { cursor, isMending }: RowRules,
  version: string,
  extractedAt: string,
  rowVersion?: string,
): string {
  const extracted = `${extractedAt} >= t."_AIRBYTE_EXTRACTED_AT"`;
  let sameGeneration = extracted;
  if (cursor && !isMending) {
    const row = rowVersion ?? `t.${identifier(cursor.name)}`;
    sameGeneration =
      `${version} > ${row} OR (${row} IS NULL AND ${version} IS NOT NULL) ` +
      `OR (EQUAL_NULL(${version}, ${row}) AND ${extracted})`;
  }
  const row = 'COALESCE(t."_AIRBYTE_GENERATION_ID", 0)';
  return `(s.HF_GENERATION > ${row} OR (s.HF_GENERATION = ${row} AND (${sameGeneration})))`;
}

/**
 * Whether the row "t" has other values than its version "s". By 64-bit hashes, which treat nulls as values and equal numbers, times and objects
 * alike (https://docs.snowflake.com/en/sql-reference/functions/hash): a chain of comparisons would be as deep as the table is wide. What a
 * masking policy hides seems to differ, and is written again.
 */
export function differs({ columns, cleared }: ColumnMapping): string {
  const compared = columns.flatMap((column, i) => (column.isStamp ? [] : [{ row: column.name, given: `s.C${i}` }]));
  const hash = (values: readonly string[]) => `HASH(${values.join(', ')})`;
  const rows = hash(compared.map(({ row }) => `t.${identifier(row)}`));
  const given = hash(compared.map((each) => each.given));
  const left = cleared.map(({ name }) => `t.${identifier(name)} IS NOT NULL`);
  return `(${[`${rows} <> ${given}`, ...left].join(' OR ')})`;
}

/** The same of a raw table's row. */
export function payloadDiffers({ columns }: ColumnMapping): string {
  const stamps = columns.filter(({ isStamp }) => isStamp).map(({ field }) => literal(field));
  const compared = (payload: string) =>
    `HASH(${stamps.length === 0 ? payload : `OBJECT_DELETE(${[`${payload}::OBJECT`, ...stamps].join(', ')})`})`;
  return `${compared(`t.${identifier(PAYLOAD.name)}`)} <> ${compared('s.PAYLOAD')}`;
}
