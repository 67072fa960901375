/**
 * A validating walk over JSON bytes that makes no values: it finds where the members of an object lie, so that what does not
 * have to be understood can be passed on as it came. That keeps every digit of every number (`JSON.parse` keeps 53 bits) and
 * costs a fraction of a parse.
 *
 * It accepts exactly what `JSON.parse` accepts (RFC 8259), for bytes that are valid UTF-8.
 */

export class JsonSyntaxError extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super(`not JSON at byte ${offset}`);
    this.name = 'JsonSyntaxError';
    this.offset = offset;
  }
}

/** A value's place: from `start` (its first byte) to `end` (behind its last). */
export interface Span {
  start: number;
  end: number;
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

function fail(offset: number): never {
  throw new JsonSyntaxError(offset);
}

/** The offset of the first byte at or after `at` that is not white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let i = at;
  for (;;) {
    const c = bytes[i] as number;
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

/**
 * Calls `member` for each member of the object at `at` with the span of its key (quotes included) and of its value; returns
 * the offset behind the object. Only the outermost members are visited.
 */
export function eachMember(bytes: Buffer, at: number, member: (key: Span, value: Span) => void): number {
  return walkMembers(bytes, at, (key, start) => {
    const end = skipValue(bytes, start, 1);
    member(key, { start, end });
    return end;
  });
}

/**
 * Calls `walk` for each member of the object at `at` with its key and where its value starts; it must walk over the value and
 * return the offset behind it, so that members of members can be found in one pass. Returns the offset behind the object.
 */
export function walkMembers(bytes: Buffer, at: number, walk: (key: Span, start: number) => number): number {
  if (bytes[at] !== OPEN_OBJECT) fail(at);
  let i = skipSpace(bytes, at + 1);
  if (bytes[i] === CLOSE_OBJECT) return i + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) fail(i);
    const key = { start: i, end: skipString(bytes, i) };
    i = skipSpace(bytes, key.end);
    if (bytes[i] !== COLON) fail(i);
    i = skipSpace(bytes, walk(key, skipSpace(bytes, i + 1)));
    if (bytes[i] === CLOSE_OBJECT) return i + 1;
    if (bytes[i] !== COMMA) fail(i);
    i = skipSpace(bytes, i + 1);
  }
}

/**
 * The outermost members of the object that is the whole of `bytes`, by name; of repeated names the last, as in `JSON.parse`.
 * Throws JsonSyntaxError where the bytes are not one JSON object.
 */
export function membersOf(bytes: Buffer, span: Span = { start: 0, end: bytes.length }): Map<string, Span> {
  const members = new Map<string, Span>();
  const start = skipSpace(bytes, span.start);
  expectEnd(
    bytes,
    eachMember(bytes, start, (key, value) => members.set(stringAt(bytes, key), value)),
    span.end,
  );
  return members;
}

/**
 * As {@link membersOf} the whole of `bytes`; of those that are objects themselves and that `isInner` names, their members, in
 * the same walk.
 */
export function membersAndInner(
  bytes: Buffer,
  isInner: (name: string) => boolean,
): { members: Map<string, Span>; inner: Map<string, Map<string, Span>> } {
  const members = new Map<string, Span>();
  const inner = new Map<string, Map<string, Span>>();
  const end = walkMembers(bytes, skipSpace(bytes, 0), (key, start) => {
    const name = stringAt(bytes, key);
    let behind: number;
    if (bytes[start] === OPEN_OBJECT && isInner(name)) {
      const own = new Map<string, Span>();
      inner.set(name, own);
      behind = walkMembers(bytes, start, (innerKey, innerStart) => {
        const innerEnd = skipValue(bytes, innerStart, 2);
        own.set(stringAt(bytes, innerKey), { start: innerStart, end: innerEnd });
        return innerEnd;
      });
    } else {
      // Of a name that comes twice the last counts.
      inner.delete(name);
      behind = skipValue(bytes, start, 1);
    }
    members.set(name, { start, end: behind });
    return behind;
  });
  expectEnd(bytes, end, bytes.length);
  return { members, inner };
}

/** Only white space may follow. */
function expectEnd(bytes: Buffer, at: number, end: number): void {
  const rest = skipSpace(bytes, at);
  if (rest < end) fail(rest);
}

/**
 * Short strings met lately, each at a place made of its length and ends: the names of an envelope and of its stream come again
 * with every line, and decoding them costs more than comparing their bytes.
 */
const met: ({ bytes: Buffer; text: string } | undefined)[] = new Array(256);
const LONGEST_MET = 40;

/** The string at `span` (quotes included in the span), unescaped. */
export function stringAt(bytes: Buffer, span: Span): string {
  const { start, end } = span;
  const length = end - start;
  if (length > LONGEST_MET || length < 3) return decode(bytes, start, end);
  const place = (length * 37 + (bytes[start + 1] as number) * 5 + (bytes[end - 2] as number)) & 255;
  const known = met[place];
  if (known !== undefined && isAt(bytes, start, end, known.bytes)) return known.text;
  const text = decode(bytes, start, end);
  met[place] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
  return text;
}

function isAt(bytes: Buffer, start: number, end: number, expected: Buffer): boolean {
  if (expected.length !== end - start) return false;
  for (let i = 0; i < expected.length; i += 1) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

function decode(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

export function isNull(bytes: Buffer, span: Span | undefined): boolean {
  return span === undefined || bytes[span.start] === 0x6e;
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
function skipString(bytes: Buffer, at: number): number {
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
    if (c === BACKSLASH) i = skipEscape(bytes, i);
    else if (c === undefined || c < 0x20) fail(i);
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
  return i;
}

function skipWord(bytes: Buffer, at: number, word: string): number {
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word.charCodeAt(i)) fail(at + i);
  return at + word.length;
}
