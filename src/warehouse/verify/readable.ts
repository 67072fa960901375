import type { Column } from '../column.js';
import type { ColumnType } from '../column-types.js';
import type { ColumnMapping } from '../tables/column-mapping.js';

/** A column of a table that is read, by an expression on a row `t`. */
export interface ReadableColumn {
  field: string;
  value: string;
  type: ColumnType;
}

/** A stream's table as it is read, by expressions on a row `t` that both warehouses understand. */
export interface ReadableTable {
  /** With schema and database, as SQL has it. */
  fullName: string;
  /** The key as one text. */
  key: string;
  /** The cursor in milliseconds since 1970; NULL where the row has none. */
  version: string;
  /** Whether the row has no mark of a deletion. */
  isLive: string;
  /** What the table has of the stream's fields, and this login may see. */
  columns: readonly ReadableColumn[];
  /** Fields whose values a policy hides from this login. */
  masked: readonly string[];
}

/** How a warehouse's SQL reads a row. */
export interface ReadingDialect {
  /** The value of a column of the stream in a row `t`. */
  value(column: Column): string;
  /** A time in milliseconds since 1970. */
  milliseconds(time: string): string;
}

/** What a table does not show of a stream. */
export interface Unreadable {
  /** The fields that it has no column for. */
  lacking: readonly string[];
  /** The fields whose values a policy hides. */
  masked: readonly string[];
}

/** @returns null: the table has no key by which its rows could be told apart */
export function readableTable(
  fullName: string,
  mapping: ColumnMapping,
  { lacking, masked }: Unreadable,
  { value, milliseconds }: ReadingDialect,
): ReadableTable | null {
  const { key, cursor, marks, deletedAt, columns } = mapping;
  const isThere = ({ field }: Column) => !lacking.includes(field);
  const [only, ...others] = key;
  if (!only || !isThere(only)) return null;
  const text = (column: Column) => `CAST(${value(column)} AS VARCHAR)`;
  // Each in quotes, so that no two keys are one text.
  const quoted = (column: Column) => `COALESCE('"' || REPLACE(${text(column)}, '"', '""') || '"', 'null')`;
  const composed = `CONCAT('[', ${key.map(quoted).join(", ',', ")}, ']')`;
  const time = cursor && isThere(cursor) ? timeOf(value(cursor), cursor.type) : null;
  const marked = marks
    .filter(({ column }) => isThere(column))
    .map(({ column, value: mark }) => `COALESCE(${booleanOf(value(column), column.type)} = ${mark}, FALSE)`);
  if (deletedAt && isThere(deletedAt)) marked.push(`${value(deletedAt)} IS NOT NULL`);
  return {
    fullName,
    key: others.length === 0 ? text(only) : composed,
    version: time === null ? 'NULL' : milliseconds(time),
    isLive: marked.length === 0 ? 'TRUE' : `NOT (${marked.join(' OR ')})`,
    columns: columns
      .filter((column) => isThere(column) && !masked.includes(column.field))
      .map((column) => ({ field: column.field, value: value(column), type: column.type })),
    masked,
  };
}

/** A table that another program made may have times and marks as texts. */
function timeOf(value: string, type: ColumnType): string {
  return type === 'string' ? `TRY_CAST(${value} AS TIMESTAMP WITH TIME ZONE)` : value;
}

function booleanOf(value: string, type: ColumnType): string {
  return type === 'string' ? `TRY_CAST(${value} AS BOOLEAN)` : value;
}
