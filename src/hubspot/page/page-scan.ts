import { isUtf8 } from 'node:buffer';
import { hasControls, memberStart, objectEnd, skipSpaces, stringEnd, trimmed, valueStart } from './json-bytes.js';
import { PageTemplate } from './page-template.js';
import { type RowRest, ScannedRow, type ScannedValues } from './scanned-row.js';

const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;

const RESULTS = Buffer.from('"results"');
const PROPERTIES = Buffer.from('"properties"');
/** Stands for the member that is not parsed, so that a second one of its name is noticed. */
const LEFT_OUT = '"":0';
/** The rows that a page is expected to have; more make room for themselves. */
const USUAL_ROWS = 100;

/** The templates of the pages before, by the list of properties that was asked for. */
const templates = new WeakMap<readonly string[], PageTemplate>();

/**
 * Reads a list, search or batch-read answer without parsing its rows, as long as it is written in one line, and its rows have
 * strings or null as properties, in the same order and with the same spaces in all rows. Rows that differ are parsed one by one.
 * What this returns, JSON.parse would have read, too.
 *
 * @param asked the properties that were asked for; pages of one list have one template
 * @returns null where the page as a whole looks different, or is no JSON
 */
export function scanPage(body: Buffer, asked: readonly string[]): Record<string, unknown> | null {
  const bytes = trimmed(body);
  if (bytes[0] !== OPENING_BRACE || !isUtf8(bytes) || hasControls(bytes)) return null;
  try {
    return new PageScan(bytes, asked).read();
  } catch (error) {
    // A part that is no JSON.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

class PageScan {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #asked: readonly string[];
  #values: ScannedValues | null = null;
  /** How the first row begins: its brace, and its first key. */
  #opening: Buffer | null = null;
  /** How many of the spans are used. */
  #used = 0;

  constructor(bytes: Buffer, asked: readonly string[]) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#asked = asked;
  }

  read(): Record<string, unknown> | null {
    const bytes = this.#bytes;
    const key = memberStart(bytes, 1, RESULTS);
    const list = key === 0 ? 0 : valueStart(bytes, key + RESULTS.length);
    if (list === 0 || bytes[list] !== OPENING_BRACKET) return null;
    const results: unknown[] = [];
    let at = skipSpaces(bytes, list + 1);
    while (bytes[at] !== CLOSING_BRACKET) {
      if (results.length > 0 && bytes[at++] !== COMMA) return null;
      const end = this.#row(skipSpaces(bytes, at), results);
      if (end === 0) return null;
      at = skipSpaces(bytes, end);
    }
    const { '': _, ...rest }: Record<string, unknown> = JSON.parse(textAround(bytes, 0, key, at + 1, bytes.length));
    return Object.hasOwn(rest, 'results') ? null : { ...rest, results };
  }

  /** Adds the row that begins at `start`. Returns where it ends; 0: there is none. */
  #row(start: number, rows: unknown[]): number {
    const bytes = this.#bytes;
    const scanned = this.#scan(start);
    if (scanned) rows.push(scanned.row);
    const end = scanned?.end ?? (bytes[start] === OPENING_BRACE ? objectEnd(bytes, start + 1) : 0);
    if (!scanned && end > 0) rows.push(JSON.parse(bytes.toString('utf8', start, end)));
    return end;
  }

  #scan(start: number): { row: ScannedRow; end: number } | null {
    const bytes = this.#bytes;
    if (bytes[start] !== OPENING_BRACE) return null;
    const key = memberStart(bytes, start + 1, PROPERTIES);
    const brace = key === 0 ? 0 : valueStart(bytes, key + PROPERTIES.length);
    if (brace === 0 || bytes[brace] !== OPENING_BRACE) return null;
    const from = brace + 1;
    const text = this.#text(start, from);
    const closing = this.#scanValues(text, start, from - start);
    const values = this.#values;
    if (closing === -1 || values === null) return null;
    const tail = start + closing + 1;
    const end = objectEnd(bytes, tail);
    if (end === 0) return null;
    const rest: RowRest & { id: unknown } = JSON.parse(textAround(bytes, start, key, tail, end));
    const id = typeof rest.id === 'number' ? String(rest.id) : rest.id;
    if (typeof id !== 'string' || Object.hasOwn(rest, 'properties')) return null;
    const row = new ScannedRow(values, this.#used, text, id, rest);
    this.#used += 2 * values.template.names.length;
    return { row, end };
  }

  /**
   * The row from `start` on, until another object begins as the first row did, which nothing in a text can: that is behind its
   * properties. Pieces of this are pieces of the UTF-8. A text of the whole page would be a large object, which costs more to make.
   *
   * @param from behind the opening brace of the properties
   */
  #text(start: number, from: number): string {
    const bytes = this.#bytes;
    this.#opening ??= bytes.subarray(start, Math.abs(stringEnd(bytes, skipSpaces(bytes, start + 1))));
    const next = bytes.indexOf(this.#opening, from);
    return bytes.toString('latin1', start, next === -1 ? bytes.length : next);
  }

  /** Finds the values of the row at `start`, whose properties begin `from` bytes behind it; where they end, or -1. */
  #scanValues(text: string, start: number, from: number): number {
    if (!this.#values) return this.#scanFirst(text, start, from);
    const { template, spans } = this.#values;
    const needed = this.#used + 2 * template.names.length;
    if (needed > spans.length) {
      const larger = new Int32Array(2 * needed);
      larger.set(spans);
      this.#values.spans = larger;
    }
    return template.scan(text, this.#view, start, from, this.#values.spans, this.#used);
  }

  /** The same with the template of the page before, or one that is learned from this row. */
  #scanFirst(text: string, start: number, from: number): number {
    const known = templates.get(this.#asked);
    const closing = known ? this.#scanWith(known, text, start, from) : -1;
    if (closing !== -1) return closing;
    const learned = PageTemplate.learn(this.#bytes, start + from);
    return learned ? this.#scanWith(learned, text, start, from) : -1;
  }

  #scanWith(template: PageTemplate, text: string, start: number, from: number): number {
    const spans = new Int32Array(2 * template.names.length * USUAL_ROWS);
    const closing = template.scan(text, this.#view, start, from, spans, 0);
    if (closing === -1) return -1;
    templates.set(this.#asked, template);
    this.#values = { template, spans };
    return closing;
  }
}

/** The JSON of an object without one of its members: from `start` to its `key`, and from `tail` behind it to `end`. */
function textAround(bytes: Buffer, start: number, key: number, tail: number, end: number): string {
  return `${bytes.toString('utf8', start, key)}${LEFT_OUT}${bytes.toString('utf8', tail, end)}`;
}
