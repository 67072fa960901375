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
/** Words checked per call. */
const BLOCK = 512;

/** Whether `expected` is found at `at`. */
export function isAt(bytes: Uint8Array, expected: Uint8Array, at: number): boolean {
  for (let i = 0; i < expected.length; i += 1) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** The bytes without trailing white space. */
export function trimmed(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (isWhite(bytes[end - 1])) end -= 1;
  return bytes.subarray(0, end);
}

function isWhite(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}

/** The offset of the next byte other than a space. */
export function skipSpaces(bytes: Uint8Array, at: number): number {
  let next = at;
  while (bytes[next] === SPACE) next += 1;
  return next;
}

/** Whether there are control characters, which JSON on one line does not have, and strings must not. */
export function hasControls(bytes: Uint8Array): boolean {
  const start = Math.min(bytes.length, (WORD - (bytes.byteOffset % WORD)) % WORD);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, Math.floor((bytes.length - start) / WORD));
  for (let from = 0; from < words.length; from += BLOCK) {
    if (blockHasControls(words, from, Math.min(words.length, from + BLOCK))) return true;
  }
  const isControl = (byte: number) => byte < SPACE;
  return bytes.subarray(0, start).some(isControl) || bytes.subarray(start + WORD * words.length).some(isControl);
}

/** In blocks, because V8 optimises a function that is called often sooner than one that runs for long. */
function blockHasControls(words: Int32Array, from: number, to: number): boolean {
  // Subtracting 0x20 from each byte sets the highest bit of those below it. `& ~word` excludes bytes that had it set before.
  let found = 0;
  for (let i = from; i < to; i += 1) {
    const word = words[i] ?? 0;
    found |= ((word - 0x20202020) | 0) & ~word;
  }
  return (found & 0x80808080) !== 0;
}

/**
 * The offset after the closing quote of the string at `at`; negative if it contains escapes, which are not validated; 0: not a
 * string.
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

/** The offset after the closing brace of the object that contains `at`; 0: it is not closed. Its JSON is not validated. */
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
 * The offset of the member with this key in the object whose first member starts at `at`; 0: there is none. The JSON of the members
 * before it is not validated.
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

/** The offset of the value of the member whose key ends at `keyEnd`; 0: there is no colon. */
export function valueStart(bytes: Uint8Array, keyEnd: number): number {
  const colon = skipSpaces(bytes, keyEnd);
  return bytes[colon] === COLON ? skipSpaces(bytes, colon + 1) : 0;
}

/** The offset after the value at `at`, of which only strings and brackets are checked; 0: it does not end. */
function valueEnd(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return Math.abs(stringEnd(bytes, at));
  if (first === OPENING_BRACE || first === OPENING_BRACKET) return objectEnd(bytes, at + 1);
  let end = at;
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== CLOSING_BRACE && bytes[end] !== SPACE) end += 1;
  return end;
}
