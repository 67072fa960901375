import type { RowInPage, RowTemplate } from '../../hubspot/api/object-row.js';
import { type ByteText, byteText } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { encodeValue, memberKey, type SourceField } from './layout.js';
import { passOn } from './pass-on.js';

/** Fields that stand in a row as they do in a record, side by side: their places in the template, first and last. */
interface Run {
  first: number;
  last: number;
}

const NULL = 'null' as ByteText;

/** Gives the values of rows that were not parsed, as a layout writes them. */
export class ScannedValues {
  readonly #fields: readonly SourceField[];
  readonly #keys: readonly ByteText[];
  #template: RowTemplate | null = null;
  /** For each field, the places of its sources in the template; -1: no page of this template has it. */
  #first = new Int32Array();
  #second = new Int32Array();
  /** The fields in HubSpot's order, as far as it has them: alone, by index, or in runs. */
  #steps: readonly (Run | number)[] = [];
  /** By the place in the template, the field whose only source it is. */
  #fieldAt: readonly (number | undefined)[] = [];

  /** @param keys the fields' keys as bytes */
  constructor(fields: readonly SourceField[], keys: readonly ByteText[]) {
    this.#fields = fields;
    this.#keys = keys;
  }

  /** Has to be called for each row before the others. */
  prepare(row: RowInPage): void {
    const { template } = row.values;
    if (template === this.#template) return;
    this.#template = template;
    const place = (name: string | undefined) => (name === undefined ? -1 : template.indexOf(name));
    this.#first = Int32Array.from(this.#fields, ({ sources }) => place(sources[0]));
    this.#second = Int32Array.from(this.#fields, ({ sources }) => place(sources[1]));
    this.#makeSteps(template);
  }

  /** The JSON text of a field's value: what {@link encodeValue} would make of it. */
  value(row: RowInPage, index: number, changes: RecordChange[]): ByteText {
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

  /**
   * All fields as the members of an object, in the order in which HubSpot has them, so that what stands side by side is passed
   * on in one piece.
   *
   * @param comma what stands before the first member: a comma, or nothing
   * @param values the values, where they are known
   */
  members(row: RowInPage, changes: RecordChange[], comma: ',' | '', values?: readonly ByteText[]): ByteText {
    let members = '';
    let before: string = comma;
    for (const step of this.#steps) {
      if (typeof step === 'number') {
        const value = values ? (values[step] as ByteText) : this.value(row, step, changes);
        members += before + this.#keys[step] + value;
      } else members += before + (this.#piece(row, step) ?? this.#oneByOne(row, step, changes, values));
      before = ',';
    }
    return members as ByteText;
  }

  #oneByOne(row: RowInPage, { first, last }: Run, changes: RecordChange[], values?: readonly ByteText[]): string {
    const members: string[] = [];
    for (let at = first; at <= last; at += 1) {
      const index = this.#fieldAt[at] as number;
      members.push(`${this.#keys[index]}${values ? values[index] : this.value(row, index, changes)}`);
    }
    return members.join(',');
  }

  /** The text of a run; null where some value of it cannot be passed on as it is. */
  #piece(row: RowInPage, { first, last }: Run): string | null {
    const { spans, template } = row.values;
    const { text, base } = row;
    for (let at = first; at <= last; at += 1) {
      const start = spans[base + 2 * at] as number;
      const end = spans[base + 2 * at + 1] as number;
      if (end === 0) return null;
      const { kind } = this.#fields[this.#fieldAt[at] as number] as SourceField;
      const mayDiffer = kind === 'date' ? start !== 0 : end < 0;
      if (mayDiffer && passOn(kind, text, start, Math.abs(end), end < 0) === undefined) return null;
    }
    const value = (spans[base + 2 * first] as number) || (spans[base + 2 * first + 1] as number) - NULL.length;
    return text.slice(value - template.keyLength(first), Math.abs(spans[base + 2 * last + 1] as number));
  }

  #makeSteps(template: RowTemplate): void {
    const fieldAt: (number | undefined)[] = template.names.map(() => undefined);
    for (const [index, { sources }] of this.#fields.entries()) {
      const place = sources.length === 1 ? (this.#first[index] as number) : -1;
      if (place !== -1) fieldAt[place] = index;
    }
    const steps: (Run | number)[] = [];
    for (const [place, index] of fieldAt.entries()) {
      if (index === undefined) continue;
      const before = steps.at(-1);
      if (!this.#staysAsItIs(template, place, index)) steps.push(index);
      else if (typeof before === 'object' && before.last === place - 1) before.last = place;
      else steps.push({ first: place, last: place });
    }
    const rest = this.#fields.map((_, index) => index).filter((index) => !fieldAt.includes(index));
    this.#steps = [...steps, ...rest];
    this.#fieldAt = fieldAt;
  }

  /** Whether a field's member is written in a record as it is in a row, most often. */
  #staysAsItIs(template: RowTemplate, place: number, index: number): boolean {
    const { kind, key } = this.#fields[index] as SourceField;
    return (kind === 'string' || kind === 'date') && key === memberKey(template.names[place] as string);
  }
}
