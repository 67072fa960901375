import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { type ByteText, byteText } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { encodeValue, type SourceField } from './layout.js';
import { ScannedValues } from './scanned-values.js';

/** Gives the values of rows as a layout writes them, whether they were parsed or are found in the bytes of their page. */
export class RowValues {
  readonly #fields: readonly SourceField[];
  readonly #keys: readonly ByteText[];
  readonly #scanned: ScannedValues;

  constructor(fields: readonly SourceField[]) {
    this.#fields = fields;
    this.#keys = fields.map(({ key }) => byteText(key));
    this.#scanned = new ScannedValues(fields, this.#keys);
  }

  /** The JSON text of each field's value, in the order of the fields. */
  all(row: ObjectRow, changes: RecordChange[]): ByteText[] {
    const { inPage } = row;
    if (inPage === undefined) return this.#fields.map((field) => parsedValue(row, field, changes));
    this.#scanned.prepare(inPage);
    return this.#fields.map((_, index) => this.#scanned.value(inPage, index, changes));
  }

  /**
   * All fields as the members of an object, in any order.
   *
   * @param comma what stands before the first member: a comma, or nothing
   * @param values what {@link all} gave, where it was asked
   */
  members(row: ObjectRow, changes: RecordChange[], comma: ',' | '', values?: readonly ByteText[]): ByteText {
    const { inPage } = row;
    if (inPage !== undefined) {
      this.#scanned.prepare(inPage);
      return this.#scanned.members(inPage, changes, comma, values);
    }
    const members = (values ?? this.all(row, changes)).map((value, index) => `${this.#keys[index]}${value}`);
    return (members.length === 0 ? '' : comma + members.join(',')) as ByteText;
  }
}

function parsedValue({ properties }: ObjectRow, field: SourceField, changes: RecordChange[]): ByteText {
  let value: unknown = null;
  for (const name of field.sources) {
    // Rows come from JSON.parse; a name such as `constructor` would otherwise be found where HubSpot has not sent it.
    value = Object.hasOwn(properties, name) ? properties[name] : null;
    if (value !== null && value !== undefined) break;
  }
  return byteText(encodeValue(field.kind, value, field.places, changes));
}
