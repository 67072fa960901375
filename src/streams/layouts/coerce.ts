import { instantAt, isDay } from './plain-times.js';

/**
 * HubSpot stores every property as text; these functions convert the text to the JSON of the property's type. They return JSON text,
 * or `undefined` if the text is not a value of the type, or ambiguous. Digits are kept as HubSpot wrote them, without conversion to a
 * float. Lone surrogates become U+FFFD, since consumers of the protocol reject them.
 */

/** `utc` is an instant that is written without its zone. */
export type ValueKind = 'string' | 'number' | 'boolean' | 'date' | 'datetime' | 'utc';

/** The kind of a HubSpot property type; unknown types are text. */
export function kindOf(propertyType: string): ValueKind {
  switch (propertyType) {
    case 'number':
      return 'number';
    case 'bool':
    case 'boolean':
      return 'boolean';
    case 'date':
      return 'date';
    case 'datetime':
    case 'date-time':
      return 'datetime';
    default:
      return 'string';
  }
}

const NULL = 'null';
/** Text without characters that JSON escapes, and without surrogates. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/**
 * Other forms of numbers, written by people and imports: with a plus, leading zeros, a bare point, or thousands separators if they
 * are unambiguous. `12,50` and `1,234` may be decimals in European notation, so they are not accepted.
 */
const LOOSE_NUMBER = /^([+-]?)(\d*|\d{1,3}(?:,\d{3})+(?=\.)|\d{1,3}(?:,\d{3}){2,})(?:\.(\d*))?([eE][+-]?\d+)?$/;
const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;
/**
 * Epoch milliseconds of the years 1973 to 2286. Fewer digits may be a day (`20240115`) or seconds, more digits a day with its time
 * (`20240115103000`) or microseconds.
 */
const MILLISECONDS = /^-?\d{11,13}$/;
/** A day with hour and minute (`202401151030`), which has as many digits as the milliseconds of 1976. */
const DAY_AND_MINUTE = /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d$/;
/** The years 1 to 9999, which every warehouse has. */
export const EARLIEST_MS = -62_135_596_800_000; // 0001-01-01T00:00:00Z
export const LATEST_MS = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

export function coerce(kind: ValueKind, text: string): string | undefined {
  switch (kind) {
    case 'string':
      // Most texts have nothing to escape, and testing that is faster than JSON.stringify.
      return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed());
    case 'number':
      return coerceNumber(text);
    case 'boolean':
      return coerceBoolean(text);
    case 'date':
      return coerceDate(text);
    case 'datetime':
      return coerceInstant(text);
    case 'utc':
      return withoutZone(coerceInstant(text));
  }
}

/** The JSON text of an instant without its `+00:00`. */
export function withoutZone(instant: string | undefined): string | undefined {
  return instant?.endsWith('+00:00"') ? `${instant.slice(0, -'+00:00"'.length)}"` : instant;
}

function coerceNumber(text: string): string | undefined {
  if (JSON_NUMBER.test(text)) return text;
  const trimmed = text.trim();
  if (trimmed === '') return NULL;
  const match = LOOSE_NUMBER.exec(trimmed);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = whole.replaceAll(',', '').replace(/^0+(?=\d)/, '') || '0';
  return `${sign === '-' ? '-' : ''}${digits}${fraction === '' ? '' : `.${fraction}`}${exponent}`;
}

function coerceBoolean(text: string): string | undefined {
  if (text === 'true' || text === 'false') return text;
  const lower = text.trim().toLowerCase();
  if (lower === 'true' || lower === 'false') return lower;
  return lower === '' ? NULL : undefined;
}

/** Dates are YYYY-MM-DD, in older portals the epoch milliseconds of midnight in UTC. */
function coerceDate(text: string): string | undefined {
  if (isDay(text, 0, text.length)) return `"${text}"`;
  const value = text.trim();
  if (value === '') return NULL;
  const match = ISO_DATE.exec(value);
  if (match) return isCalendarDay(match) ? `"${value}"` : undefined;
  const instant = coerceInstant(value);
  return instant === undefined ? undefined : `${instant.slice(0, 11)}"`;
}

function isCalendarDay([, year, month, day]: RegExpExecArray): boolean {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // Date.UTC maps the years 0 to 99 to 1900 to 1999.
  date.setUTCFullYear(Number(year));
  return Number(year) >= 1 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/**
 * An instant in UTC in source-hubspot's form: `2024-05-01T12:34:56+00:00`, with a fraction of six digits if there is one. A date stands
 * for its midnight; digits alone are epoch milliseconds.
 */
function coerceInstant(text: string): string | undefined {
  const plain = instantAt(text, 0, text.length);
  if (plain !== undefined) return plain;
  const value = text.trim();
  if (value === '') return NULL;
  const match = ISO_INSTANT.exec(value);
  if (match) {
    const [, day, clock, fraction = '', zone = 'Z'] = match;
    const time = Date.parse(`${day}T${clock}${zone}`);
    if (Number.isNaN(time) || (zone === 'Z' && new Date(time).toISOString().slice(0, 10) !== day)) return undefined;
    return instant(time, fraction);
  }
  if (ISO_DATE.test(value)) return coerceInstant(`${value}T00:00:00Z`);
  if (MILLISECONDS.test(value) && !DAY_AND_MINUTE.test(value)) {
    const time = Number(value);
    const milliseconds = ((time % 1000) + 1000) % 1000;
    return instant(time - milliseconds, String(milliseconds).padStart(3, '0'));
  }
  return undefined;
}

function instant(time: number, fraction: string): string | undefined {
  if (time < EARLIEST_MS || time > LATEST_MS) return undefined;
  const micros = fraction.padEnd(6, '0').slice(0, 6);
  return `"${new Date(time).toISOString().slice(0, 19)}${micros === '000000' ? '' : `.${micros}`}+00:00"`;
}
