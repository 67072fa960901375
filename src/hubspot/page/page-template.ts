import { isAt, skipSpaces, stringEnd, valueStart } from './json-bytes.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;
const NULL = Buffer.from('null');
const WORD = 4;

/** The bytes from the end of one property's value to the beginning of the next one's. */
interface Key {
  name: string;
  /** The key with quotes, colon and spaces, preceded by a comma except for the first. */
  bytes: Buffer;
  /** The number of bytes before the opening quote. */
  quoteAt: number;
}

/**
 * The properties of a page's rows in the order and with the spacing in which HubSpot writes them, learned from one row. The other
 * rows have the same, so that comparing bytes is enough to find each value.
 */
export class PageTemplate {
  /** The properties' names, without duplicates. */
  readonly names: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  /** The length in bytes of each property's {@link Key}. */
  readonly #lengths: Int32Array;
  readonly #quotes: Int32Array;
  /** The bytes of these keys as words, and the index of the first word of each; a key's last word overlaps with the one before. */
  readonly #words: Int32Array;
  readonly #starts: Int32Array;

  private constructor(keys: readonly Key[]) {
    this.names = keys.map(({ name }) => name);
    this.#indexes = new Map(this.names.map((name, index) => [name, index]));
    const words = keys.map(({ bytes }) => wordsOf(bytes));
    this.#lengths = Int32Array.from(keys, ({ bytes }) => bytes.length);
    this.#quotes = Int32Array.from(keys, ({ quoteAt }) => quoteAt);
    this.#words = Int32Array.from(words.flat());
    this.#starts = new Int32Array(keys.length + 1);
    for (const [index, { length }] of words.entries()) this.#starts[index + 1] = (this.#starts[index] ?? 0) + length;
  }

  /** The index of a property's value among a row's spans, or -1. */
  indexOf(name: string): number {
    return this.#indexes.get(name) ?? -1;
  }

  /** The number of bytes from the opening quote of a property's key to its value. */
  keyLength(index: number): number {
    return (this.#lengths[index] ?? 0) - (this.#quotes[index] ?? 0);
  }

  /**
   * Learns the template from the properties of one row. null: a key occurs twice, or a value is neither a string nor null. Throws a
   * SyntaxError if a key is not JSON.
   *
   * @param from after the opening brace
   */
  static learn(bytes: Buffer, from: number): PageTemplate | null {
    const keys: Key[] = [];
    let at = from;
    while (bytes[at] !== CLOSING_BRACE) {
      const start = at;
      if (keys.length > 0 && bytes[at++] !== COMMA) return null;
      const quote = skipSpaces(bytes, at);
      const keyEnd = Math.abs(stringEnd(bytes, quote));
      const value = valueStart(bytes, keyEnd);
      if (keyEnd === 0 || value < start + WORD) return null;
      const name: string = JSON.parse(bytes.toString('utf8', quote, keyEnd));
      keys.push({ name, bytes: Buffer.from(bytes.subarray(start, value)), quoteAt: quote - start });
      at = Math.abs(stringEnd(bytes, value)) || (isAt(bytes, NULL, value) ? value + NULL.length : 0);
      if (at === 0) return null;
    }
    const template = new PageTemplate(keys);
    return template.#indexes.size === keys.length ? template : null;
  }

  /**
   * Finds the values of a row, which has no control characters. For each property, two numbers in `spans` say where in `text` the
   * JSON of its value is:
   *
   * | begins | ends | |
   * |---|---|---|
   * | > 0 | > 0 | a string, quotes included |
   * | > 0 | < 0 | the same, with escapes in it; it ends at the absolute value |
   * | 0 | > 0 | null, which ends there |
   * | 0 | 0 | the row does not have the property |
   *
   * @param text the row's bytes as characters, and perhaps what follows
   * @param bytes the same from `offset` on
   * @param from behind the opening brace
   * @returns where the closing brace is; -1: the row is not as expected, or longer than `text`
   */
  scan(text: string, bytes: DataView, offset: number, from: number, spans: Int32Array, base: number): number {
    const { length } = this.#lengths;
    let escapeAt = nextEscape(text, from);
    let at = from;
    let place = base;
    for (let index = 0; index < length; index += 1, place += 2) {
      const keyEnd = this.#keyEnd(index, bytes, offset + at) - offset;
      let start = 0;
      let end = 0;
      if (keyEnd > at) {
        // A comma with nothing before it: the row lacks the first property.
        if (index > 0 && at === from) return -1;
        if (text.charCodeAt(keyEnd) === QUOTE) {
          start = keyEnd;
          end = text.indexOf('"', keyEnd + 1) + 1;
          if (end === 0) return -1;
          if (end > escapeAt) {
            end = escapedEnd(text, keyEnd);
            if (end === 0) return -1;
            escapeAt = nextEscape(text, end);
            at = end;
            end = -end;
          } else at = end;
        } else if (text.startsWith('null', keyEnd)) {
          end = keyEnd + NULL.length;
          at = end;
        } else return -1;
      }
      spans[place] = start;
      spans[place + 1] = end;
    }
    return text.charCodeAt(at) === CLOSING_BRACE ? at : -1;
  }

  /** The offset after the property's key at `at`; 0: another key or none is there. */
  #keyEnd(index: number, bytes: DataView, at: number): number {
    const end = at + (this.#lengths[index] ?? 0);
    if (end > bytes.byteLength) return 0;
    const last = (this.#starts[index + 1] ?? 0) - 1;
    let place = at;
    for (let word = this.#starts[index] ?? 0; word < last; word += 1, place += WORD) {
      if (bytes.getInt32(place, true) !== this.#words[word]) return 0;
    }
    return bytes.getInt32(end - WORD, true) === this.#words[last] ? end : 0;
  }
}

/** The bytes of a key as words. A key has at least four bytes. */
function wordsOf(key: Buffer): number[] {
  const words: number[] = [];
  for (let at = 0; at + WORD < key.length; at += WORD) words.push(key.readInt32LE(at));
  return [...words, key.readInt32LE(key.length - WORD)];
}

function nextEscape(text: string, from: number): number {
  const at = text.indexOf('\\', from);
  return at === -1 ? Number.POSITIVE_INFINITY : at;
}

/** The offset after the closing quote of a string with escapes; 0: it is not closed, or an escape is invalid. */
function escapedEnd(text: string, start: number): number {
  ESCAPED.lastIndex = start;
  return ESCAPED.test(text) ? ESCAPED.lastIndex : 0;
}

const ESCAPED = /"[^"\\]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\]*)*"/y;
