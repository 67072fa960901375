import type { PageTemplate } from '../hubspot/page-template.js';
import type { ScannedRow } from '../hubspot/scanned-row.js';
import { type ByteText, byteText } from '../protocol/byte-text.js';
import type { RecordChange } from '../protocol/messages.js';
import type { ValueKind } from './coerce.js';
import { encodeValue } from './layout.js';
import { passOn } from './pass-on.js';

/** A field of a layout, by the properties that it may take its value from: the first of them that has one. */
export interface SourceField {
  kind: ValueKind;
  sources: readonly string[];
  /** The places of the value in the record, for change entries. */
  places: readonly string[];
}

/** Gives the values of rows that were not parsed, as a layout writes them. */
export class ScannedValues {
  readonly #fields: readonly SourceField[];
  #template: PageTemplate | null = null;
  /** For each field, the places of its sources in the template; -1: no page of this template has it. */
  #first = new Int32Array();
  #second = new Int32Array();

  constructor(fields: readonly SourceField[]) {
    this.#fields = fields;
  }

  /** Has to be called for each row before {@link value}. */
  prepare(row: ScannedRow): void {
    const { template } = row.values;
    if (template === this.#template) return;
    this.#template = template;
    const place = (name: string | undefined) => (name === undefined ? -1 : template.indexOf(name));
    this.#first = Int32Array.from(this.#fields, ({ sources }) => place(sources[0]));
    this.#second = Int32Array.from(this.#fields, ({ sources }) => place(sources[1]));
  }

  /** The JSON text of a field's value: what {@link encodeValue} would make of it. */
  value(row: ScannedRow, index: number, changes: RecordChange[]): ByteText {
    const { spans } = row.values;
    let source = this.#first[index] as number;
    if (source === -1 || spans[row.base + 2 * source] === 0) source = this.#second[index] as number;
    if (source === -1) return NULL;
    const start = spans[row.base + 2 * source] as number;
    if (start === 0) return NULL;
    const end = spans[row.base + 2 * source + 1] as number;
    const { kind, places } = this.#fields[index] as SourceField;
    const json = passOn(kind, row.text, start, end < 0 ? -end : end, end < 0);
    if (json !== undefined) return json as ByteText;
    return byteText(encodeValue(kind, row.valueAt(source), places, changes));
  }
}

const NULL = 'null' as ByteText;
