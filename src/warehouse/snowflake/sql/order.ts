import type { RowRules } from '../../target.js';
import { identifier } from './quote.js';

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
