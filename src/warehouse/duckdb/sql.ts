import { isSemiStructured } from '../column-types.js';
import { wellFormed } from '../names.js';
import type { Column, Target } from '../target.js';
import { castExpression, DUCKDB_TYPES, keepsText } from './columns.js';

/**
 * The statements of the DuckDB store, compiled as text from a target and executed elsewhere. Identifiers are always quoted and
 * values always literals made here, so that no name and no value can be read as SQL.
 */

export function identifier(name: string): string {
  return `"${wellFormed(name).replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${wellFormed(text).replaceAll("'", "''")}'`;
}

export function tableName(target: Pick<Target, 'schema' | 'table'>): string {
  return `${identifier(target.schema)}.${identifier(target.table)}`;
}

/** The metadata columns, as Airbyte's destinations have them. */
export const METADATA: [name: string, type: string][] = [
  ['_airbyte_raw_id', 'VARCHAR'],
  ['_airbyte_extracted_at', 'TIMESTAMP WITH TIME ZONE'],
  ['_airbyte_meta', 'JSON'],
  ['_airbyte_generation_id', 'BIGINT'],
];

/** The batch's rows, typed; a temporary table of the connection. */
export const STAGE = identifier('_hubflake_stage');
const RAW = identifier('_hubflake_raw');

/** A file's lines as they are; a temporary table. @param largest the longest line, in bytes */
export function loadRaw(paths: readonly string[], largest: number): string {
  const files = paths.map(literal).join(', ');
  // DuckDB refuses objects larger than it was told; its default is 16 MiB.
  const limit = Math.max(16 * 1024 * 1024, largest + 1024);
  return (
    `CREATE OR REPLACE TEMP TABLE ${RAW} AS SELECT * FROM read_json([${files}], format = 'newline_delimited', ` +
    `compression = 'gzip', maximum_object_size = ${limit}, columns = {n: 'BIGINT', t: 'BIGINT', m: 'JSON', d: 'JSON'})`
  );
}

export const COUNT_RAW = `SELECT count(*)::INTEGER AS rows FROM ${RAW}`;
export const DROP_TEMPORARY = `DROP TABLE IF EXISTS ${RAW}; DROP TABLE IF EXISTS ${STAGE}`;

/** What the stage of a raw table has besides. */
export interface RawColumns {
  /** The expression of a record's key as text. */
  id: string;
}

/**
 * Makes typed rows of the lines. Each column `c<i>` of the stage is the target's column i; beside them the metadata columns,
 * and what orders and sorts out versions: `hf_line`, `hf_tomb`, `hf_deleted`, and `hf_keys`, the fields a tombstone carries.
 */
export function stage(target: Target, raw: RawColumns | null = null): string {
  const { columns } = target;
  const { members, expressions } = rawValues(columns);
  const typed = columns.map((column, i) => `${castExpression(column.type, `raw.c${i}`)} AS c${i}`);
  const notes = columns.flatMap((column, i) => note(column, i));
  const changes = [
    `coalesce(from_json(m, '["JSON"]'), [])`,
    ...(notes.length > 0 ? [`list_filter([${notes.join(', ')}], x -> x IS NOT NULL)`] : []),
  ];
  const sync = target.syncId === null ? '' : `'sync_id': ${target.syncId}, `;
  const flag = (column: Column | null, test: (raw: string) => string) => {
    const index = column === null ? -1 : columns.indexOf(column);
    return index < 0 ? 'false' : `coalesce(${test(`typed.c${index}`)}, false)`;
  };
  const deleted = flag(target.deletedAt, (value) => `${value} IS NOT NULL`);
  const tomb = `(${deleted} OR ${flag(target.tombstone, (value) => castExpression('boolean', `${value}::VARCHAR`))})`;
  return [
    `CREATE OR REPLACE TEMP TABLE ${STAGE} AS`,
    `WITH parsed AS (SELECT n, t, m, d, from_json(d, ${literal(members)}) AS r FROM ${RAW}),`,
    `raw AS (SELECT n, t, m, d${list(expressions.map((expression, i) => `${expression} AS c${i}`))} FROM parsed),`,
    `typed AS (SELECT n, t, d, list_concat(${changes.join(', ')}) AS changes${list(typed)} FROM raw)`,
    'SELECT uuid()::VARCHAR AS _airbyte_raw_id, make_timestamp(t * 1000)::TIMESTAMP WITH TIME ZONE AS _airbyte_extracted_at,',
    `to_json({${sync}'changes': changes}) AS _airbyte_meta, ${target.generation}::BIGINT AS _airbyte_generation_id,`,
    `n AS hf_line, ${tomb} AS hf_tomb, ${deleted} AS hf_deleted, CASE WHEN ${tomb} THEN json_keys(d) END AS hf_keys`,
    `${list(columns.map((_, i) => `typed.c${i}`))}${raw === null ? '' : `, ${raw.id} AS hf_id, d AS hf_data`} FROM typed`,
  ].join('\n');
}

/**
 * How the text of each column is had from a line. One pass over the JSON gives all fields as a struct; of fields that differ
 * only by case, which a struct cannot have beside each other, all but the first are looked up one by one.
 */
function rawValues(columns: readonly Column[]): { members: string; expressions: string[] } {
  const taken = new Set<string>();
  const members: Record<string, string> = Object.create(null);
  const expressions = columns.map(({ field, type }) => {
    const plain = field.toLowerCase();
    // A JSON pointer: DuckDB's own paths know no empty name. A struct member cannot have one either.
    const path = literal(`/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (field === '' || taken.has(plain)) {
      return isSemiStructured(type) ? `json_extract(d, ${path})` : `json_extract_string(d, ${path})`;
    }
    taken.add(plain);
    members[field] = isSemiStructured(type) ? 'JSON' : 'VARCHAR';
    return `r.${identifier(field)}`;
  });
  return { members: JSON.stringify(members), expressions };
}

function note(column: Column, index: number): string[] {
  if (column.type === 'string' || column.type === 'json') return [];
  const entry: Record<string, string> = {
    field: literal(column.field),
    change: literal('NULLED'),
    reason: literal('DESTINATION_TYPECAST_ERROR'),
  };
  if (keepsText(column.type)) entry.value = `left(raw.c${index}, 1000)`;
  const members = Object.entries(entry).map(([key, value]) => `'${key}', ${value}`);
  const value = castExpression(column.type, `raw.c${index}`);
  return [`CASE WHEN raw.c${index} IS NOT NULL AND (${value}) IS NULL THEN json_object(${members.join(', ')}) END`];
}

function list(items: readonly string[]): string {
  return items.map((item) => `, ${item}`).join('');
}

export function createSchema(target: Pick<Target, 'schema'>): string {
  return `CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`;
}

export function createTable(target: Target, table = tableName(target)): string {
  const metadata = METADATA.map(([name, type]) => `${identifier(name)} ${type}`);
  const columns = target.columns.map(({ name, type }) => `${identifier(name)} ${DUCKDB_TYPES[type]}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${[...metadata, ...columns].join(', ')})`;
}

/** Every row of the stage, as it came. */
export function append(target: Target, table = tableName(target)): string {
  return `INSERT INTO ${table} (${columnList(target)}) SELECT ${stageList(target)} FROM ${STAGE} ORDER BY hf_line`;
}

/**
 * The newest live version of each key: a new row, or an update of one that is not newer. The order of versions is generation,
 * cursor, extraction time, line; nulls first.
 */
export function mergeLive(target: Target): string {
  const columns = allColumns(target);
  const set = [
    ...columns.map(([name, stageName]) => `${identifier(name)} = s.${stageName}`),
    ...target.cleared.map(({ name }) => `${identifier(name)} = NULL`),
  ];
  return [
    `MERGE INTO ${tableName(target)} AS t USING (${newest(target, 'NOT hf_tomb')}) AS s ON ${keysMatch(target)}`,
    `WHEN MATCHED AND ${notOlder(target)} THEN UPDATE SET ${set.join(', ')}`,
    `WHEN NOT MATCHED THEN INSERT (${columnList(target)}) VALUES (${columns.map(([, stageName]) => `s.${stageName}`).join(', ')})`,
  ].join('\n');
}

/**
 * Of each key whose newest row is a tombstone, that one: it marks the key's row, if there is one, and changes only the columns
 * that it carries.
 */
export function mergeTombstones(target: Target): string {
  const assign = (field: string, name: string, value: string) => {
    const column = identifier(name);
    return `${column} = CASE WHEN list_contains(s.hf_keys, ${literal(field)}) THEN ${value} ELSE t.${column} END`;
  };
  const carried = [
    ...target.columns.map(({ field, name }, i) => assign(field, name, `s.c${i}`)),
    ...target.cleared.flatMap(({ field, name }) => (field === null ? [] : [assign(field, name, 'NULL')])),
  ];
  const metadata = METADATA.map(([name]) => `${identifier(name)} = s.${name}`);
  const clauses = [`WHEN MATCHED AND ${notOlder(target)} THEN UPDATE SET ${[...metadata, ...carried].join(', ')}`];
  if (target.hardDeletes && target.deletedAt) {
    clauses.unshift(`WHEN MATCHED AND s.hf_deleted AND ${notOlder(target)} THEN DELETE`);
  }
  return [
    `MERGE INTO ${tableName(target)} AS t USING (SELECT * FROM (${newest(target, 'true')}) WHERE hf_tomb) AS s ON ${keysMatch(target)}`,
    ...clauses,
  ].join('\n');
}

export const COUNT_TOMBSTONES = `SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE hf_tomb`;

export const COUNT_LIVE = `SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE NOT hf_tomb`;

/** The newest of each key's rows that meet the condition. */
export function newest(target: Target, condition: string): string {
  return `SELECT * FROM ${STAGE} WHERE ${condition} QUALIFY row_number() OVER (${byAge(target)}) = 1`;
}

function byAge(target: Target): string {
  const key = target.key.map((column) => `c${target.columns.indexOf(column)}`);
  const order = ['_airbyte_generation_id DESC'];
  if (target.cursor) order.push(`c${target.columns.indexOf(target.cursor)} DESC NULLS LAST`);
  order.push('_airbyte_extracted_at DESC', 'hf_line DESC');
  return `PARTITION BY ${key.join(', ')} ORDER BY ${order.join(', ')}`;
}

function keysMatch(target: Target): string {
  return target.key
    .map((column) => `t.${identifier(column.name)} IS NOT DISTINCT FROM s.c${target.columns.indexOf(column)}`)
    .join(' AND ');
}

/**
 * The version `s` is not older than the row `t`.
 *
 * @param version another version's cursor and extraction time @param theirCursor the row's cursor, where it is in no column
 */
export function notOlder(target: Target, version?: { cursor: string; at: string }, theirCursor?: string): string {
  const extracted = `${version?.at ?? 's._airbyte_extracted_at'} >= t._airbyte_extracted_at`;
  let sameGeneration = extracted;
  if (target.cursor) {
    const mine = version?.cursor ?? `s.c${target.columns.indexOf(target.cursor)}`;
    const theirs = theirCursor ?? `t.${identifier(target.cursor.name)}`;
    sameGeneration = `${mine} > ${theirs} OR (${theirs} IS NULL AND ${mine} IS NOT NULL) OR (${mine} IS NOT DISTINCT FROM ${theirs} AND ${extracted})`;
  }
  const generations = ['s._airbyte_generation_id', 'coalesce(t._airbyte_generation_id, 0)'];
  return `(${generations.join(' > ')} OR (${generations.join(' = ')} AND (${sameGeneration})))`;
}

export function countRows(target: Target): string {
  return `SELECT count(*)::BIGINT AS rows FROM ${tableName(target)}`;
}

export function deleteAll(target: Target): string {
  return `DELETE FROM ${tableName(target)}`;
}

export function insertFrom(target: Target, side: Target): string {
  const columns = columnList(target);
  return `INSERT INTO ${tableName(target)} (${columns}) SELECT ${columns} FROM ${tableName(side)}`;
}

export function dropTable(target: Pick<Target, 'schema' | 'table'>): string {
  return `DROP TABLE IF EXISTS ${tableName(target)}`;
}

/** The highest generation of a table's rows. */
export function newestGeneration(target: Target): string {
  return `SELECT coalesce(max(_airbyte_generation_id), 0)::BIGINT AS rows FROM ${tableName(target)}`;
}

/** How many rows are of generations that are to go. */
export function countOldGenerations(target: Target): string {
  return `SELECT count(*)::INTEGER AS rows FROM ${tableName(target)} WHERE coalesce(_airbyte_generation_id, 0) < ${target.minimumGeneration}`;
}

function allColumns(target: Target): [name: string, stageName: string][] {
  return [
    ...METADATA.map(([name]): [string, string] => [name, name]),
    ...target.columns.map(({ name }, i): [string, string] => [name, `c${i}`]),
  ];
}

function columnList(target: Target): string {
  return allColumns(target)
    .map(([name]) => identifier(name))
    .join(', ');
}

function stageList(target: Target): string {
  return allColumns(target)
    .map(([, stageName]) => stageName)
    .join(', ');
}
