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
/** Replaces the member that is not parsed, so that a second member of its name is noticed. */
const LEFT_OUT = '"":0';
/** The initial capacity for rows per page; it grows as needed. */
const EXPECTED_ROWS = 100;

/** The templates of previous pages, by the list of requested properties. */
const templates = new WeakMap<readonly string[], PageTemplate>();

/**
 * Reads the response of a list, search or batch read without parsing its rows, provided that it is on one line, and that the
 * properties of all rows are strings or null, in the same order and with the same spacing. Rows that differ are parsed
 * individually. The result is the same as that of JSON.parse.
 *
 * @param asked the requested properties; the pages of one list share a template
 * @returns null if the page as a whole has another form, or is not JSON
 */
export function scanPage(body: Buffer, asked: readonly string[]): Record<string, unknown> | null {
  const bytes = trimmed(body);
  if (bytes[0] !== OPENING_BRACE || !isUtf8(bytes) || hasControls(bytes)) return null;
  try {
    return new PageScan(bytes, asked).read();
  } catch (error) {
    // A part is not JSON.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

class PageScan {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #asked: readonly string[];
  #values: ScannedValues | null = null;
  /** The beginning of the first row: its brace, and its first key. */
  #opening: Buffer | null = null;
  /** The number of spans used. */
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

  /** Adds the row at `start`. Returns the offset after it; 0: there is none. */
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
   * The page from `start` up to the next object that begins like the first row, which is after this row's properties, since no
   * string can contain that beginning. Slices of this text are slices of the UTF-8. One text for the whole page would be a large
   * object in V8, which costs more to allocate.
   *
   * @param from after the opening brace of the properties
   */
  #text(start: number, from: number): string {
    const bytes = this.#bytes;
    this.#opening ??= bytes.subarray(start, Math.abs(stringEnd(bytes, skipSpaces(bytes, start + 1))));
    const next = bytes.indexOf(this.#opening, from);
    return bytes.toString('latin1', start, next === -1 ? bytes.length : next);
  }

  /** Finds the values of the row at `start`, whose properties begin `from` bytes after it. Returns where they end, or -1. */
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

  /** The same with the previous page's template, or one that is learned from this row. */
  #scanFirst(text: string, start: number, from: number): number {
    const known = templates.get(this.#asked);
    const closing = known ? this.#scanWith(known, text, start, from) : -1;
    if (closing !== -1) return closing;
    const learned = PageTemplate.learn(this.#bytes, start + from);
    return learned ? this.#scanWith(learned, text, start, from) : -1;
  }

  #scanWith(template: PageTemplate, text: string, start: number, from: number): number {
    const spans = new Int32Array(2 * template.names.length * EXPECTED_ROWS);
    const closing = template.scan(text, this.#view, start, from, spans, 0);
    if (closing === -1) return -1;
    templates.set(this.#asked, template);
    this.#values = { template, spans };
    return closing;
  }
}

/**
 * The JSON of an object except for one of its members: from `start` to the member's `key`, and from `tail`, after its value, to
 * `end`.
 */
function textAround(bytes: Buffer, start: number, key: number, tail: number, end: number): string {
  return `${bytes.toString('utf8', start, key)}${LEFT_OUT}${bytes.toString('utf8', tail, end)}`;
}
