import type { TableName } from '../../tables/destination-table.js';
import { DAYS_KEPT } from '../../tables/tombstones.js';
import type { Target } from '../../target.js';
import type { Batch } from './batch.js';
import { literal } from './quote.js';
import { deletedVersions, instant, rememberedCursor } from './rows.js';
import { notOlder } from './versions.js';

/** The metadata columns have the names that they have in every table. */
export function createTombstones(table: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${table} ("TABLE_NAME" VARCHAR, "KEY" VARCHAR, "CURSOR" VARCHAR, "_AIRBYTE_EXTRACTED_AT" TIMESTAMP_TZ, ` +
    '"_AIRBYTE_GENERATION_ID" NUMBER(38,0), "RECORDED_AT" TIMESTAMP_TZ)'
  );
}

/** Records each key whose newest version in the batch deletes it, unless a newer deletion is on record. */
export function rememberDeleted(batch: Batch, keys: readonly string[], table: string): string {
  const { target, mapping } = batch;
  const deleted =
    `SELECT ${literal(target.table)} AS TABLE_NAME, HF_KEY, HF_CURSOR, VERSION, ${instant('T')} AS HF_AT, ` +
    `${batch.generation} AS HF_GENERATION FROM (${deletedVersions(batch, keys)})`;
  const newer = notOlder(mapping, 's.VERSION', 's.HF_AT', rememberedCursor(batch));
  return [
    `MERGE INTO ${table} t USING (${deleted}) s ON t."TABLE_NAME" = s.TABLE_NAME AND EQUAL_NULL(t."KEY", s.HF_KEY)`,
    `WHEN MATCHED AND ${newer} THEN UPDATE SET "CURSOR" = s.HF_CURSOR, "_AIRBYTE_EXTRACTED_AT" = s.HF_AT, "_AIRBYTE_GENERATION_ID" = s.HF_GENERATION, "RECORDED_AT" = CURRENT_TIMESTAMP()`,
    'WHEN NOT MATCHED THEN INSERT ("TABLE_NAME", "KEY", "CURSOR", "_AIRBYTE_EXTRACTED_AT", "_AIRBYTE_GENERATION_ID", "RECORDED_AT") ' +
      'VALUES (s.TABLE_NAME, s.HF_KEY, s.HF_CURSOR, s.HF_AT, s.HF_GENERATION, CURRENT_TIMESTAMP())',
  ].join('\n');
}

export function forgetOld(table: string): string {
  return `DELETE FROM ${table} WHERE "RECORDED_AT" < DATEADD(day, -${DAYS_KEPT}, CURRENT_TIMESTAMP())`;
}

/** Forgets all deletions of a table that each run replaces; otherwise those from before the refresh. */
export function forget(table: string, target: Target): string {
  const older = target.minimumGeneration > 0 ? ` AND "_AIRBYTE_GENERATION_ID" < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}${older}`;
}

export function newestDeleted(table: string, target: TableName): string {
  return `SELECT MAX("_AIRBYTE_GENERATION_ID") AS NEWEST FROM ${table} WHERE "TABLE_NAME" = ${literal(target.table)}`;
}
