import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { type ByteText, byteText, fromLatin1 } from '../../protocol/json/byte-text.js';
import type { RecordChange } from '../../protocol/messages.js';
import { encodeField, type SourceField } from './layout.js';
import { ScannedValues } from './scanned-values.js';

/** Encodes the values of rows, whether they were parsed or are found in the bytes of their page. */
export class RowValues {
  readonly #fields: readonly SourceField[];
  readonly #keys: readonly ByteText[];
  readonly #scanned: ScannedValues;

  constructor(fields: readonly SourceField[]) {
    this.#fields = fields;
    this.#keys = fields.map(({ key }) => byteText(key));
    this.#scanned = new ScannedValues(fields);
  }

  /** The JSON text of each field's value, in the order of the fields. */
  all(row: ObjectRow, changes: RecordChange[]): ByteText[] {
    if (row.inPage) return this.#scanned.all(row.inPage, changes);
    return this.#fields.map((field) => parsedValue(row, field, changes));
  }

  /**
   * All fields as the members of an object, in any order.
   *
   * @param comma what precedes the first member: a comma, or nothing
   * @param values the result of {@link all}, if it is known
   */
  members(row: ObjectRow, changes: RecordChange[], comma: ',' | '', values?: readonly ByteText[]): ByteText {
    if (row.inPage) return this.#scanned.members(row.inPage, changes, comma, values);
    const members = (values ?? this.all(row, changes)).map((value, index) => `${this.#keys[index]}${value}`);
    return fromLatin1(members.length === 0 ? '' : comma + members.join(','));
  }
}

function parsedValue({ properties }: ObjectRow, field: SourceField, changes: RecordChange[]): ByteText {
  let value: unknown = null;
  for (const name of field.sources) {
    // Rows come from JSON.parse, so a name such as `constructor` would otherwise be found on the prototype.
    value = Object.hasOwn(properties, name) ? properties[name] : null;
    if (value !== null && value !== undefined) break;
  }
  return byteText(encodeField(field, value, changes));
}
