import type { Column } from '../../column.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { DAYS_KEPT } from '../../tables/tombstones.js';
import type { Target } from '../../target.js';
import { castExpression } from './columns.js';
import { identifier, literal, newest, notOlder, STAGE, tableName } from './sql.js';

function isOf({ table }: TableName): string {
  return `TABLE_NAME = ${literal(table.toLowerCase())}`;
}

/** The metadata columns have the names that they have in every table. */
export function createTombstones(table: TableName): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${tableName(table)} (TABLE_NAME VARCHAR, KEY VARCHAR, CURSOR VARCHAR, ` +
    '_airbyte_extracted_at TIMESTAMP WITH TIME ZONE, _airbyte_generation_id BIGINT, RECORDED_AT TIMESTAMP WITH TIME ZONE)'
  );
}

/** Records each key whose newest version in the batch deletes it, unless a newer deletion is on record. */
export function remember(table: TableName, target: TableName, narrow: ColumnMapping): string {
  const cursor = narrow.cursor === null ? 'NULL' : `${staged(narrow, narrow.cursor)}::VARCHAR`;
  return [
    `MERGE INTO ${tableName(table)} AS t USING (SELECT *, ${keyText(narrow)} AS hf_key, ${cursor} AS hf_cursor FROM (${newest(narrow, 'true')}) WHERE hf_deleted) AS s`,
    `ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key`,
    `WHEN MATCHED AND ${newer(narrow)} THEN UPDATE SET CURSOR = s.hf_cursor, _airbyte_extracted_at = s._airbyte_extracted_at, _airbyte_generation_id = s._airbyte_generation_id, RECORDED_AT = now()`,
    `WHEN NOT MATCHED THEN INSERT VALUES (${literal(target.table.toLowerCase())}, s.hf_key, s.hf_cursor, s._airbyte_extracted_at, s._airbyte_generation_id, now())`,
  ].join('\n');
}

/** Drops from the stage the versions that are older than the deletion of their key. */
export function leaveOut(table: TableName, target: TableName, narrow: ColumnMapping): string {
  return (
    `DELETE FROM ${STAGE} WHERE hf_line IN (SELECT s.hf_line FROM (SELECT *, ${keyText(narrow)} AS hf_key FROM ${STAGE}) AS s ` +
    `JOIN ${tableName(table)} AS t ON t.${isOf(target)} AND t.KEY IS NOT DISTINCT FROM s.hf_key WHERE (${newer(narrow)}) IS NOT TRUE)`
  );
}

/** Forgets all deletions of a table that each run replaces; otherwise those from before the refresh. */
export function forget(table: TableName, target: Target): string {
  const older = target.minimumGeneration > 0 ? ` AND _airbyte_generation_id < ${target.minimumGeneration}` : '';
  return `DELETE FROM ${tableName(table)} WHERE ${isOf(target)}${older}`;
}

export function forgetOld(table: TableName): string {
  return `DELETE FROM ${tableName(table)} WHERE RECORDED_AT < now() - INTERVAL ${DAYS_KEPT} DAY`;
}

/** Counts the deletions of a stream's rows. */
export function countDeleted(table: TableName, target: TableName): string {
  return `SELECT count(*)::INTEGER AS rows FROM ${tableName(table)} t WHERE ${isOf(target)}`;
}

export function newestDeleted(table: TableName, target: TableName): string {
  return `SELECT coalesce(max(_airbyte_generation_id), 0)::BIGINT AS rows FROM ${tableName(table)} WHERE ${isOf(target)}`;
}

function newer(narrow: ColumnMapping): string {
  const { cursor } = narrow;
  return notOlder(narrow, cursor === null ? undefined : castExpression(cursor.type, 't.CURSOR'));
}

/** A row's key as one text. */
function keyText(narrow: ColumnMapping): string {
  const [first, ...others] = narrow.key.map((column) => `${staged(narrow, column)}::VARCHAR`);
  return others.length === 0 ? (first ?? 'NULL') : `to_json([${[first, ...others].join(', ')}])::VARCHAR`;
}

function staged(narrow: ColumnMapping, column: Column): string {
  return identifier(`c${narrow.columns.indexOf(column)}`);
}
