import { commentWithField } from '../../names.js';
import type { Column, Target } from '../../target.js';
import { DUCKDB_TYPES } from './columns.js';
import { identifier, literal, tableName } from './sql.js';

/** The statements that look at tables, and change their columns. */

export function addColumn(target: Target, column: Column): string {
  return `ALTER TABLE ${tableName(target)} ADD COLUMN IF NOT EXISTS ${identifier(column.name)} ${DUCKDB_TYPES[column.type]}`;
}

export function widenColumn(target: Target, column: Column): string {
  return `ALTER TABLE ${tableName(target)} ALTER COLUMN ${identifier(column.name)} SET DATA TYPE ${DUCKDB_TYPES[column.type]}`;
}

/** What the column is, and whose: see {@link commentWithField}. */
export function commentOn(target: Pick<Target, 'schema' | 'table'>, column: Column): string {
  const comment = commentWithField(column.comment, column.field);
  return `COMMENT ON COLUMN ${tableName(target)}.${identifier(column.name)} IS ${literal(comment)}`;
}

/** What a table is told by from another one of its name: its comment, which no program has given to another one. */
export function markTable(target: Pick<Target, 'schema' | 'table'>, identity: string): string {
  return `COMMENT ON TABLE ${tableName(target)} IS ${literal(identity)}`;
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
export function describe(target: Pick<Target, 'schema' | 'table'>): string {
  return (
    'SELECT column_name AS name, data_type AS type, comment, NOT is_nullable AND column_default IS NULL AS required ' +
    'FROM duckdb_columns() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(target.schema)}) AND lower(table_name) = lower(${literal(target.table)}) ORDER BY column_index`
  );
}

/** The tables whose names begin as a table's does. */
export function tablesLike({ schema, table }: Pick<Target, 'schema' | 'table'>): string {
  return (
    'SELECT table_name AS name FROM duckdb_tables() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(schema)}) AND starts_with(lower(table_name), lower(${literal(table)}))`
  );
}

/** How many tables, views not counted, have a name: one or none. */
export function countTables({ schema, table }: Pick<Target, 'schema' | 'table'>): string {
  return (
    'SELECT count(*)::INTEGER AS rows FROM duckdb_tables() WHERE database_name = current_database() ' +
    `AND lower(schema_name) = lower(${literal(schema)}) AND lower(table_name) = lower(${literal(table)})`
  );
}
