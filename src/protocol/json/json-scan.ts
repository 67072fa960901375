import { fail, skipSpace, skipString, skipValue } from './json-skip.js';

/**
 * Finds the members of an object by scanning JSON bytes without building values (`json-skip.ts`), so that what need not be
 * understood can be passed on byte for byte. That keeps every digit of every number (`JSON.parse` keeps 53 bits) and costs a
 * fraction of parsing.
 */

/** A value's position: from `start` (its first byte) to `end` (after its last). */
export interface Span {
  start: number;
  end: number;
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * Calls `member` with the spans of the key (quotes included) and value of each member of the object at `at`; returns the offset
 * after the object. Nested members are not visited.
 */
export function eachMember(bytes: Buffer, at: number, member: (key: Span, value: Span) => void): number {
  return walkMembers(bytes, at, (key, start) => {
    const end = skipValue(bytes, start, 1);
    member(key, { start, end });
    return end;
  });
}

/**
 * Calls `walk` for each member of the object at `at` with its key and the start of its value; it must scan the value and return the
 * offset after it, so that nested members can be found in the same pass. Returns the offset after the object.
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
 * The members of the object that `bytes` consists of, by name; the last of repeated names, as in `JSON.parse`. Throws
 * JsonSyntaxError where the bytes are not one JSON object.
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

/** Like {@link membersOf}, plus the members of those members that are objects and that `isInner` selects, in the same pass. */
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
      // The last of repeated names counts.
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
 * A cache of short strings, withObjectPath by length and a hash of two bytes: the names in an envelope and of its stream recur with
 * every line, and decoding them costs more than comparing their bytes.
 */
const cached: ({ bytes: Buffer; text: string } | undefined)[] = new Array(256);
const LONGEST_CACHED = 40;

/** The string at `span` (quotes included in the span), unescaped. */
export function stringAt(bytes: Buffer, span: Span): string {
  const { start, end } = span;
  const length = end - start;
  if (length > LONGEST_CACHED || length < 3) return decode(bytes, start, end);
  const slot = (length * 37 + (bytes[start + 1] ?? 0) * 5 + (bytes[end - 2] ?? 0)) & 255;
  const known = cached[slot];
  if (known !== undefined && isAt(bytes, start, end, known.bytes)) return known.text;
  const text = decode(bytes, start, end);
  cached[slot] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
  return text;
}

function isAt(bytes: Buffer, start: number, end: number, expected: Buffer): boolean {
  if (expected.length !== end - start) return false;
  for (let i = 0; i < expected.length; i += 1) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

function decode(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  return text.includes('\\') ? JSON.parse(text) : text.slice(1, -1);
}

export function isNull(bytes: Buffer, span: Span | undefined): boolean {
  return span === undefined || bytes[span.start] === 0x6e;
}
