import { isUtf8 } from 'node:buffer';
import { hasControls, isAt, objectEnd } from './json-bytes.js';
import { PageTemplate } from './page-template.js';
import { type RowRest, ScannedRow, type ScannedValues } from './scanned-row.js';

const COMMA = 0x2c;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;

const START = /^\{(?:"total":(0|[1-9]\d{0,14}),)?"results":\[/;
const LONGEST_START = 64;
const ROW_START = Buffer.from('{"id":"');
const PROPERTIES = Buffer.from('","properties":{');
/** The rows that a page is expected to have; more make room for themselves. */
const USUAL_ROWS = 100;

/** The templates of the pages before, by the list of properties that was asked for. */
const templates = new WeakMap<readonly string[], PageTemplate>();

/**
 * Reads a list, search or batch-read answer without parsing its rows, as long as it looks as HubSpot writes it: compact JSON, each
 * row with its id and its properties in front, strings as values, in the same order in all rows. Rows that differ are parsed one
 * by one. What this returns, JSON.parse would have read, too.
 *
 * @param asked the properties that were asked for; pages of one list have one template
 * @returns null where the page as a whole looks different, or is no JSON
 */
export function scanPage(bytes: Buffer, asked: readonly string[]): Record<string, unknown> | null {
  const start = START.exec(bytes.toString('latin1', 0, LONGEST_START));
  if (!start || !isUtf8(bytes) || hasControls(bytes)) return null;
  try {
    return new PageScan(bytes, asked).read(start[0].length, start[1]);
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
  /** How many of the spans are used. */
  #used = 0;
  /** Bytes that hold a row, most likely. */
  #rowLength = 0;

  constructor(bytes: Buffer, asked: readonly string[]) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#asked = asked;
  }

  /** @param from where the first row begins */
  read(from: number, total: string | undefined): Record<string, unknown> | null {
    const bytes = this.#bytes;
    const results: unknown[] = [];
    let at = from;
    while (bytes[at] !== CLOSING_BRACKET) {
      if (results.length > 0 && bytes[at++] !== COMMA) return null;
      const end = this.#row(at, results);
      if (end === 0) return null;
      at = end;
    }
    const rest = JSON.parse(`{"results":0${bytes.toString('utf8', at + 1)}`) as Record<string, unknown>;
    if (rest.results !== 0 || (total !== undefined && Object.hasOwn(rest, 'total'))) return null;
    return { ...(total === undefined ? {} : { total: Number(total) }), ...rest, results };
  }

  /** Adds the row that begins at `start`. Returns where it ends; 0: there is none. */
  #row(start: number, rows: unknown[]): number {
    const bytes = this.#bytes;
    const scanned = this.#scan(start);
    if (scanned) rows.push(scanned.row);
    const end = scanned?.end ?? (bytes[start] === OPENING_BRACE ? objectEnd(bytes, start + 1) : 0);
    if (!scanned && end > 0) rows.push(JSON.parse(bytes.toString('utf8', start, end)));
    this.#rowLength = end - start + ((end - start) >> 1);
    return end;
  }

  #scan(start: number): { row: ScannedRow; end: number } | null {
    const bytes = this.#bytes;
    const idStart = start + ROW_START.length;
    let idEnd = idStart;
    while (isDigit(bytes[idEnd])) idEnd += 1;
    const from = idEnd + PROPERTIES.length;
    if (!isAt(bytes, ROW_START, start) || !isAt(bytes, PROPERTIES, idEnd)) return null;
    let text = this.#text(start, this.#rowLength || objectEnd(bytes, start + 1) - start);
    let closing = this.#scanValues(text, start, from - start);
    if (closing === -1) {
      const length = objectEnd(bytes, start + 1) - start;
      if (length <= text.length) return null;
      text = this.#text(start, length);
      closing = this.#scanValues(text, start, from - start);
    }
    const values = this.#values;
    if (closing === -1 || values === null) return null;
    const tail = start + closing + 1;
    const end = objectEnd(bytes, tail);
    const rest = end === 0 ? null : restOf(bytes, tail, end);
    if (rest === null) return null;
    const row = new ScannedRow(values, this.#used, text, bytes.toString('latin1', idStart, idEnd), rest);
    this.#used += 2 * values.template.names.length;
    return { row, end };
  }

  /** Pieces of this text are pieces of the UTF-8. A text of the whole page would be a large object, which costs more to make. */
  #text(start: number, length: number): string {
    return this.#bytes.toString('latin1', start, Math.min(this.#bytes.length, start + length));
  }

  /** Finds the values of the row at `start`, whose first key begins `from` bytes behind it; where they end, or -1. */
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

/** What stands behind a row's properties; null where that has a second id, or second properties. */
function restOf(bytes: Buffer, from: number, to: number): RowRest | null {
  const rest = JSON.parse(`{"id":0${bytes.toString('utf8', from, to)}`) as RowRest & { id: unknown };
  return rest.id === 0 && !Object.hasOwn(rest, 'properties') ? rest : null;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
