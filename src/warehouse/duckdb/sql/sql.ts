import { wellFormed } from '../../names.js';
import { narrowTarget } from '../../raw-form.js';
import type { Target } from '../../target.js';
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

/** The batch's lines, with what tells rows and versions apart; like those below a temporary table of the connection. */
export const STAGE = identifier('_hubflake_stage');
/** Which lines of the stage have a row in the table already, and whether they are to take its place. */
const MATCHED = identifier('_hubflake_matched');
/** The lines to insert. */
const WANTED = identifier('_hubflake_wanted');
/** What rows that are replaced have in the columns of others, by the lines that take their place. */
const KEPT = identifier('_hubflake_kept');
/** The lines of tombstones that mark rows, as they came. */
export const LINES = identifier('_hubflake_lines');
/** Those tombstones as rows, with all that they carry. */
export const MARKS = identifier('_hubflake_marks');

export const DROP_TEMPORARY = [STAGE, MATCHED, WANTED, KEPT, LINES, MARKS]
  .map((table) => `DROP TABLE IF EXISTS ${table}`)
  .join('; ');

export function createSchema(target: Pick<Target, 'schema'>): string {
  return `CREATE SCHEMA IF NOT EXISTS ${identifier(target.schema)}`;
}

export function createTable(target: Target, table = tableName(target)): string {
  const metadata = METADATA.map(([name, type]) => `${identifier(name)} ${type}`);
  const columns = target.columns.map(({ name, type }) => `${identifier(name)} ${DUCKDB_TYPES[type]}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${[...metadata, ...columns].join(', ')})`;
}

/** Makes a temporary table of the rows that a query gives. */
export function createAs(table: string, query: string): string {
  return `CREATE OR REPLACE TEMP TABLE ${table} AS\n${query}`;
}

/** For how many lines of the stage a condition holds. */
export function countLines(condition: string): string {
  return `SELECT count(*)::INTEGER AS rows FROM ${STAGE} WHERE ${condition}`;
}

/** Inserts rows that a query gives. @param columns what is inserted, and what it is called there @param isLive no tombstones */
export function insertRows(
  target: Target,
  columns: readonly (readonly [name: string, value: string])[],
  query: string,
  isLive: boolean,
): string {
  const names = columns.map(([name]) => identifier(name)).join(', ');
  const values = columns.map(([, value]) => value).join(', ');
  return `INSERT INTO ${tableName(target)} (${names}) SELECT ${values} FROM (${query})${isLive ? ' WHERE NOT hf_tomb' : ''}`;
}

/** The same of rows that have the stream's columns as `c<i>`. */
export function insertTyped(target: Target, query: string, isLive: boolean): string {
  return insertRows(target, allColumns(target), query, isLive);
}

/** The newest of each key's staged rows that meet the condition. */
export function newest(target: Target, condition: string): string {
  return `SELECT * FROM ${STAGE} WHERE hf_line IN (${newestLines(target, condition)})`;
}

/** Their lines' numbers: the window sorts what it is given, which should not be whole rows. */
function newestLines(target: Target, condition: string): string {
  return `SELECT hf_line FROM ${STAGE} WHERE ${condition} QUALIFY row_number() OVER (${byAge(target)}) = 1`;
}

/**
 * Finds the rows whose keys the batch's newest live versions have. Deleting and inserting whole rows costs a fraction of a MERGE.
 *
 * @param narrow the stream with the columns that the stage has @param rowCursor a row's cursor, where it is in no column
 */
export function match(narrow: Target, rowCursor?: string): string {
  return createAs(
    MATCHED,
    `SELECT s.hf_line, t.rowid AS hf_row, coalesce(${notOlder(narrow, rowCursor)}, false) AS hf_newer ` +
      `FROM (${newest(narrow, 'NOT hf_tomb')}) AS s JOIN ${tableName(narrow)} AS t ON ${keysMatch(narrow)}`,
  );
}

/** Chooses the lines to insert: the newest live version of each key that is not older than any of its rows. */
export function want(narrow: Target): string {
  const older = `SELECT hf_line FROM ${MATCHED} WHERE NOT hf_newer`;
  return createAs(
    WANTED,
    `SELECT hf_line FROM (${newestLines(narrow, 'NOT hf_tomb')}) WHERE hf_line NOT IN (${older})`,
  );
}

/** How many lines there are to insert, and how many of them take the place of a row. */
export const COUNT_WANTED =
  'SELECT count(*)::INTEGER AS wanted, count(hf_row)::INTEGER AS replacing ' +
  `FROM ${WANTED} AS w LEFT JOIN (SELECT hf_line, any_value(hf_row) AS hf_row FROM ${MATCHED} GROUP BY hf_line) AS m ON m.hf_line = w.hf_line`;

/** The condition on a line's number `n` that it is one to insert. */
export const IS_WANTED = `n IN (SELECT hf_line FROM ${WANTED})`;

export function deleteReplaced(target: Pick<Target, 'schema' | 'table'>): string {
  return `DELETE FROM ${tableName(target)} WHERE rowid IN (SELECT hf_row FROM ${MATCHED} WHERE hf_newer)`;
}

/** Keeps what the rows that {@link deleteReplaced} takes away have in the columns of others. */
export function keepOthers(target: Pick<Target, 'schema' | 'table'>, others: readonly string[]): string {
  const values = others.map((name, i) => `t.${identifier(name)} AS o${i}`);
  const first = `SELECT hf_line, min(hf_row) AS hf_row FROM ${MATCHED} WHERE hf_newer GROUP BY hf_line`;
  return createAs(
    KEPT,
    `SELECT m.hf_line, ${values.join(', ')} FROM (${first}) AS m JOIN ${tableName(target)} AS t ON t.rowid = m.hf_row`,
  );
}

/** Gives it to the rows that have taken their place. */
export function restoreOthers(narrow: Target, others: readonly string[]): string {
  const set = others.map((name, i) => `${identifier(name)} = k.o${i}`).join(', ');
  return (
    `UPDATE ${tableName(narrow)} AS t SET ${set} FROM ${KEPT} AS k JOIN ${STAGE} AS s ON s.hf_line = k.hf_line ` +
    `WHERE k.hf_line IN (SELECT hf_line FROM ${WANTED}) AND ${keysMatch(narrow)}`
  );
}

/** The condition on a line's number `n` that it is its key's newest version, and a tombstone. */
export function isLastTombstone(narrow: Target): string {
  return `n IN (SELECT hf_line FROM (${newest(narrow, 'true')}) WHERE hf_tomb)`;
}

/** The columns by which tombstones that carry these fields change a row. @param carried the fields */
export function carrying(target: Target, carried: readonly string[]): Target {
  const roles = narrowTarget(target).columns;
  const isCarried = ({ field }: { field: string | null }) => field !== null && carried.includes(field);
  const columns = target.columns.filter((column) => roles.includes(column) || isCarried(column));
  return { ...target, columns, cleared: target.cleared.filter(isCarried) };
}

/**
 * Has each of {@link MARKS} mark its key's row, if there is one, and change only the columns that it carries.
 *
 * @param target with the columns of {@link carrying}
 */
export function mergeTombstones(target: Target): string {
  const assign = (field: string, name: string, value: string) => {
    const column = identifier(name);
    return `${column} = CASE WHEN list_contains(s.hf_keys, ${literal(field)}) THEN ${value} ELSE t.${column} END`;
  };
  const set = [
    ...METADATA.map(([name]) => `${identifier(name)} = s.${name}`),
    ...target.columns.map(({ field, name }, i) => assign(field, name, `s.c${i}`)),
    ...target.cleared.flatMap(({ field, name }) => (field === null ? [] : [assign(field, name, 'NULL')])),
  ];
  const isDeleted = target.hardDeletes && target.deletedAt !== null;
  return [
    `MERGE INTO ${tableName(target)} AS t USING ${MARKS} AS s ON ${keysMatch(target)}`,
    ...(isDeleted ? [`WHEN MATCHED AND s.hf_deleted AND ${notOlder(target)} THEN DELETE`] : []),
    `WHEN MATCHED AND ${notOlder(target)} THEN UPDATE SET ${set.join(', ')}`,
  ].join('\n');
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
