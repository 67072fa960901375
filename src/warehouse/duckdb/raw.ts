import { isSemiStructured } from '../column-types.js';
import { ID, PAYLOAD } from '../raw-form.js';
import { type Target, VIEW_SUFFIX } from '../target.js';
import { castExpression } from './columns.js';
import { identifier, literal, METADATA, notOlder, STAGE, tableName } from './sql.js';

/** The statements of the raw form: a table of ID and PAYLOAD, and its view. Their stage has hf_id and hf_data besides. */

const COLUMNS = [...METADATA.map(([name]) => name), ID.name, PAYLOAD.name];

/** A record's key as one text: of several fields, the JSON array of their values. */
export function keyText({ key }: Target): string {
  if (key.length === 0) return 'NULL';
  if (key.length === 1) return `json_extract_string(d, ${pointer(key[0]?.field as string)})`;
  const parts = key.map(({ field }) => `coalesce(json_extract(d, ${pointer(field)})::VARCHAR, 'null')`);
  return `'[' || ${parts.join(" || ',' || ")} || ']'`;
}

export function appendRaw(table: string): string {
  const columns = COLUMNS.map(identifier).join(', ');
  const values = [...METADATA.map(([name]) => name), 'hf_id', 'hf_data'].join(', ');
  return `INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${STAGE} ORDER BY hf_line`;
}

/**
 * One MERGE for the whole batch, by the order of versions of the typed form. A tombstone changes those members of the payload
 * that it carries: the payload it is laid over is the table's, or that of a newer live version in the batch.
 *
 * @param target the stream with the columns that the stage has
 */
export function mergeRaw(target: Target): string {
  const table = tableName(target);
  const cursor = target.cursor === null ? null : `c${target.columns.indexOf(target.cursor)}`;
  const age = [
    '_airbyte_generation_id DESC',
    ...(cursor ? [`${cursor} DESC NULLS LAST`] : []),
    '_airbyte_extracted_at DESC',
    'hf_line DESC',
  ].join(', ');
  const live = (name: string) => `first_value(${name}) OVER (PARTITION BY hf_id ORDER BY hf_tomb, ${age})`;
  const newest =
    `SELECT *, ${live('hf_data')} AS live_data, ${live(cursor ?? 'NULL')} AS live_cursor, ${live('_airbyte_extracted_at')} AS live_at, ` +
    `NOT ${live('hf_tomb')} AS live FROM ${STAGE} QUALIFY row_number() OVER (PARTITION BY hf_id ORDER BY ${age}) = 1`;
  const theirs = rowCursor(target);
  const liveNewer = notOlder(target, { cursor: 'n.live_cursor', at: 'n.live_at' }, theirs).replaceAll(
    's._airbyte_',
    'n._airbyte_',
  );
  const marked =
    `SELECT n.hf_line, n.hf_data, CASE WHEN n.live AND (t._airbyte_extracted_at IS NULL OR ${liveNewer}) THEN n.live_data ELSE t."PAYLOAD" END AS base ` +
    `FROM newest n LEFT JOIN ${table} t ON t."ID" IS NOT DISTINCT FROM n.hf_id WHERE n.hf_tomb`;
  const members =
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.hf_data) e UNION ALL ' +
    'SELECT m.hf_line, e.key, e.value FROM marked m, json_each(m.base) e WHERE NOT list_contains(json_keys(m.hf_data), e.key)';
  const source =
    `WITH newest AS (${newest}), marked AS (${marked}), ` +
    `overlaid AS (SELECT hf_line, json_group_object(key, value) AS payload FROM (${members}) GROUP BY hf_line) ` +
    'SELECT n.*, CASE WHEN n.hf_tomb THEN o.payload ELSE n.hf_data END AS payload FROM newest n LEFT JOIN overlaid o ON n.hf_line = o.hf_line';
  const newer = notOlder(target, undefined, theirs);
  const deletes = target.hardDeletes && target.deletedAt !== null;
  const values = [...METADATA.map(([name]) => `s.${name}`), 's.hf_id', 's.payload'];
  const set = COLUMNS.map((name, i) => `${identifier(name)} = ${values[i]}`).join(', ');
  return [
    `MERGE INTO ${table} AS t USING (${source}) AS s ON t."ID" IS NOT DISTINCT FROM s.hf_id`,
    ...(deletes ? [`WHEN MATCHED AND s.hf_deleted AND ${newer} THEN DELETE`] : []),
    `WHEN MATCHED AND ${newer} THEN UPDATE SET ${set}`,
    `WHEN NOT MATCHED AND s.live${deletes ? ' AND NOT s.hf_deleted' : ''} THEN INSERT (${COLUMNS.map(identifier).join(', ')}) VALUES (${values.join(', ')})`,
  ].join('\n');
}

/** How many rows are tombstones that this batch brought. */
export function countMarkedRaw(target: Target): string {
  return (
    `SELECT count(*)::INTEGER AS rows FROM ${tableName(target)} t JOIN ${STAGE} s ` +
    'ON t._airbyte_raw_id = s._airbyte_raw_id WHERE s.hf_tomb'
  );
}

/** The cursor of a row, which only its payload has. */
function rowCursor({ cursor }: Target): string | undefined {
  return cursor === null
    ? undefined
    : castExpression(cursor.type, `json_extract_string(t."PAYLOAD", ${pointer(cursor.field)})`);
}

/** The view with the columns that the typed form would have. */
export function createView(target: Target): string {
  const columns = [
    ...METADATA.map(([name]) => identifier(name)),
    ...target.columns.map(({ field, name, type }) => {
      const extract = isSemiStructured(type) ? 'json_extract' : 'json_extract_string';
      return `${castExpression(type, `${extract}("PAYLOAD", ${pointer(field)})`)} AS ${identifier(name)}`;
    }),
  ];
  const view = tableName({ schema: target.schema, table: target.table + VIEW_SUFFIX });
  return `CREATE OR REPLACE VIEW ${view} AS SELECT ${columns.join(', ')} FROM ${tableName(target)}`;
}

export function dropView({ schema, table }: Target): string {
  return `DROP VIEW IF EXISTS ${tableName({ schema, table: table + VIEW_SUFFIX })}`;
}

/** A JSON pointer: DuckDB's own paths know no empty name. */
function pointer(field: string): string {
  return literal(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}
