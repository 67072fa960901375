import { eachMember, type Span } from '../../protocol/json/json-scan.js';
import type { RecordChange } from '../../protocol/messages.js';

/**
 * Escapes that the warehouses' JSON readers cannot load: half a surrogate pair (refused) and NUL (a VARIANT with one cannot be
 * queried, see snowflake-ingest-java #870). Numbers of more digits than a double holds would be rounded. All are rare, and looked for
 * without a parse.
 */
const UNWANTED = /\\u(?:0000|[dD][89a-fA-F])/;
/** A whole character as two escapes, as many programs write an emoji. */
const PAIR = /^\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]/;
const PAIR_LENGTH = 12;
const LONG_NUMBER = /^-?[\d.eE+-]+$/;
/** Digits that a double keeps, whatever they are. */
const SAFE_DIGITS = 15;
const LONG_RUN = SAFE_DIGITS + 1;
const BACKSLASH = 0x5c;

/**
 * Makes a record's data safe for a warehouse's JSON reader: half surrogates and NUL become U+FFFD, long numbers at the top level become
 * strings, whose digits the column's type then decides about. Everything else stays byte for byte.
 *
 * @returns the data, and a change entry for each field whose text had to be altered
 */
export function safeData(data: Buffer): { data: Buffer; changes: RecordChange[] } {
  if (isSafe(data)) return { data, changes: NO_CHANGES };
  const changes: RecordChange[] = [];
  const pieces: Buffer[] = [];
  let copied = 0;
  const replace = (span: Span, safe: string): void => {
    pieces.push(data.subarray(copied, span.start), Buffer.from(safe));
    copied = span.end;
  };
  eachMember(data, 0, (key, value) => {
    const name = data.toString('utf8', key.start, key.end);
    const text = data.toString('utf8', value.start, value.end);
    const safe = safeValue(text);
    if (UNWANTED.test(name)) replace(key, wellFormedJson(name));
    if (safe === text) return;
    replace(value, safe);
    if (!LONG_NUMBER.test(text)) {
      changes.push({
        field: JSON.parse(wellFormedJson(name)),
        change: 'TRUNCATED',
        reason: 'DESTINATION_SERIALIZATION_ERROR',
      });
    }
  });
  pieces.push(data.subarray(copied));
  return { data: Buffer.concat(pieces), changes };
}

const NO_CHANGES: RecordChange[] = [];

/** Whether a warehouse's JSON reader can load a record's data as it is, as nearly all can be. */
export function isSafe(data: Buffer): boolean {
  return !hasLongNumber(data) && !hasUnwantedEscape(data);
}

/** Whether there is a run of 16 digits and points, in a number or not. It covers every 16th byte somewhere, so only those are looked at. */
function hasLongNumber(data: Buffer): boolean {
  for (let i = LONG_RUN - 1; i < data.length; i += LONG_RUN) {
    if (!isDigitOrPoint(data, i)) continue;
    let start = i;
    while (start > 0 && isDigitOrPoint(data, start - 1)) start -= 1;
    let end = i + 1;
    while (end < data.length && isDigitOrPoint(data, end)) end += 1;
    if (end - start >= LONG_RUN) return true;
  }
  return false;
}

function isDigitOrPoint(data: Buffer, at: number): boolean {
  const byte = data[at] ?? 0;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e;
}

function hasUnwantedEscape(data: Buffer): boolean {
  let at = data.indexOf(BACKSLASH);
  while (at !== -1) {
    let length = 2;
    if (data[at + 1] === 0x75) {
      const text = data.toString('latin1', at, at + PAIR_LENGTH);
      if (PAIR.test(text)) length = PAIR_LENGTH;
      else if (UNWANTED.test(text.slice(0, 6))) return true;
    }
    at = data.indexOf(BACKSLASH, at + length);
  }
  return false;
}

function safeValue(text: string): string {
  if (LONG_NUMBER.test(text)) return digitsOf(text) > SAFE_DIGITS ? `"${text}"` : text;
  return UNWANTED.test(text) ? wellFormedJson(text) : text;
}

function digitsOf(number: string): number {
  return number
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '').length;
}

/** Replaces NULs, and each half of a surrogate pair that stands alone; every other escape stays as it is written. */
export function wellFormedJson(json: string): string {
  return json.replace(
    /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\./g,
    (found, unwanted: string | undefined) => (unwanted === undefined ? found : '\\ufffd'),
  );
}
