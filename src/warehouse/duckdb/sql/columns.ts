import { type ColumnType, FALSE_WORDS, TRUE_WORDS } from '../../column-types.js';

/** DuckDB's type for each kind of column. */
export const DUCKDB_TYPES: Record<ColumnType, string> = {
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  float: 'DOUBLE',
  decimal: 'DECIMAL(38,10)',
  string: 'VARCHAR',
  date: 'DATE',
  time: 'TIME',
  timestamp_tz: 'TIMESTAMP WITH TIME ZONE',
  timestamp: 'TIMESTAMP',
  array: 'JSON',
  object: 'JSON',
  json: 'JSON',
};

/** The kind of a column that exists; null where its type is none of ours. JSON is any JSON, whatever it was made for. */
export function existingType(described: string): ColumnType | null {
  const [kind] = Object.entries(DUCKDB_TYPES).find(([, type]) => type === described) ?? [];
  return described === 'JSON' ? 'json' : ((kind as ColumnType | undefined) ?? null);
}

/** A BIGINT has a place in DECIMAL(38,10), which DuckDB changes it to in place; a DOUBLE would round it. */
export function widens(from: ColumnType, to: ColumnType): boolean {
  return from === 'integer' && to === 'decimal';
}

/**
 * The SQL expression that makes a column's value of the text `raw`: NULL when the text is no value of the type. DuckDB's own
 * casts are more generous than that (5.6 becomes the integer 6, the year 0 is a date), so each is guarded by the text's form.
 */
export function castExpression(type: ColumnType, raw: string): string {
  switch (type) {
    case 'string':
    case 'json':
      return raw;
    case 'array':
      return `CASE WHEN json_type(${raw}) = 'ARRAY' THEN ${raw} END`;
    case 'object':
      return `CASE WHEN json_type(${raw}) = 'OBJECT' THEN ${raw} END`;
    case 'boolean':
      // The usual words first. Not IN, of which DuckDB makes a join that every row goes through.
      return (
        `CASE WHEN ${raw} = 'true' THEN true WHEN ${raw} = 'false' THEN false ` +
        `WHEN list_contains([${TRUE_WORDS.map(quoted).join(', ')}], lower(${raw})) THEN true ` +
        `WHEN list_contains([${FALSE_WORDS.map(quoted).join(', ')}], lower(${raw})) THEN false END`
      );
    case 'integer':
      return `CASE WHEN ${isNumber(raw)} THEN TRY_CAST(${raw} AS BIGINT) END`;
    case 'float':
      // NULL is tested first: DuckDB would take a cast in the first condition for a common subexpression, and compute
      // it for all rows in a step of its own, which costs more than twice the cast.
      return `CASE WHEN ${raw} IS NULL THEN NULL WHEN isfinite(TRY_CAST(${raw} AS DOUBLE)) THEN TRY_CAST(${raw} AS DOUBLE) END`;
    case 'decimal':
      // Numbers that fit into 64 bits first: DuckDB's cast to the wide type takes seventy times as long.
      return (
        `CASE WHEN regexp_full_match(${raw}, '[+-]?[0-9]{0,8}(\\.[0-9]{0,10})?') THEN TRY_CAST(${raw} AS DECIMAL(18,10)) ` +
        `WHEN ${isNumber(raw)} THEN TRY_CAST(${raw} AS DECIMAL(38,10)) END`
      );
    case 'date':
      return `CASE WHEN ${hasYear(raw)} THEN TRY_CAST(left(${raw}, 10) AS DATE) END`;
    case 'time':
      return `TRY_CAST(${raw} AS TIME)`;
    case 'timestamp_tz':
      return `CASE WHEN ${hasYear(raw)} THEN TRY_CAST(${raw} AS TIMESTAMP WITH TIME ZONE) END`;
    case 'timestamp':
      return `CASE WHEN ${hasYear(raw)} THEN TRY_CAST(${raw} AS TIMESTAMP) END`;
  }
}

/** Whether a value that could not be kept is kept as text in the row's metadata. */
export function keepsText(type: ColumnType): boolean {
  return type === 'decimal' || type === 'float' || type === 'integer';
}

/** Written as a number: a cast takes other forms, too. It rounds to the column's digits. */
function isNumber(raw: string): string {
  return `regexp_full_match(${raw}, '[+-]?[0-9]*\\.?[0-9]*([eE][+-]?[0-9]+)?')`;
}

/** Years from 1 to 9999, which both warehouses can hold. GLOB costs a fraction of a regular expression. */
function hasYear(raw: string): string {
  return `${raw} GLOB '${'[0-9]'.repeat(4)}-${'[0-9]'.repeat(2)}-${'[0-9]'.repeat(2)}*' AND ${raw} >= '0001'`;
}

function quoted(word: string): string {
  return `'${word}'`;
}
