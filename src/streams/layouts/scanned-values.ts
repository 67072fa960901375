import type { RowInPage, RowTemplate } from '../../hubspot/api/object-row.js';
import { type ByteText, byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { encodeField, memberKey, type SourceField } from './layout.js';
import { passThrough } from './pass-through.js';

/** A field with the places of its two sources in the current template; -1: no row of the page has the source. */
interface PlacedField extends SourceField {
  readonly index: number;
  /** The key's bytes. */
  readonly keyBytes: ByteText;
  first: number;
  second: number;
}

/** Fields that are next to each other in a row, in this order. */
interface FieldRun {
  readonly fields: PlacedField[];
  /** The places of dates. */
  readonly dates: number[];
  /** Whether they have the same form in a record, so that the row's text can be copied. */
  readonly isCopied: boolean;
  /** The places of the first and the last field in the template. */
  readonly first: number;
  last: number;
}

const NULL = byteText('null');

/** Encodes the values of rows that were not parsed. */
export class ScannedValues {
  readonly #fields: readonly PlacedField[];
  #template: RowTemplate | null = null;
  /** All fields, in HubSpot's order as far as HubSpot has them. */
  #runs: readonly FieldRun[] = [];

  constructor(fields: readonly SourceField[]) {
    // Without spread: V8 would represent the objects in a way that makes encoding a record 40 % slower.
    this.#fields = fields.map(({ kind, key, sources, places, derive }, index) => ({
      kind,
      key,
      sources,
      places,
      derive,
      index,
      keyBytes: byteText(key),
      first: -1,
      second: -1,
    }));
  }

  /** The JSON text of each field's value: the result of {@link encodeField}. */
  all(row: RowInPage, changes: RecordChange[]): ByteText[] {
    this.#prepare(row);
    return this.#fields.map((field) => this.#value(row, field, changes));
  }

  /**
   * All fields as the members of an object, in HubSpot's order, so that adjacent ones are copied in one piece.
   *
   * @param comma what precedes the first member: a comma, or nothing
   * @param values the values, if they are known
   */
  members(row: RowInPage, changes: RecordChange[], comma: ',' | '', values?: readonly ByteText[]): ByteText {
    this.#prepare(row);
    let members = '';
    let separator: string = comma;
    for (const run of this.#runs) {
      const copied = run.isCopied ? copyOf(row, run) : null;
      if (copied !== null) {
        members += separator + copied;
        separator = ',';
        continue;
      }
      for (const field of run.fields) {
        members += separator + field.keyBytes + (values?.[field.index] ?? this.#value(row, field, changes));
        separator = ',';
      }
    }
    return fromLatin1(members);
  }

  #prepare(row: RowInPage): void {
    const { template } = row.values;
    if (template === this.#template) return;
    this.#template = template;
    const place = (name: string | undefined) => (name === undefined ? -1 : template.indexOf(name));
    for (const field of this.#fields) {
      field.first = place(field.sources[0]);
      field.second = place(field.sources[1]);
    }
    this.#runs = runsOf(this.#fields);
  }

  #value(row: RowInPage, field: PlacedField, changes: RecordChange[]): ByteText {
    const { first, second, kind, derive } = field;
    const { spans } = row.values;
    const source = first === -1 || spans[row.base + 2 * first] === 0 ? second : first;
    if (source === -1) return NULL;
    const start = spans[row.base + 2 * source] ?? 0;
    if (start === 0) return NULL;
    const end = spans[row.base + 2 * source + 1] ?? 0;
    const json = derive === null ? passThrough(kind, row.text, start, end < 0 ? -end : end, end < 0) : undefined;
    if (json !== undefined) return fromLatin1(json);
    return byteText(encodeField(field, row.valueAt(source), changes));
  }
}

/** The text of a run; null: some value in it cannot be copied. */
function copyOf(
  { text, base, values: { spans, template } }: RowInPage,
  { dates, first, last }: FieldRun,
): string | null {
  for (let place = first; place <= last; place += 1) {
    const end = spans[base + 2 * place + 1] ?? 0;
    if (end === 0) return null;
    const start = spans[base + 2 * place] ?? 0;
    if (end < 0 && passThrough('string', text, start, -end, true) === undefined) return null;
  }
  for (const place of dates) {
    const start = spans[base + 2 * place] ?? 0;
    const end = spans[base + 2 * place + 1] ?? 0;
    if (start !== 0 && passThrough('date', text, start, Math.abs(end), end < 0) === undefined) return null;
  }
  const value = (spans[base + 2 * first] ?? 0) || (spans[base + 2 * first + 1] ?? 0) - NULL.length;
  return text.slice(value - template.keyLength(first), Math.abs(spans[base + 2 * last + 1] ?? 0));
}

function runsOf(fields: readonly PlacedField[]): FieldRun[] {
  const placed = new Map<number, PlacedField>();
  // What is derived has another text, and may share its place with what is not.
  const isPlain = ({ sources, first, derive }: PlacedField) => sources.length === 1 && first !== -1 && derive === null;
  for (const field of fields) if (isPlain(field)) placed.set(field.first, field);
  const inOrder = [...placed.values()].sort((a, b) => a.first - b.first);
  const runs: FieldRun[] = [];
  const append = (field: PlacedField, isCopied: boolean) =>
    runs.push({ fields: [field], dates: datesOf(field), isCopied, first: field.first, last: field.first });
  for (const field of inOrder) {
    const before = runs.at(-1);
    const isCopied = isUsuallySame(field);
    if (!isCopied || !before?.isCopied || before.last !== field.first - 1) append(field, isCopied);
    else {
      before.fields.push(field);
      before.dates.push(...datesOf(field));
      before.last = field.first;
    }
  }
  const rest = fields.filter((field) => !inOrder.includes(field));
  for (const field of rest) append(field, false);
  return runs;
}

function datesOf({ kind, first }: PlacedField): number[] {
  return kind === 'date' ? [first] : [];
}

/** Whether a field's member usually has the same text in a record as in a row. */
function isUsuallySame({ kind, key, sources }: PlacedField): boolean {
  return (kind === 'string' || kind === 'date') && key === memberKey(sources[0] ?? '');
}
