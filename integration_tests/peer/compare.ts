import type { AirbyteStream, JsonObject } from '../../src/protocol/messages.js';
import { isDigits } from './digits.js';

/** One place in which source-hubspot and hubflake are not the same. `undefined`: the one has no such thing. */
export interface Difference {
  stream: string;
  /**
   * `key`, `cursor` and `modes` of the catalog, `schema.<field>`, `row`, `record.<path>`; elements of arrays are `[]`. `again`: a row of
   * theirs whose key an earlier one had.
   */
  path: string;
  theirs: unknown;
  ours: unknown;
}

export type Row = Record<string, unknown>;

/** What differs between two entries of a catalog: key, cursor, sync modes, and the fields with their types. */
export function* catalogDifferences(theirs: AirbyteStream, ours: AirbyteStream): Generator<Difference> {
  const traits = (entry: AirbyteStream, other: AirbyteStream) => ({
    key: entry.source_defined_primary_key ?? [],
    cursor: entry.default_cursor_field ?? [],
    modes: entry.supported_sync_modes,
    schema: Object.fromEntries(
      Object.entries(fieldsOf(entry)).map(([name, field]) => [name, typeOf(field, fieldsOf(other)[name])]),
    ),
  });
  yield* differences(theirs.name, '', traits(theirs, ours), traits(ours, theirs));
}

function fieldsOf({ json_schema: schema }: AirbyteStream): Record<string, JsonObject> {
  return schema.properties as Record<string, JsonObject>;
}

/** The types of a field as one text; those of its elements where the other has any. */
function typeOf({ type, format, airbyte_type: airbyteType, items }: JsonObject, other?: JsonObject): string {
  // To Airbyte, an instant is one with a time zone unless it says otherwise.
  const own = airbyteType === 'timestamp_with_timezone' ? undefined : airbyteType;
  const elements = items && other?.items ? `of ${typeOf(items as JsonObject, other.items as JsonObject)}` : undefined;
  const types = [type].flat().filter((one) => one !== 'null');
  return [...types.sort(), format, own, elements].filter((one) => one !== undefined).join(' ');
}

/**
 * What differs between the rows of a stream, which are told apart by the fields of `key`. Of several with one key the last counts, or, where
 * the newest come first, the first of theirs.
 */
export function* rowDifferences(
  { name: stream, newestFirst }: { name: string; newestFirst?: boolean },
  key: readonly string[],
  theirs: readonly Row[],
  ours: readonly Row[],
): Generator<Difference> {
  const [left, right] = [byKey(key, newestFirst ? [...theirs].reverse() : theirs), byKey(key, ours)];
  for (const id of new Set([...left.keys(), ...right.keys()])) {
    const [row, other] = [left.get(id), right.get(id)];
    if (row && other) yield* differences(stream, 'record', row, other);
    else yield { stream, path: 'row', theirs: row, ours: other };
  }
  if (!newestFirst) return;
  const counted = new Set(left.values());
  for (const row of theirs) {
    if (!counted.has(row)) yield { stream, path: 'again', theirs: row, ours: right.get(keyOf(key, row)) };
  }
}

function byKey(key: readonly string[], rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [keyOf(key, row), row]));
}

function keyOf(key: readonly string[], row: Row): string {
  return JSON.stringify(key.map((field) => row[field]));
}

/** Absent is not null, and `12.0` not `12`. */
function* differences(stream: string, path: string, theirs: unknown, ours: unknown): Generator<Difference> {
  if (isObject(theirs) && isObject(ours)) {
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      yield* differences(stream, path === '' ? name : `${path}.${name}`, theirs[name], ours[name]);
    }
  } else if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    for (const [index, each] of theirs.entries()) yield* differences(stream, `${path}[]`, each, ours[index]);
  } else if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
    yield { stream, path, theirs, ours };
  }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isDigits(value);
}
