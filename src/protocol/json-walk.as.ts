// AssemblyScript, compiled to WebAssembly (scripts/compile-walk.mjs). The walk of json-skip.ts over bytes in this module's memory, sixteen
// at a time. It is only believed where it comes to a value's end: whatever it refuses is walked over again there, for the same error at
// the same place. So it may refuse what is right, but must never accept what json-skip.ts does not.

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const OPEN_OBJECT: u32 = 0x7b;
const CLOSE_OBJECT: u32 = 0x7d;
const OPEN_ARRAY: u32 = 0x5b;
const CLOSE_ARRAY: u32 = 0x5d;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const MINUS: u32 = 0x2d;
const PLUS: u32 = 0x2b;
const DOT: u32 = 0x2e;
const ZERO: u32 = 0x30;
const SPACE: u32 = 0x20;

/** Little-endian words of four letters. */
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;

const DEEPEST: i32 = 1000;
const MOST_CHARACTERS: i32 = 15;
/** What is no JSON. */
const REFUSED: i32 = -1;

/** As `odditiesMet` of json-skip.ts. */
export let oddities: i32 = 0;

/** Walks over the value at an address; returns the address behind it, or REFUSED. */
export function skipValue(at: i32, depth: i32): i32 {
  const c = byteAt(at);
  if (c === QUOTE) return skipString(at);
  if (c === OPEN_OBJECT) return skipObject(at, depth + 1);
  if (c === OPEN_ARRAY) return skipArray(at, depth + 1);
  if (c === 0x74) return load<u32>(at) === TRUE ? at + 4 : REFUSED;
  if (c === 0x66) return load<u32>(at + 1) === ALSE ? at + 5 : REFUSED;
  if (c === 0x6e) return load<u32>(at) === NULL ? at + 4 : REFUSED;
  return skipNumber(at);
}

function byteAt(at: i32): u32 {
  return load<u8>(at);
}

function skipSpace(at: i32): i32 {
  let i = at;
  while (true) {
    const c = byteAt(i);
    if (c > SPACE) return i;
    if (c !== SPACE && c !== 0x0a && c !== 0x0d && c !== 0x09) return i;
    i += 1;
  }
}

function skipObject(at: i32, depth: i32): i32 {
  if (depth > DEEPEST) return REFUSED;
  let i = skipSpace(at + 1);
  if (byteAt(i) === CLOSE_OBJECT) return i + 1;
  while (true) {
    if (byteAt(i) !== QUOTE) return REFUSED;
    i = skipString(i);
    if (i < 0) return REFUSED;
    i = skipSpace(i);
    if (byteAt(i) !== COLON) return REFUSED;
    i = skipValue(skipSpace(i + 1), depth);
    if (i < 0) return REFUSED;
    i = skipSpace(i);
    const c = byteAt(i);
    if (c === CLOSE_OBJECT) return i + 1;
    if (c !== COMMA) return REFUSED;
    i = skipSpace(i + 1);
  }
}

function skipArray(at: i32, depth: i32): i32 {
  if (depth > DEEPEST) return REFUSED;
  let i = skipSpace(at + 1);
  if (byteAt(i) === CLOSE_ARRAY) return i + 1;
  while (true) {
    i = skipValue(i, depth);
    if (i < 0) return REFUSED;
    i = skipSpace(i);
    const c = byteAt(i);
    if (c === CLOSE_ARRAY) return i + 1;
    if (c !== COMMA) return REFUSED;
    i = skipSpace(i + 1);
  }
}

function skipString(at: i32): i32 {
  const quotes = i8x16.splat(<i8>QUOTE);
  const backslashes = i8x16.splat(<i8>BACKSLASH);
  const spaces = i8x16.splat(<i8>SPACE);
  let i = at + 1;
  while (true) {
    const bytes = v128.load(i);
    const plain = v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes));
    const special = v128.or(plain, i8x16.lt_u(bytes, spaces));
    if (!v128.any_true(special)) {
      i += 16;
      continue;
    }
    i += ctz(i8x16.bitmask(special));
    const c = byteAt(i);
    if (c === QUOTE) return i + 1;
    if (c !== BACKSLASH) return REFUSED;
    oddities += 1;
    i = skipEscape(i);
    if (i < 0) return REFUSED;
  }
}

function skipEscape(at: i32): i32 {
  const c = byteAt(at + 1);
  if (c === 0x75) {
    for (let i = at + 2; i < at + 6; i += 1) if (!isHex(byteAt(i))) return REFUSED;
    return at + 6;
  }
  // One of " \ / b f n r t
  const isKnown =
    c === QUOTE || c === BACKSLASH || c === 0x2f || c === 0x62 || c === 0x66 || c === 0x6e || c === 0x72 || c === 0x74;
  return isKnown ? at + 2 : REFUSED;
}

function isHex(c: u32): bool {
  return isDigit(c) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

function isDigit(c: u32): bool {
  return c >= 0x30 && c <= 0x39;
}

/** Behind digits, of which there must be one. */
function skipDigits(at: i32): i32 {
  let i = at;
  while (isDigit(byteAt(i))) i += 1;
  return i > at ? i : REFUSED;
}

function skipNumber(at: i32): i32 {
  let i = byteAt(at) === MINUS ? at + 1 : at;
  i = byteAt(i) === ZERO ? i + 1 : skipDigits(i);
  if (i < 0) return REFUSED;
  if (byteAt(i) === DOT) {
    i = skipDigits(i + 1);
    if (i < 0) return REFUSED;
  }
  if (byteAt(i) === 0x65 || byteAt(i) === 0x45) {
    i += 1;
    if (byteAt(i) === PLUS || byteAt(i) === MINUS) i += 1;
    i = skipDigits(i);
    if (i < 0) return REFUSED;
  }
  if (i - at > MOST_CHARACTERS) oddities += 1;
  return i;
}
