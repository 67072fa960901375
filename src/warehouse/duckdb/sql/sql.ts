import { quotedName as identifier, wellFormed } from '../../names.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { narrowMapping } from '../../tables/raw-form.js';
import { canDelete } from '../../target.js';
import { DUCKDB_TYPES } from './columns.js';

/**
 * The statements of the DuckDB store, compiled as text and executed elsewhere. Identifiers are always quoted and
 * values always literals made here, so that no name and no value can be read as SQL.
 */

export { identifier };

export function literal(text: string): string {
  return `'${wellFormed(text).replaceAll("'", "''")}'`;
}

/**
 * What the file is called while it is open. DuckDB would call it by its file's name, and of `hubspot.duckdb` take `"hubspot"."t"` for
 * ambiguous where a schema is called so, too: every name of ours begins with this one.
 */
export const FILE = 'hubflake:file';

export function schemaName(schema: string): string {
  return `${identifier(FILE)}.${identifier(schema)}`;
}

export function tableName({ schema, table }: TableName): string {
  return `${schemaName(schema)}.${identifier(table)}`;
}

/** A statement as it is to be shown: other programs call the file otherwise. */
export function shown(statement: string): string {
  return statement.replaceAll(`${identifier(FILE)}.`, '');
}

/** Has names without a schema be those of `main` again, after a statement that needed another one. */
export const USE_FILE = `USE ${identifier(FILE)}`;

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
/** Lines that are wanted and whose rows have the same values. */
const SAME = identifier('_hubflake_same');
/** What replaced rows have in columns that other programs added, by the lines that replace them. */
const KEPT = identifier('_hubflake_kept');
/** What every line has in the columns that removals and validity go by; and the lines that removals leave out. */
export const GROUPS = identifier('_hubflake_groups');
export const GONE = identifier('_hubflake_gone');
/** The lines of tombstones that mark rows, as they came. */
export const LINES = identifier('_hubflake_lines');
/** Those tombstones as rows, with all that they carry. */
export const MARKS = identifier('_hubflake_marks');

export const DROP_TEMPORARY = [STAGE, MATCHED, WANTED, SAME, KEPT, GROUPS, GONE, LINES, MARKS]
  .map((table) => `DROP TABLE IF EXISTS temp.main.${table}`)
  .join('; ');

export function createSchema({ schema }: Pick<TableName, 'schema'>): string {
  return `CREATE SCHEMA IF NOT EXISTS ${schemaName(schema)}`;
}

export function createTable(table: TableName, mapping: ColumnMapping): string {
  const metadata = METADATA.map(([name, type]) => `${identifier(name)} ${type}`);
  const columns = mapping.columns.map(({ name, type }) => `${identifier(name)} ${DUCKDB_TYPES[type]}`);
  return `CREATE TABLE IF NOT EXISTS ${tableName(table)} (${[...metadata, ...columns].join(', ')})`;
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
  table: TableName,
  columns: readonly (readonly [name: string, value: string])[],
  query: string,
  isLive: boolean,
): string {
  const names = columns.map(([name]) => identifier(name)).join(', ');
  const values = columns.map(([, value]) => value).join(', ');
  return `INSERT INTO ${tableName(table)} (${names}) SELECT ${values} FROM (${query})${isLive ? ' WHERE NOT hf_tomb' : ''}`;
}

/** The same of rows that have the stream's columns as `c<i>`. */
export function insertTyped(table: TableName, mapping: ColumnMapping, query: string, isLive: boolean): string {
  return insertRows(table, allColumns(mapping), query, isLive);
}

/** The newest of each key's staged rows that meet the condition. */
export function newest(mapping: ColumnMapping, condition: string): string {
  return `SELECT * FROM ${STAGE} WHERE hf_line IN (${newestLines(mapping, condition)})`;
}

/** Their lines' numbers: the window sorts what it is given, which should not be whole rows. */
function newestLines(mapping: ColumnMapping, condition: string): string {
  return `SELECT hf_line FROM ${STAGE} WHERE ${condition} QUALIFY row_number() OVER (${byAge(mapping)}) = 1`;
}

/**
 * Finds the rows whose keys the batch's newest live versions have. Deleting and inserting whole rows costs a fraction of a MERGE.
 *
 * @param narrow the columns that the stage has @param rowCursor a row's cursor, where it is in no column
 */
export function match(table: TableName, narrow: ColumnMapping, rowCursor?: string): string {
  return createAs(
    MATCHED,
    `SELECT s.hf_line, t.rowid AS hf_row, coalesce(${notOlder(narrow, rowCursor)}, false) AS hf_newer ` +
      `FROM (${newest(narrow, 'NOT hf_tomb')}) AS s JOIN ${tableName(table)} AS t ON ${keysMatch(narrow)}`,
  );
}

/** Chooses the lines to insert: the newest live version of each key that is not older than any of its rows. */
export function want(narrow: ColumnMapping): string {
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

/** The condition on a line's number `n` that it would take the place of a row. */
export const IS_REPLACING = `n IN (SELECT hf_line FROM ${MATCHED} WHERE hf_newer)`;

/**
 * Finds the lines whose rows have the same values, which are then left alone.
 *
 * @param query the lines of {@link IS_REPLACING} as whole rows @param same whether the version `s` and the row `t` have the same values
 */
export function findSame(table: TableName, query: string, same: string): string {
  // A key that has several rows is brought down to one.
  const single = `SELECT hf_line FROM ${MATCHED} GROUP BY hf_line HAVING count(*) = 1`;
  return createAs(
    SAME,
    `SELECT s.hf_line FROM (${query}) AS s JOIN ${MATCHED} AS m ON m.hf_line = s.hf_line JOIN ${tableName(table)} AS t ON t.rowid = m.hf_row ` +
      `WHERE m.hf_newer AND m.hf_line IN (${single}) AND ${same}`,
  );
}

/** Takes the lines of {@link findSame} out of those that change rows. */
export const LEAVE_SAME = [MATCHED, WANTED].map(
  (table) => `DELETE FROM ${table} WHERE hf_line IN (SELECT hf_line FROM ${SAME})`,
);

/** Whether the typed version `s` and the row `t` have the same values. */
export function sameValues({ columns, cleared }: ColumnMapping): string {
  const compared = columns.flatMap(({ name, isStamp }, i) =>
    isStamp ? [] : [`t.${identifier(name)} IS NOT DISTINCT FROM s.c${i}`],
  );
  return [...compared, ...cleared.map(({ name }) => `t.${identifier(name)} IS NULL`)].join(' AND ');
}

/** The condition on a line's number `n` that it is one to insert. */
export const IS_WANTED = `n IN (SELECT hf_line FROM ${WANTED})`;

export function deleteReplaced(table: TableName): string {
  return `DELETE FROM ${tableName(table)} WHERE rowid IN (SELECT hf_row FROM ${MATCHED} WHERE hf_newer)`;
}

/** Keeps what the rows that {@link deleteReplaced} takes away have in the columns of others. */
export function keepOthers(table: TableName, others: readonly string[]): string {
  const values = others.map((name, i) => `t.${identifier(name)} AS o${i}`);
  const first = `SELECT hf_line, min(hf_row) AS hf_row FROM ${MATCHED} WHERE hf_newer GROUP BY hf_line`;
  return createAs(
    KEPT,
    `SELECT m.hf_line, ${values.join(', ')} FROM (${first}) AS m JOIN ${tableName(table)} AS t ON t.rowid = m.hf_row`,
  );
}

/** Writes what {@link keepOthers} has kept into the rows that replaced them. */
export function restoreOthers(table: TableName, narrow: ColumnMapping, others: readonly string[]): string {
  const set = others.map((name, i) => `${identifier(name)} = k.o${i}`).join(', ');
  return (
    `UPDATE ${tableName(table)} AS t SET ${set} FROM ${KEPT} AS k JOIN ${STAGE} AS s ON s.hf_line = k.hf_line ` +
    `WHERE k.hf_line IN (SELECT hf_line FROM ${WANTED}) AND ${keysMatch(narrow)}`
  );
}

/** The condition on a line's number `n` that it is its key's newest version, and a tombstone. */
export function isLastTombstone(narrow: ColumnMapping): string {
  return `n IN (SELECT hf_line FROM (${newest(narrow, 'true')}) WHERE hf_tomb)`;
}

/** The columns by which tombstones that carry these fields change a row. @param carried the fields */
export function carrying(mapping: ColumnMapping, carried: readonly string[]): ColumnMapping {
  const roles = narrowMapping(mapping).columns;
  const isCarried = ({ field }: { field: string | null }) => field !== null && carried.includes(field);
  const columns = mapping.columns.filter((column) => roles.includes(column) || isCarried(column));
  return { ...mapping, columns, cleared: mapping.cleared.filter(isCarried) };
}

/**
 * Has each of {@link MARKS} mark its key's row, if there is one, and change only the columns that it carries.
 *
 * @param mapping with the columns of {@link carrying}
 */
export function mergeTombstones(table: TableName, mapping: ColumnMapping): string {
  const assign = (field: string, name: string, value: string) => {
    const column = identifier(name);
    return `${column} = CASE WHEN list_contains(s.hf_keys, ${literal(field)}) THEN ${value} ELSE t.${column} END`;
  };
  const set = [
    ...METADATA.map(([name]) => `${identifier(name)} = s.${name}`),
    ...mapping.columns.map(({ field, name }, i) => assign(field, name, `s.c${i}`)),
    ...mapping.cleared.flatMap(({ field, name }) => (field === null ? [] : [assign(field, name, 'NULL')])),
  ];
  return [
    `MERGE INTO ${tableName(table)} AS t USING ${MARKS} AS s ON ${keysMatch(mapping)}`,
    ...(canDelete(mapping) ? [`WHEN MATCHED AND s.hf_deleted AND ${notOlder(mapping)} THEN DELETE`] : []),
    `WHEN MATCHED AND ${notOlder(mapping)} THEN UPDATE SET ${set.join(', ')}`,
  ].join('\n');
}

function byAge(mapping: ColumnMapping): string {
  const key = mapping.key.map((column) => `c${mapping.columns.indexOf(column)}`);
  const order = ['_airbyte_generation_id DESC'];
  if (mapping.cursor) order.push(`c${mapping.columns.indexOf(mapping.cursor)} DESC NULLS LAST`);
  order.push('_airbyte_extracted_at DESC', 'hf_line DESC');
  return `PARTITION BY ${key.join(', ')} ORDER BY ${order.join(', ')}`;
}

/** The version `s` and the row `t` are of the same key. */
export function keysMatch(mapping: ColumnMapping): string {
  return mapping.key
    .map((column) => `t.${identifier(column.name)} IS NOT DISTINCT FROM s.c${mapping.columns.indexOf(column)}`)
    .join(' AND ');
}

/**
 * The version `s` is not older than the row `t`.
 *
 * @param rowCursor the row's cursor, where it is in no column
 */
export function notOlder(mapping: ColumnMapping, rowCursor?: string): string {
  const extracted = 's._airbyte_extracted_at >= t._airbyte_extracted_at';
  let sameGeneration = extracted;
  if (mapping.cursor && !mapping.isMending) {
    const mine = `s.c${mapping.columns.indexOf(mapping.cursor)}`;
    const theirs = rowCursor ?? `t.${identifier(mapping.cursor.name)}`;
    sameGeneration = `${mine} > ${theirs} OR (${theirs} IS NULL AND ${mine} IS NOT NULL) OR (${mine} IS NOT DISTINCT FROM ${theirs} AND ${extracted})`;
  }
  const generations = ['s._airbyte_generation_id', 'coalesce(t._airbyte_generation_id, 0)'];
  return `(${generations.join(' > ')} OR (${generations.join(' = ')} AND (${sameGeneration})))`;
}

/** How many rows have the key of another. */
export function countDoubles(table: TableName, narrow: ColumnMapping): string {
  const key = narrow.key.map(({ name }) => identifier(name)).join(', ');
  return `SELECT (count(*) - count(DISTINCT row(${key})))::BIGINT AS rows FROM ${tableName(table)}`;
}

export function countRows(table: TableName): string {
  return `SELECT count(*)::BIGINT AS rows FROM ${tableName(table)}`;
}

export function deleteAll(table: TableName): string {
  return `DELETE FROM ${tableName(table)}`;
}

export function insertFrom(table: TableName, side: TableName, mapping: ColumnMapping): string {
  const columns = columnList(mapping);
  return `INSERT INTO ${tableName(table)} (${columns}) SELECT ${columns} FROM ${tableName(side)}`;
}

export function dropTable(table: TableName): string {
  return `DROP TABLE IF EXISTS ${tableName(table)}`;
}

/** The highest generation of a table's rows. */
export function newestGeneration(table: TableName): string {
  return `SELECT coalesce(max(_airbyte_generation_id), 0)::BIGINT AS rows FROM ${tableName(table)}`;
}

/** How many rows are of generations before one. */
export function countOlder(table: TableName, generation: number): string {
  return `SELECT count(*)::INTEGER AS rows FROM ${tableName(table)} WHERE coalesce(_airbyte_generation_id, 0) < ${generation}`;
}

/** The table's columns of a typed row, and what they are called in a stage. */
function allColumns(mapping: ColumnMapping): [name: string, stageName: string][] {
  return [
    ...METADATA.map(([name]): [string, string] => [name, name]),
    ...mapping.columns.map(({ name }, i): [string, string] => [name, `c${i}`]),
  ];
}

function columnList(mapping: ColumnMapping): string {
  return allColumns(mapping)
    .map(([name]) => identifier(name))
    .join(', ');
}
