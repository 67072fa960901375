/**
 * Scans over one JSON value to find its end, without building it. Accepts exactly what `JSON.parse` accepts (RFC 8259), given bytes
 * that are valid UTF-8.
 */

export class JsonSyntaxError extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super(`not JSON at byte ${offset}`);
    this.name = 'JsonSyntaxError';
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;

/** Deeper nesting is rejected rather than risking a stack overflow. */
const DEEPEST = 1000;

/** A number of up to this many characters has no more digits than a double keeps. */
const MOST_CHARACTERS = 15;

let nonPlain = 0;

/** How many escapes and long numbers have been scanned so far: values that need care if something is to re-encode them. */
export function nonPlainCount(): number {
  return nonPlain;
}

export function fail(offset: number): never {
  throw new JsonSyntaxError(offset);
}

/** The offset of the first byte at or after `at` that is not white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const c = bytes[i] ?? 0;
    // The most frequent case: no white space.
    if (c > 0x20) return i;
    if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) i += 1;
    else return i;
  }
}

/** Scans over the value that starts at `at`; returns the offset after it. Throws JsonSyntaxError. */
export function skipValue(bytes: Buffer, at: number, depth = 0): number {
  const c = bytes[at];
  if (c === QUOTE) return skipString(bytes, at);
  if (c === OPEN_OBJECT) return skipObject(bytes, at, depth + 1);
  if (c === OPEN_ARRAY) return skipArray(bytes, at, depth + 1);
  if (c === 0x74) return skipWord(bytes, at, 'true');
  if (c === 0x66) return skipWord(bytes, at, 'false');
  if (c === 0x6e) return skipWord(bytes, at, 'null');
  return skipNumber(bytes, at);
}

function skipObject(bytes: Buffer, at: number, depth: number): number {
  if (depth > DEEPEST) fail(at);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === CLOSE_OBJECT) return i + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) fail(i);
    i = skipSpace(bytes, skipString(bytes, i));
    if (bytes[i] !== COLON) fail(i);
    i = skipSpace(bytes, skipValue(bytes, skipSpace(bytes, i + 1), depth));
    if (bytes[i] === CLOSE_OBJECT) return i + 1;
    if (bytes[i] !== COMMA) fail(i);
    i = skipSpace(bytes, i + 1);
  }
}

function skipArray(bytes: Buffer, at: number, depth: number): number {
  if (depth > DEEPEST) fail(at);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === CLOSE_ARRAY) return i + 1;
  for (;;) {
    i = skipSpace(bytes, skipValue(bytes, i, depth));
    if (bytes[i] === CLOSE_ARRAY) return i + 1;
    if (bytes[i] !== COMMA) fail(i);
    i = skipSpace(bytes, i + 1);
  }
}

/** The buffer scanned last, and a view to read its words. */
let viewed: Buffer = Buffer.alloc(0);
let view = new DataView(viewed.buffer, 0, 0);

/** Advances four bytes at a time to the next significant byte: most bytes of a record are plain characters of strings. */
export function skipString(bytes: Buffer, at: number): number {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const last = bytes.length - 4;
  let i = at + 1;
  for (;;) {
    while (i <= last) {
      const found = special(view.getInt32(i, true));
      if (found !== 0) {
        // The lowest set bit is right; higher ones may result from its borrow.
        i += (31 - Math.clz32(found & -found)) >> 3;
        break;
      }
      i += 4;
    }
    const c = bytes[i];
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) {
      nonPlain += 1;
      i = skipEscape(bytes, i);
    } else if (c === undefined || c < 0x20) fail(i);
    else i += 1;
  }
}

/** Sets the highest bit of the first byte in a word that is a quote, a backslash or a control character; 0: there is none. */
function special(word: number): number {
  // Flipping this bit moves the quote (0x22 → 0x20) next to the control characters, so that one comparison with 0x21 finds both.
  const turned = word ^ 0x02020202;
  const backslash = word ^ 0x5c5c5c5c;
  return (((turned - 0x21212121) & ~turned) | ((backslash - 0x01010101) & ~backslash)) & 0x80808080;
}

function skipEscape(bytes: Buffer, at: number): number {
  const c = bytes[at + 1];
  if (c === 0x75) {
    for (let i = at + 2; i < at + 6; i += 1) if (!isHex(bytes[i])) fail(i);
    return at + 6;
  }
  // One of " \ / b f n r t
  if (
    c === QUOTE ||
    c === BACKSLASH ||
    c === 0x2f ||
    c === 0x62 ||
    c === 0x66 ||
    c === 0x6e ||
    c === 0x72 ||
    c === 0x74
  ) {
    return at + 2;
  }
  return fail(at + 1);
}

function isHex(c: number | undefined): boolean {
  return c !== undefined && ((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66));
}

function isDigit(c: number | undefined): boolean {
  return c !== undefined && c >= 0x30 && c <= 0x39;
}

function skipDigits(bytes: Buffer, at: number): number {
  let i = at;
  if (!isDigit(bytes[i])) fail(i);
  while (isDigit(bytes[i])) i += 1;
  return i;
}

function skipNumber(bytes: Buffer, at: number): number {
  let i = bytes[at] === MINUS ? at + 1 : at;
  i = bytes[i] === ZERO ? i + 1 : skipDigits(bytes, i);
  if (bytes[i] === DOT) i = skipDigits(bytes, i + 1);
  if (bytes[i] === 0x65 || bytes[i] === 0x45) {
    i += 1;
    if (bytes[i] === 0x2b || bytes[i] === MINUS) i += 1;
    i = skipDigits(bytes, i);
  }
  if (i - at > MOST_CHARACTERS) nonPlain += 1;
  return i;
}

function skipWord(bytes: Buffer, at: number, word: string): number {
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word.charCodeAt(i)) fail(at + i);
  return at + word.length;
}
