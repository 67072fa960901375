import { wellFormed } from '../names.js';
import type { Target } from '../target.js';
import { DUCKDB_TYPES } from './columns.js';

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
/** Which lines of the stage have a row in the table already, and whether they are to take its place. */
export const MATCHED = identifier('_hubflake_matched');
/** The lines of the stage that say what their rows say already, and those rows. */
export const UNCHANGED = identifier('_hubflake_unchanged');

/** What rows that are replaced have in the columns of others, by the lines that take their place. */
export const CARRIED = identifier('_hubflake_carried');

export function createSchema(target: Pick<Target, 'schema'>): string {
  return `CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`;
}

export function createTable(target: Target, table = tableName(target)): string {
  const metadata = METADATA.map(([name, type]) => `${identifier(name)} ${type}`);
  const columns = target.columns.map(({ name, type }) => `${identifier(name)} ${DUCKDB_TYPES[type]}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${[...metadata, ...columns].join(', ')})`;
}

/** Every row of the stage, as it came. */
export function append(target: Target): string {
  return `INSERT INTO ${tableName(target)} (${columnList(target)}) SELECT ${stageList(target)} FROM ${STAGE} ORDER BY hf_line`;
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

/** The newest of each key's rows that meet the condition. */
export function newest(target: Target, condition: string): string {
  return `SELECT * FROM ${STAGE} WHERE hf_line IN (${newestLines(target, condition)})`;
}

/** Their lines' numbers: the window sorts what it is given, which should not be whole rows. */
export function newestLines(target: Target, condition: string): string {
  return `SELECT hf_line FROM ${STAGE} WHERE ${condition} QUALIFY row_number() OVER (${byAge(target)}) = 1`;
}

/**
 * Finds the rows whose keys the batch's newest live versions have. Where versions take the place of whole rows, deleting and inserting costs a fraction of
 * a MERGE.
 *
 * @param narrow the stream with the columns that the stage has @param rowCursor a row's cursor, where it is in no column
 */
export function match(narrow: Target, rowCursor?: string): string {
  return (
    `CREATE OR REPLACE TEMP TABLE ${MATCHED} AS SELECT s.hf_line, t.rowid AS hf_row, coalesce(${notOlder(narrow, rowCursor)}, false) AS hf_newer, ` +
    `${hasSameCursor(narrow, rowCursor)} AS hf_same_cursor ` +
    `FROM (${newest(narrow, 'NOT hf_tomb')}) AS s JOIN ${tableName(narrow)} AS t ON ${keysMatch(narrow)}`
  );
}

/** How many rows of the table {@link isToInsert} puts a line in the place of. */
export const COUNT_REPLACED =
  `SELECT count(DISTINCT hf_line)::INTEGER AS rows FROM ${MATCHED} ` +
  `WHERE hf_newer AND hf_line NOT IN (SELECT hf_line FROM ${MATCHED} WHERE NOT hf_newer)`;

/** Keeps what the rows that {@link deleteReplaced} takes away have in these columns. */
export function carryOver(target: Target, others: readonly string[]): string {
  const values = others.map((name, i) => `t.${identifier(name)} AS o${i}`);
  return (
    `CREATE OR REPLACE TEMP TABLE ${CARRIED} AS SELECT m.hf_line AS hf_carried, ${values.join(', ')} ` +
    `FROM (SELECT hf_line, min(hf_row) AS hf_row FROM ${MATCHED} WHERE hf_newer GROUP BY hf_line) AS m JOIN ${tableName(target)} AS t ON t.rowid = m.hf_row`
  );
}

/** The condition on a line that its row has columns of others, or that it has none. */
export const IS_CARRIED = `hf_line IN (SELECT hf_carried FROM ${CARRIED})`;
export const IS_NOT_CARRIED = `hf_line NOT IN (SELECT hf_carried FROM ${CARRIED})`;

/**
 * Inserts rows that a query gives and for which a condition holds.
 *
 * @param columns what is inserted, and what it is called in the query @param others columns that {@link carryOver} has kept
 */
export function insertRows(
  target: Target,
  columns: readonly (readonly [name: string, value: string])[],
  query: string,
  condition: string,
  others: readonly string[],
): string {
  const all = [...columns, ...others.map((name, i): [string, string] => [name, `o${i}`])];
  const carried = others.length > 0 ? ` JOIN ${CARRIED} ON hf_carried = hf_line` : '';
  return (
    `INSERT INTO ${tableName(target)} (${all.map(([name]) => identifier(name)).join(', ')}) ` +
    `SELECT ${all.map(([, value]) => value).join(', ')} FROM (${query})${carried} WHERE ${condition}`
  );
}

export function deleteReplaced(target: Target): string {
  return `DELETE FROM ${tableName(target)} WHERE rowid IN (SELECT hf_row FROM ${MATCHED} WHERE hf_newer)`;
}

/** The condition on a line that it is its key's newest live version, in the batch and in the table. */
export function isToInsert(narrow: Target): string {
  return (
    `hf_line IN (${newestLines(narrow, 'NOT hf_tomb')}) ` +
    `AND hf_line NOT IN (SELECT hf_line FROM ${MATCHED} WHERE NOT hf_newer)`
  );
}

/** The condition on a line's number that it is its key's newest version, and a tombstone. */
export function isLastTombstone(narrow: Target): string {
  return `n IN (SELECT hf_line FROM ${STAGE} WHERE hf_tomb AND hf_line IN (${newestLines(narrow, 'true')}))`;
}

/** Makes the stage of the rows that a query gives. */
export function stageAs(query: string): string {
  return `CREATE OR REPLACE TEMP TABLE ${STAGE} AS\n${query}`;
}

/** For how many lines of the stage a condition holds. */
export function countLines(condition: string): string {
  return `SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE ${condition}`;
}

function byAge(target: Target): string {
  const key = target.key.map((column) => `c${target.columns.indexOf(column)}`);
  const order = ['_airbyte_generation_id DESC'];
  if (target.cursor) order.push(`c${target.columns.indexOf(target.cursor)} DESC NULLS LAST`);
  order.push('_airbyte_extracted_at DESC', 'hf_line DESC');
  return `PARTITION BY ${key.join(', ')} ORDER BY ${order.join(', ')}`;
}

/** The version `s` and the row `t` are of the same key. */
export function keysMatch(target: Target): string {
  return target.key
    .map((column) => `t.${identifier(column.name)} IS NOT DISTINCT FROM s.c${target.columns.indexOf(column)}`)
    .join(' AND ');
}

/** The version `s` and the row `t` have the same cursor, or none. */
export function hasSameCursor({ cursor, columns }: Target, rowCursor?: string): string {
  if (cursor === null) return 'true';
  return `(${rowCursor ?? `t.${identifier(cursor.name)}`} IS NOT DISTINCT FROM s.c${columns.indexOf(cursor)})`;
}

/**
 * The version `s` is not older than the row `t`.
 *
 * @param rowCursor the row's cursor, where it is in no column
 */
export function notOlder(target: Target, rowCursor?: string): string {
  const extracted = 's._airbyte_extracted_at >= t._airbyte_extracted_at';
  let sameGeneration = extracted;
  if (target.cursor) {
    const mine = `s.c${target.columns.indexOf(target.cursor)}`;
    const theirs = rowCursor ?? `t.${identifier(target.cursor.name)}`;
    sameGeneration = `${mine} > ${theirs} OR (${theirs} IS NULL AND ${mine} IS NOT NULL) OR (${mine} IS NOT DISTINCT FROM ${theirs} AND ${extracted})`;
  }
  const generations = ['s._airbyte_generation_id', 'coalesce(t._airbyte_generation_id, 0)'];
  return `(${generations.join(' > ')} OR (${generations.join(' = ')} AND (${sameGeneration})))`;
}

/** How many rows have the key of another. */
export function countDoubles(target: Target): string {
  const key = target.key.map(({ name }) => identifier(name)).join(', ');
  return `SELECT (count(*) - count(DISTINCT row(${key})))::BIGINT AS rows FROM ${tableName(target)}`;
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

/** The table's columns of a typed row, and what they are called in a stage. */
export function allColumns(target: Target): [name: string, stageName: string][] {
  return [
    ...METADATA.map(([name]): [string, string] => [name, name]),
    ...target.columns.map(({ name }, i): [string, string] => [name, `c${i}`]),
  ];
}

export function columnList(target: Target): string {
  return allColumns(target)
    .map(([name]) => identifier(name))
    .join(', ');
}

export function stageList(target: Target): string {
  return allColumns(target)
    .map(([, stageName]) => stageName)
    .join(', ');
}
