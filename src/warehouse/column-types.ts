import type { JsonObject, JsonValue } from '../protocol/messages.js';

/** What a column holds, independent of the warehouse. */
export type ColumnType =
  | 'boolean'
  | 'integer'
  | 'float'
  /** Exact, 28 digits before the point and 10 behind it. */
  | 'decimal'
  | 'string'
  | 'date'
  | 'time'
  | 'timestamp_tz'
  | 'timestamp'
  | 'array'
  | 'object'
  /** Unions and whatever has no type of its own. */
  | 'json';

/** The texts that are booleans, in lower case: https://docs.snowflake.com/en/sql-reference/functions/to_boolean */
export const TRUE_WORDS = ['true', 't', 'yes', 'y', 'on', '1'];
export const FALSE_WORDS = ['false', 'f', 'no', 'n', 'off', '0'];

/**
 * The column type of a JSON Schema property, by the map of Airbyte's typed destinations: `format` and `airbyte_type` decide
 * about strings and numbers; a type that allows several kinds of values is json. `hubflake_decimal` is our own mark.
 */
export function columnType(schema: JsonValue | undefined): ColumnType {
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) return 'json';
  const given = Array.isArray(schema.type) ? schema.type : [schema.type];
  const types = given.filter((type) => type !== 'null');
  if (types.length !== 1 || schema.oneOf !== undefined || schema.anyOf !== undefined) return 'json';
  switch (types[0]) {
    case 'boolean':
      return 'boolean';
    case 'integer':
      return 'integer';
    case 'number':
      return numberType(schema);
    case 'string':
      return stringType(schema);
    case 'array':
    case 'object':
      return types[0];
    default:
      return 'json';
  }
}

function numberType(schema: JsonObject): ColumnType {
  if (schema.airbyte_type === 'integer') return 'integer';
  return schema.hubflake_decimal === true ? 'decimal' : 'float';
}

function stringType(schema: JsonObject): ColumnType {
  switch (schema.format) {
    case 'date':
      return 'date';
    case 'date-time':
      return schema.airbyte_type === 'timestamp_without_timezone' ? 'timestamp' : 'timestamp_tz';
    case 'time':
      // A time of day with a zone has no type in either warehouse.
      return schema.airbyte_type === 'time_with_timezone' ? 'string' : 'time';
    default:
      return 'string';
  }
}

/** Whether a column holds JSON, rather than one value. */
export function isSemiStructured(type: ColumnType): boolean {
  return type === 'json' || type === 'array' || type === 'object';
}

const NUMBERS: readonly ColumnType[] = ['integer', 'decimal', 'float'];
const INSTANTS: readonly ColumnType[] = ['timestamp_tz', 'timestamp'];

/**
 * Whether a column can hold another type's values. A text column holds the text of anything, a JSON column its JSON, a decimal
 * column integers. A column that another program made also takes other types of its kind: numbers of any type go into a column of
 * numbers, and those that do not fit become NULL, with a change entry.
 *
 * @param isOurs whether the column was made for the field that it is asked about
 */
export function canTake(column: ColumnType, type: ColumnType, isOurs: boolean): boolean {
  if (column === type || column === 'string' || column === 'json') return true;
  if (column === 'decimal' && type === 'integer') return true;
  return !isOurs && [NUMBERS, INSTANTS].some((kind) => kind.includes(column) && kind.includes(type));
}
