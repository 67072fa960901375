/**
 * The walk itself: over one value, without making it, to where it ends. It accepts exactly what `JSON.parse` accepts (RFC 8259),
 * for bytes that are valid UTF-8.
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

/** Nesting deeper than this is refused rather than risking the call stack. */
const DEEPEST = 1000;

/** A number of no more characters has no more digits than a double keeps. */
const MOST_CHARACTERS = 15;

let oddities = 0;

/** How many escapes, and numbers of more than 15 characters, all walks so far have come by. */
export function odditiesMet(): number {
  return oddities;
}

export function fail(offset: number): never {
  throw new JsonSyntaxError(offset);
}

/** The offset of the first byte at or after `at` that is not white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const c = bytes[i] ?? 0;
    // Most often there is none.
    if (c > 0x20) return i;
    if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) i += 1;
    else return i;
  }
}

/** Walks over one value that starts at `at`; returns the offset behind it. Throws JsonSyntaxError. */
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

/** The bytes that were walked over last, and how words of them are read. */
let viewed: Buffer = Buffer.alloc(0);
let view = new DataView(viewed.buffer, 0, 0);

/** Four bytes at a time, up to the next that has a meaning: most bytes of a record are plain ones of strings. */
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
        // The lowest bit that is set is right; those above it may come of its borrow.
        i += (31 - Math.clz32(found & -found)) >> 3;
        break;
      }
      i += 4;
    }
    const c = bytes[i];
    if (c === QUOTE) return i + 1;
    if (c === BACKSLASH) {
      oddities += 1;
      i = skipEscape(bytes, i);
    } else if (c === undefined || c < 0x20) fail(i);
    else i += 1;
  }
}

/** Sets the highest bit of the first byte of a word that is a quote, a backslash or below the space; 0: there is none. */
function special(word: number): number {
  // With this bit turned, the quote comes right behind what is below the space, and all of them are below 0x21.
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
  if (i - at > MOST_CHARACTERS) oddities += 1;
  return i;
}

function skipWord(bytes: Buffer, at: number, word: string): number {
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word.charCodeAt(i)) fail(at + i);
  return at + word.length;
}
