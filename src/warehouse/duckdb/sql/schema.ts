import type { Column } from '../../column.js';
import { commentWithField } from '../../names.js';
import type { TableName } from '../../tables/destination-table.js';
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

/** Gives a table its identity, a comment that no other table has: a new table of the same name is told from it. */
export function markTable(table: TableName, identity: string): string {
  return `COMMENT ON TABLE ${tableName(table)} IS ${literal(identity)}`;
}

/**
 * The columns of all tables and views of a schema, in the order that they have in each: the table's name and comment (`identity`), whether
 * it is a view; name, type, comment, whether a row needs a value of it (it may not be NULL, and has no default).
 */
export function columnsOf(schema: string): string {
  return (
    'SELECT c.table_name AS "tableName", t.comment AS identity, t.table_oid IS NULL AS "isView", c.column_name AS name, ' +
    'c.data_type AS type, c.comment AS comment, NOT c.is_nullable AND c.column_default IS NULL AS required ' +
    'FROM duckdb_columns() c LEFT JOIN duckdb_tables() t ON t.table_oid = c.table_oid AND t.database_name = c.database_name ' +
    `WHERE c.database_name = current_database() AND lower(c.schema_name) = lower(${literal(schema)}) ` +
    'ORDER BY c.table_name, c.column_index'
  );
}

/** The columns of all tables and views of a schema: table, column, type. */
export function columnsOfSchema(database: string, schema: string): string {
  return (
    'SELECT table_name AS "table", column_name AS "column", data_type AS "type" FROM duckdb_columns() ' +
    `WHERE database_name = ${literal(database)} AND lower(schema_name) = lower(${literal(schema)}) ORDER BY table_name, column_index`
  );
}
