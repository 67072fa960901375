import { commentWithField } from '../../names.js';
import type { TableName } from '../../tables/destination.js';
import type { Column } from '../../target.js';
import { DUCKDB_TYPES } from './columns.js';
import { identifier, literal, tableName } from './sql.js';

/** The statements that look at tables, and change their columns. */

export function addColumn(table: TableName, column: Column): string {
  return `ALTER TABLE ${tableName(table)} ADD COLUMN IF NOT EXISTS ${identifier(column.name)} ${DUCKDB_TYPES[column.type]}`;
}

export function widenColumn(table: TableName, column: Column): string {
  return `ALTER TABLE ${tableName(table)} ALTER COLUMN ${identifier(column.name)} SET DATA TYPE ${DUCKDB_TYPES[column.type]}`;
}

export function dropNotNull(table: TableName, column: string): string {
  return `ALTER TABLE ${tableName(table)} ALTER COLUMN ${identifier(column)} DROP NOT NULL`;
}

/** What the column is, and whose: see {@link commentWithField}. */
export function commentOn(table: TableName, column: Column): string {
  const comment = commentWithField(column.comment, column.field);
  return `COMMENT ON COLUMN ${tableName(table)}.${identifier(column.name)} IS ${literal(comment)}`;
}

/** What a table is told by from another one of its name: its comment, which no program has given to another one. */
export function markTable(table: TableName, identity: string): string {
  return `COMMENT ON TABLE ${tableName(table)} IS ${literal(identity)}`;
}

/** The tables of a schema: name, comment, columns (a list of names). */
export function listTables(schema: string): string {
  return (
    'SELECT t.table_name AS name, t.comment AS comment, list(c.column_name) AS columns FROM duckdb_tables() t ' +
    'JOIN duckdb_columns() c ON c.table_oid = t.table_oid AND c.database_name = t.database_name ' +
    `WHERE t.database_name = current_database() AND lower(t.schema_name) = lower(${literal(schema)}) GROUP BY ALL`
  );
}

/**
 * The columns of a table or view that exists: name, type, comment, whether a row needs a value of it (it may not be NULL, and has no
 * default). Empty where there is none.
 */
export function describe({ schema, table }: TableName): string {
  return (
    'SELECT column_name AS name, data_type AS type, comment, NOT is_nullable AND column_default IS NULL AS required ' +
    'FROM duckdb_columns() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)}) ORDER BY column_index`
  );
}

/** The columns of all tables and views of a schema: table, column, type. */
export function columnsOfSchema(database: string, schema: string): string {
  return (
    'SELECT table_name AS "table", column_name AS "column", data_type AS "type" FROM duckdb_columns() ' +
    `WHERE database_name = ${literal(database)} AND lower(schema_name) = lower(${literal(schema)}) ORDER BY table_name, column_index`
  );
}

/** The tables whose names begin as a table's does. */
export function tablesLike({ schema, table }: TableName): string {
  return (
    'SELECT table_name AS name FROM duckdb_tables() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(schema)}) AND starts_with(lower(table_name), lower(${literal(table)}))`
  );
}

/** How many tables, views not counted, have a name: one or none. */
export function countTables({ schema, table }: TableName): string {
  return (
    'SELECT count(*)::INTEGER AS rows FROM duckdb_tables() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)})`
  );
}
