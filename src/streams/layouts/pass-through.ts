import { type ValueKind, withoutZone } from './coerce.js';
import { instantAt, isDay } from './plain-times.js';

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
/** The escape of a surrogate, or what looks like one after an escaped backslash. */
const SURROGATE = /\\u[dD][89a-fA-F]/;
/** JSON in which all escaped surrogates are paired, as ASCII-only encoders write emojis. */
const WELL_FORMED = /^[^\\]*(?:\\(?:[^u]|u(?:[^dD]|[dD][0-7])|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])[^\\]*)*$/;

/**
 * The result of {@link coerce} for values in HubSpot's own formats, taken from HubSpot's JSON without decoding it; undefined: the value
 * has another format.
 *
 * @param text contains the value's JSON text, from its opening quote at `start` to after its closing quote
 * @param escaped whether it contains escapes
 */
export function passThrough(
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
      return isDay(text, start + 1, end - 1) ? text.slice(start, end) : undefined;
    case 'datetime':
      return instantAt(text, start + 1, end - 1);
    case 'utc':
      return withoutZone(instantAt(text, start + 1, end - 1));
  }
}

/** Whether the text is digits with an optional minus and decimal point, which is valid JSON. */
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
