import type { Column } from '../../column.js';
import { commentWithField } from '../../names.js';
import type { ColumnMapping } from '../../tables/column-mapping.js';
import type { TableName } from '../../tables/destination-table.js';
import { identifier, LONGEST_STATEMENT, literal } from './quote.js';
import { METADATA } from './rows.js';
import { newType, type SqlType } from './types.js';
import { columnList } from './write.js';

/** The statements that make, change and describe tables. A table's name comes whole and quoted. */

/** A column of a table to be. */
export interface NewColumn {
  name: string;
  type: string;
  comment: string;
}

/** A mapping's columns. Their comments say whose they are, see {@link commentWithField}. */
export function newColumns({ columns }: Pick<ColumnMapping, 'columns'>, types: readonly SqlType[]): NewColumn[] {
  return columns.map(({ name, comment, field, type }, i) => ({
    name,
    type: (types[i] ?? newType(type)).name,
    comment: commentWithField(comment, field),
  }));
}

/** Splits columns so that the statement that makes each portion stays short enough for Snowflake. */
export function* columnPortions(columns: readonly NewColumn[], most = LONGEST_STATEMENT): Generator<NewColumn[]> {
  let portion: NewColumn[] = [];
  let bytes = 0;
  for (const column of columns) {
    // With what ALTER TABLE puts before each.
    const more = Buffer.byteLength(definition(column)) + ' IF NOT EXISTS,'.length;
    if (portion.length > 0 && bytes + more > most) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(column);
    bytes += more;
  }
  if (portion.length > 0) yield portion;
}

/** @param kept what Snowflake keeps of a table's past; `retentionDays` of Time Travel, null: as the schema says */
export function createTable(
  table: string,
  columns: readonly NewColumn[],
  kept: { transient: boolean; retentionDays: number | null },
): string {
  const metadata = METADATA.map(({ name, type }) => `${identifier(name)} ${type}`);
  const all = [...metadata, ...columns.map(definition)].join(', ');
  const days = kept.retentionDays === null ? '' : ` DATA_RETENTION_TIME_IN_DAYS = ${kept.retentionDays}`;
  return `CREATE ${kept.transient ? 'TRANSIENT ' : ''}TABLE IF NOT EXISTS ${table} (${all})${days}`;
}

/** One statement for all new columns; those that another run has added meanwhile are left as they are. */
export function addColumns(table: string, columns: readonly NewColumn[]): string {
  const added = columns.map((column) => `IF NOT EXISTS ${definition(column)}`);
  return `ALTER TABLE ${table} ADD COLUMN ${added.join(', ')}`;
}

function definition({ name, type, comment }: NewColumn): string {
  return `${identifier(name)} ${type}${comment === '' ? '' : ` COMMENT ${literal(comment)}`}`;
}

/** Says whose a column is from now on. */
export function commentOn(table: string, { name, comment, field }: Column): string {
  return `COMMENT ON COLUMN ${table}.${identifier(name)} IS ${literal(commentWithField(comment, field))}`;
}

export function describeTable(table: string): string {
  return `DESCRIBE TABLE ${table}`;
}

export function dropTable(table: string): string {
  return `DROP TABLE IF EXISTS ${table}`;
}

/** Takes the rows of the side table in place of the table's, in one step; grants and history stay. */
export function overwriteFrom(mapping: ColumnMapping, table: string, side: string): string {
  const columns = columnList(mapping);
  return `INSERT OVERWRITE INTO ${table} (${columns}) SELECT ${columns} FROM ${side}`;
}

export function deleteAll(table: string): string {
  return `DELETE FROM ${table}`;
}

/** Whether two tables have the same rows but for their metadata, as SAME. */
export function isSame(mapping: ColumnMapping, one: string, other: string): string {
  const columns = mapping.columns.map(({ name }) => identifier(name)).join(', ');
  const hash = (table: string) => `(SELECT HASH_AGG(${columns}) FROM ${table})`;
  const count = (table: string) => `(SELECT COUNT(*) FROM ${table})`;
  return `SELECT ${count(one)} = ${count(other)} AND EQUAL_NULL(${hash(one)}, ${hash(other)}) AS SAME`;
}

/**
 * The highest generation of a table's rows and of its deleted ones, as an expression: part of the statement that writes, it costs none of
 * its own, and is true when that runs.
 *
 * @param table null where there is none @param tombstones the table of deleted rows, null where there is none
 */
export function newestGenerationOf(
  { table: name }: TableName,
  table: string | null,
  tombstones: string | null,
): string {
  const newest = (from: string) => `COALESCE((SELECT MAX("_AIRBYTE_GENERATION_ID") FROM ${from}), 0)`;
  const all = [
    ...(table === null ? [] : [newest(table)]),
    ...(tombstones === null ? [] : [newest(`${tombstones} WHERE "TABLE_NAME" = ${literal(name)}`)]),
  ];
  return all.length > 1 ? `GREATEST(${all.join(', ')})` : (all[0] ?? '0');
}

/** The highest generation of a table's rows. */
export function newestGeneration(table: string): string {
  return `SELECT MAX("_AIRBYTE_GENERATION_ID") AS NEWEST FROM ${table}`;
}

/** How many rows are of generations before one. */
export function countOlder(table: string, generation: number): string {
  return `SELECT COUNT(*) AS OLD FROM ${table} WHERE COALESCE("_AIRBYTE_GENERATION_ID", 0) < ${generation}`;
}

/** The table that a batch's lines are loaded into. Its own stage takes the files, so that both go with one DROP. */
export function createStageTable(table: string): string {
  return `CREATE OR REPLACE TRANSIENT TABLE ${table} ("V" VARIANT) DATA_RETENTION_TIME_IN_DAYS = 0`;
}

/**
 * Uploads one file. A path that is more than letters, digits and slashes is quoted.
 * https://docs.snowflake.com/en/sql-reference/sql/put
 *
 * @param place the stage's name, from {@link tableStage}
 */
export function put(path: string, place: string): string {
  const url = `file://${path.replaceAll('\\', '/')}`;
  const source = /^[A-Za-z0-9_./:-]+$/.test(url) ? url : literal(url);
  return `PUT ${source} ${place} AUTO_COMPRESS=FALSE SOURCE_COMPRESSION=GZIP OVERWRITE=TRUE`;
}

/**
 * The stage of a table in the current schema, whose own name need not be quoted then: one with quotes would have to stand in single
 * quotes as a whole (https://docs.snowflake.com/en/sql-reference/sql/put).
 */
export function tableStage(table: string): string {
  return `@%${table}`;
}

/** Loads every line or none. Of a field that a record has twice, the last counts, as everywhere in JSON. */
export function copyInto(table: string, place: string): string {
  return (
    `COPY INTO ${table} FROM ${place} ` +
    'FILE_FORMAT = (TYPE = JSON COMPRESSION = GZIP ALLOW_DUPLICATE = TRUE) ON_ERROR = ABORT_STATEMENT PURGE = TRUE'
  );
}

/** The columns of all tables and views of a schema: table, column, type. */
export function columnsOfSchema(database: string, schema: string): string {
  return (
    `SELECT table_name AS "table", column_name AS "column", data_type AS "type" FROM ${identifier(database)}.INFORMATION_SCHEMA.COLUMNS ` +
    `WHERE table_schema = ${literal(schema)} ORDER BY table_name, ordinal_position`
  );
}
