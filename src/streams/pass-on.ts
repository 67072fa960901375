import type { ValueKind } from './coerce.js';

const QUOTES = 2;
const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
/** The escape of half a surrogate pair, or what looks like one behind a backslash that is itself escaped. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
/** JSON in which each of these is part of a pair, as programs write an emoji that write ASCII only. */
const WELL_FORMED = /^[^\\]*(?:\\(?:[^u]|u(?:[^dD]|[dD][0-7])|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])[^\\]*)*$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** `2024-05-01` and `2024-05-01T12:34:56`. */
const DAY_LENGTH = 10;
const SECOND_LENGTH = 19;
const MILLISECONDS_LENGTH = 4;

/**
 * What {@link coerce} makes of a property's value, for the forms that HubSpot itself writes, without reading the value out of
 * HubSpot's JSON. undefined: it is written in another way.
 *
 * @param text where the value's JSON text is, from its opening quote at `start` to behind its closing quote
 * @param escaped whether there are escapes in it
 */
export function passOn(
  kind: ValueKind,
  text: string,
  start: number,
  end: number,
  escaped: boolean,
): string | undefined {
  if (kind === 'string') {
    const json = text.slice(start, end);
    return escaped && SURROGATE.test(json) && !WELL_FORMED.test(json) ? undefined : json;
  }
  if (escaped) return undefined;
  switch (kind) {
    case 'number':
      return isPlainNumber(text, start + 1, end - 1) ? text.slice(start + 1, end - 1) : undefined;
    case 'boolean':
      return booleanAt(text, start, end);
    case 'date':
      return end - start === DAY_LENGTH + QUOTES && isDay(text, start + 1) ? text.slice(start, end) : undefined;
    case 'datetime':
      return instantAt(text, start, end);
  }
}

/** Digits, perhaps with a minus in front and a point within: as JSON has them, too. */
function isPlainNumber(text: string, from: number, to: number): boolean {
  const start = text.charCodeAt(from) === MINUS ? from + 1 : from;
  let points = 0;
  for (let at = start; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT && at > start && at < to - 1) points += 1;
    else if (code < ZERO || code > NINE) return false;
  }
  if (to <= start || points > 1) return false;
  return text.charCodeAt(start) !== ZERO || to === start + 1 || text.charCodeAt(start + 1) === POINT;
}

function booleanAt(text: string, start: number, end: number): string | undefined {
  if (end - start === '"true"'.length && text.startsWith('"true"', start)) return 'true';
  if (end - start === '"false"'.length && text.startsWith('"false"', start)) return 'false';
  return undefined;
}

/** `2024-05-01T12:34:56Z` and `2024-05-01T12:34:56.789Z`, as source-hubspot gives them. */
function instantAt(text: string, start: number, end: number): string | undefined {
  const from = start + 1;
  const length = end - start - QUOTES - 1;
  const hasFraction = length === SECOND_LENGTH + MILLISECONDS_LENGTH;
  if ((length !== SECOND_LENGTH && !hasFraction) || text.charAt(end - 2) !== 'Z' || !isDay(text, from))
    return undefined;
  if (text.charAt(from + 10) !== 'T' || text.charAt(from + 13) !== ':' || text.charAt(from + 16) !== ':')
    return undefined;
  const hour = digitsAt(text, from + 11, 2);
  const minute = digitsAt(text, from + 14, 2);
  const second = digitsAt(text, from + 17, 2);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const whole = text.slice(start, from + SECOND_LENGTH);
  if (!hasFraction) return `${whole}+00:00"`;
  const milliseconds = digitsAt(text, from + SECOND_LENGTH + 1, 3);
  if (text.charCodeAt(from + SECOND_LENGTH) !== POINT || Number.isNaN(milliseconds)) return undefined;
  return milliseconds === 0 ? `${whole}+00:00"` : `${text.slice(start, end - 2)}000+00:00"`;
}

/** Whether a day of the calendar stands there, `2024-05-01`. */
function isDay(text: string, from: number): boolean {
  if (text.charCodeAt(from + 4) !== MINUS || text.charCodeAt(from + 7) !== MINUS) return false;
  const year = digitsAt(text, from, 4);
  const month = digitsAt(text, from + 5, 2);
  const day = digitsAt(text, from + 8, 2);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (MONTH_DAYS[month - 1] as number) + (isLeap ? 1 : 0);
}

/** The number that `count` digits make; NaN where there is something else. */
function digitsAt(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const code = text.charCodeAt(at);
    if (!(code >= ZERO && code <= NINE)) return Number.NaN;
    value = 10 * value + code - ZERO;
  }
  return value;
}
