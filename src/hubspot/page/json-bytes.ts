const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const WORD = 4;
/** Words that are looked at in one call. */
const BLOCK = 512;

/** Whether `expected` stands at `at`. */
export function isAt(bytes: Uint8Array, expected: Uint8Array, at: number): boolean {
  for (let i = 0; i < expected.length; i += 1) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** The bytes without the white space behind them. */
export function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (isWhite(bytes[end - 1])) end -= 1;
  return bytes.subarray(0, end);
}

function isWhite(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/** Where the next byte that is no space is. */
export function skipSpaces(bytes: Uint8Array, at: number): number {
  let next = at;
  while (bytes[next] === SPACE) next += 1;
  return next;
}

/** Whether there are characters below the space, which JSON in one line does not have, and strings must not. */
export function hasControls(bytes: Uint8Array): boolean {
  const start = Math.min(bytes.length, (WORD - (bytes.byteOffset % WORD)) % WORD);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, Math.floor((bytes.length - start) / WORD));
  for (let from = 0; from < words.length; from += BLOCK) {
    if (blockHasControls(words, from, Math.min(words.length, from + BLOCK))) return true;
  }
  const isControl = (byte: number) => byte < SPACE;
  return bytes.subarray(0, start).some(isControl) || bytes.subarray(start + WORD * words.length).some(isControl);
}

/** In blocks, because V8 compiles what is called often sooner than what runs long. */
function blockHasControls(words: Int32Array, from: number, to: number): boolean {
  // Taking 0x20 from each byte sets the highest bit of those that are smaller, and of those that had it before.
  let found = 0;
  for (let i = from; i < to; i += 1) {
    const word = words[i] ?? 0;
    found |= ((word - 0x20202020) | 0) & ~word;
  }
  return (found & 0x80808080) !== 0;
}

/**
 * Where the string that begins at `at` ends, behind its closing quote; negative where it has escapes, which are not looked at; 0: it
 * is none.
 */
export function stringEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return 0;
  let escaped = false;
  for (let i = at + 1; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) return escaped ? -(i + 1) : i + 1;
    if (byte === BACKSLASH) {
      escaped = true;
      i += 1;
    }
  }
  return 0;
}

/** Where the object ends that `at` is in, behind its brace; 0: nowhere. Whether it is JSON is not looked at. */
export function objectEnd(bytes: Uint8Array, at: number): number {
  let open = 1;
  for (let i = at; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const end = Math.abs(stringEnd(bytes, i));
      if (end === 0) return 0;
      i = end - 1;
    } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) open += 1;
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      open -= 1;
      if (open === 0) return i + 1;
    }
  }
  return 0;
}

/**
 * Where the member with this key begins, in the object whose first member begins at `at`; 0: nowhere. Whether the members before it
 * are JSON is not looked at.
 *
 * @param key with its quotes
 */
export function memberStart(bytes: Uint8Array, at: number, key: Uint8Array): number {
  let start = skipSpaces(bytes, at);
  while (!isAt(bytes, key, start)) {
    const value = valueStart(bytes, Math.abs(stringEnd(bytes, start)));
    const end = value === 0 ? 0 : skipSpaces(bytes, valueEnd(bytes, value));
    if (end === 0 || bytes[end] !== COMMA) return 0;
    start = skipSpaces(bytes, end + 1);
  }
  return start;
}

/** Where a member's value begins whose key ends at `keyEnd`; 0: no colon is between them. */
export function valueStart(bytes: Uint8Array, keyEnd: number): number {
  const colon = skipSpaces(bytes, keyEnd);
  return bytes[colon] === COLON ? skipSpaces(bytes, colon + 1) : 0;
}

/** Where the value that begins at `at` ends, of which only strings and brackets are looked at; 0: nowhere. */
function valueEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return Math.abs(stringEnd(bytes, at));
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return objectEnd(bytes, at + 1);
  let end = at;
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== CLOSING_BRACE && bytes[end] !== SPACE) end += 1;
  return end;
}
