import { type ColumnType, FALSE_WORDS, TRUE_WORDS } from '../../column-types.js';
import { literal } from './quote.js';

/** What a column of a table takes: one of our types, with what narrows it in a table that exists already. */
export interface SqlType {
  kind: ColumnType;
  /** As Snowflake writes it. */
  name: string;
  /** Of numbers: digits in all, and behind the point. */
  precision?: number;
  scale?: number;
  /** Of strings: characters at most. */
  length?: number;
}

const NUMBER_DIGITS = 38;
const DECIMAL_SCALE = 10;
/** Snowflake's default, and for long its greatest. https://docs.snowflake.com/en/sql-reference/data-types-text */
const VARCHAR_LENGTH = 16_777_216;

/**
 * A spooled line is one VARIANT, which holds 16 MB of JSON, and less by what Snowflake keeps beside it; accounts that take more
 * cannot be told apart. https://docs.snowflake.com/en/sql-reference/data-types-semistructured
 */
export const LONGEST_VARIANT = 16_000_000;

/** The types of new columns, by the map of Airbyte's destination. */
const NEW: Record<ColumnType, SqlType> = {
  boolean: { kind: 'boolean', name: 'BOOLEAN' },
  integer: { kind: 'integer', name: `NUMBER(${NUMBER_DIGITS},0)`, precision: NUMBER_DIGITS, scale: 0 },
  float: { kind: 'float', name: 'FLOAT' },
  decimal: {
    kind: 'decimal',
    name: `NUMBER(${NUMBER_DIGITS},${DECIMAL_SCALE})`,
    precision: NUMBER_DIGITS,
    scale: DECIMAL_SCALE,
  },
  string: { kind: 'string', name: 'VARCHAR' },
  date: { kind: 'date', name: 'DATE' },
  time: { kind: 'time', name: 'TIME' },
  timestamp_tz: { kind: 'timestamp_tz', name: 'TIMESTAMP_TZ' },
  timestamp: { kind: 'timestamp', name: 'TIMESTAMP_NTZ' },
  array: { kind: 'array', name: 'ARRAY' },
  object: { kind: 'object', name: 'OBJECT' },
  json: { kind: 'json', name: 'VARIANT' },
};

export function newType(type: ColumnType): SqlType {
  return NEW[type];
}

const BY_NAME: Record<string, ColumnType> = {
  BOOLEAN: 'boolean',
  FLOAT: 'float',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP_TZ: 'timestamp_tz',
  TIMESTAMP_LTZ: 'timestamp_tz',
  TIMESTAMP_NTZ: 'timestamp',
  ARRAY: 'array',
  OBJECT: 'object',
  VARIANT: 'json',
};

/** The type of a column that exists, as DESCRIBE TABLE writes it; null where no value of ours could go into it. */
export function existingType(described: string): SqlType | null {
  const [, base, first, second] = /^([A-Z_]+)(?:\((\d+)(?:,\s*(\d+))?\))?/.exec(described.toUpperCase()) ?? [];
  if (base === undefined) return null;
  if (base === 'NUMBER') {
    const precision = Number(first ?? NUMBER_DIGITS);
    const scale = Number(second ?? 0);
    return { kind: scale === 0 ? 'integer' : 'decimal', name: `NUMBER(${precision},${scale})`, precision, scale };
  }
  if (base === 'VARCHAR') {
    const length = Number(first ?? VARCHAR_LENGTH);
    return length >= VARCHAR_LENGTH ? NEW.string : { kind: 'string', name: `VARCHAR(${length})`, length };
  }
  const kind = BY_NAME[base];
  return kind === undefined ? null : { kind, name: base };
}

/** Whether every value has its place in the column, so that none is ever replaced by NULL. */
export function takesAnything({ kind, length }: SqlType): boolean {
  return kind === 'json' || (kind === 'string' && length === undefined);
}

/** Whether a value that could not be kept is kept as text in the row's metadata. */
export function keepsText({ kind }: SqlType): boolean {
  return kind === 'decimal' || kind === 'float' || kind === 'integer' || kind === 'string';
}

/**
 * The SQL expression that makes a column's value of `x` (the value's text; of semi-structured columns the VARIANT itself):
 * NULL where it is no value of the type. Snowflake's TRY_ functions are more generous than that (they take epochs for dates,
 * "inf" for numbers, and round), so each is guarded by the text's form.
 */
export function castExpression(type: SqlType, x: string): string {
  switch (type.kind) {
    case 'string':
      return type.length === undefined ? x : `IFF(LENGTH(${x}) <= ${type.length}, ${x}, NULL)`;
    case 'json':
      return `IFF(IS_NULL_VALUE(${x}), NULL, ${x})`;
    case 'array':
      return `IFF(IS_ARRAY(${x}), ${x}, NULL)::ARRAY`;
    case 'object':
      // The cast raises on all else, and IFF need not be lazy. Not IS_OBJECT, which emulators of Snowflake lack.
      return `IFF(STARTSWITH(TO_JSON(${x}), '{'), ${x}, NULL)::OBJECT`;
    case 'boolean':
      return booleanExpression(x);
    case 'float':
      // Beyond a double's range lies "inf".
      return `IFF(ABS(TRY_TO_DOUBLE(${x})) <= 1.7976931348623157e308, TRY_TO_DOUBLE(${x}), NULL)`;
    case 'integer':
    case 'decimal':
      return decimalExpression(type, x);
    case 'date':
      return `IFF(${isDated(x)}, TRY_TO_DATE(LEFT(${x}, 10), 'YYYY-MM-DD'), NULL)`;
    case 'time':
      return `IFF(REGEXP_LIKE(${x}, '^[0-9]{2}:.*$'), TRY_CAST(${x} AS TIME), NULL)`;
    case 'timestamp_tz':
    case 'timestamp':
      return `IFF(${isDated(x)}, TRY_CAST(${x} AS ${type.name}), NULL)`;
  }
}

export function booleanExpression(x: string): string {
  const [yes, no] = [TRUE_WORDS, FALSE_WORDS].map((words) => words.map(literal).join(', '));
  return `CASE WHEN LOWER(${x}) IN (${yes}) THEN TRUE WHEN LOWER(${x}) IN (${no}) THEN FALSE END`;
}

/**
 * Rounded to the column's digits. The text is cut behind the first digit that decides, since a cast takes no more than 38 digits
 * altogether: https://docs.snowflake.com/en/sql-reference/functions/to_decimal
 */
function decimalExpression({ name, scale = 0 }: SqlType, x: string): string {
  const cut = `LEFT(${x}, POSITION('.', ${x} || '.') + ${scale + 1})`;
  return (
    `CASE WHEN REGEXP_LIKE(${x}, '^[+-]?[0-9]*([.][0-9]*)?$') THEN TRY_CAST(${cut} AS ${name}) ` +
    `WHEN REGEXP_LIKE(${x}, '^[+-]?[0-9.]+[eE][+-]?[0-9]+$') THEN TRY_CAST(${x} AS ${name}) END`
  );
}

/** Begins with a date of the years 1 to 9999, which both warehouses can hold. */
function isDated(x: string): string {
  return `REGEXP_LIKE(${x}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}.*$') AND LEFT(${x}, 4) <> '0000'`;
}
