import { instantAt, isDay } from './plain-times.js';

/**
 * HubSpot holds every property as text; these turn the text into the JSON of its declared type. Each returns JSON text, or
 * `undefined` when the text is no value of the type, or could be one of two: nothing is guessed. Digits are passed on as HubSpot
 * wrote them, never through a float. Halves of surrogate pairs become U+FFFD: readers of messages refuse them.
 */

export type ValueKind = 'string' | 'number' | 'boolean' | 'date' | 'datetime';

/** HubSpot's property types; whatever else it may add is text. */
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
/** Text with nothing that JSON writes as an escape, and nothing that may be half of a surrogate pair. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/**
 * What people and imports write for numbers besides: a plus, leading zeros, a bare point, and commas between thousands where
 * they can be nothing else. `12,50` and `1,234` may be decimals as they are written in Europe, so they are no numbers here.
 */
const LOOSE_NUMBER = /^([+-]?)(\d*|\d{1,3}(?:,\d{3})+(?=\.)|\d{1,3}(?:,\d{3}){2,})(?:\.(\d*))?([eE][+-]?\d+)?$/;
const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const ISO_INSTANT = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;
/**
 * Epoch milliseconds, as HubSpot writes them of 1973 to 2286. Fewer digits may be a day (`20240115`) or seconds, more of them a
 * day with its time (`20240115103000`), or microseconds.
 */
const MILLISECONDS = /^-?\d{11,13}$/;
/** A day with its hour and minute (`202401151030`), which has as many digits as the milliseconds of 1976. */
const DAY_AND_MINUTE = /^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d$/;
const LATEST_MS = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z
const EARLIEST_MS = -62_135_596_800_000; // 0001-01-01T00:00:00Z

export function coerce(kind: ValueKind, text: string): string | undefined {
  switch (kind) {
    case 'string':
      // Most texts have nothing to escape, and looking is faster than writing them anew.
      return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed());
    case 'number':
      return coerceNumber(text);
    case 'boolean':
      return coerceBoolean(text);
    case 'date':
      return coerceDate(text);
    case 'datetime':
      return coerceInstant(text);
  }
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

/** Dates come as YYYY-MM-DD, in older portals as the milliseconds of their midnight in UTC. */
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
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(Number(year));
  return Number(year) >= 1 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/**
 * An instant in UTC in the form source-hubspot gives it: `2024-05-01T12:34:56+00:00`, with six digits of a second where there
 * is a fraction. A date is its midnight; digits alone are epoch milliseconds.
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
