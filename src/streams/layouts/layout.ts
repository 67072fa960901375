import type { PropertyDefinition } from '../../hubspot/api/metadata.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';
import type { EncodedRecord } from '../core/sink.js';
import type { HashedProperties } from '../privacy/hashed-properties.js';
import { coerce, type ValueKind } from './coerce.js';
import type { LocalDates } from './local-dates.js';

/** The most characters of an invalid value that are kept in its change entry. */
export const MOST_NOTED = 1000;

/** Why a record is a tombstone: it was deleted, or it has left the stream's filters. Times are as HubSpot has them. */
export type Tombstone = Deletion | FilterExit;

export interface Deletion {
  /** When it was archived or merged away. */
  archivedAt: string;
  /** The id of the last survivor, if it was merged away. */
  mergedInto: string | null;
}

export interface FilterExit {
  /** When it was last updated, and did not match. */
  leftAt: string;
}

/**
 * How a stream's records are written: the schema, and the encoding of HubSpot's rows. A layout is compiled once per stream from the
 * portal's properties, so that encoding a record takes no lookups.
 */
export interface Layout {
  /** The top-level properties of the stream's json_schema. */
  schema: JsonObject;
  primaryKey: string;
  cursorField: string;
  /**
   * @param associated the ids for each of the stream's associations, in their order; null leaves them out, since a tombstone only
   *   has what is known
   */
  encode(row: ObjectRow, associated: readonly (readonly string[])[] | null, tombstone: Tombstone | null): EncodedRecord;
  /** The tombstone of a record of which only the id is known. @param updatedAt its survivor's */
  encodeMergedAway(id: string, updatedAt: string | null, tombstone: Deletion): EncodedRecord;
  /** The single property that a field of the schema holds; null: there is none. */
  propertyOf(field: string): string | null;
}

export interface LayoutInput {
  properties: readonly PropertyDefinition[];
  kinds: readonly ValueKind[];
  /** The fields that hold associated ids: the other object's plural name. */
  associations: readonly string[];
  /** Adds `_ab_cdc_deleted_at`, on which Airbyte's destinations delete. */
  cdc: boolean;
  /** Adds `matches_filters`, which is false on a record that has left the stream's filters. */
  filtered: boolean;
  /** The properties whose values are replaced by hashes, which are of the kind `string`; null: none. */
  hashed: HashedProperties | null;
  /** Adds `<name>_local_date` for each date and time; null: there are none. */
  localDates: LocalDates | null;
}

/** A field of a layout. */
export interface SourceField {
  kind: ValueKind;
  /** Its key as JSON, with a colon. */
  key: string;
  /** The properties that its value may come from: the first one that has a value. */
  sources: readonly string[];
  /** The paths of the value in the record, for change entries. */
  places: readonly string[];
  /** Makes the value's JSON text of HubSpot's text instead of {@link encodeValue}; null: nothing does. */
  derive: Derive | null;
}

/** @returns undefined: there is no value that could be made of the text */
export type Derive = (text: string) => string | undefined;

/** Which optional members a layout has. */
export type Extras = Pick<LayoutInput, 'cdc' | 'filtered'>;

/**
 * The JSON text of a property's value. A text that is not a value of the type becomes null, and lone surrogates are replaced; both is
 * noted in `changes` for each path of the value in the record.
 */
export function encodeValue(
  kind: ValueKind,
  value: unknown,
  places: readonly string[],
  changes: RecordChange[],
): string {
  if (value === null || value === undefined) return 'null';
  const text = textOf(value);
  const json = coerce(kind, text);
  const isWhole = json !== undefined && (kind !== 'string' || text.isWellFormed());
  if (isWhole) return json;
  const what =
    json === undefined
      ? { change: 'NULLED' as const, value: text.slice(0, MOST_NOTED).toWellFormed() }
      : { change: 'TRUNCATED' as const };
  for (const field of places) changes.push({ field, reason: 'SOURCE_SERIALIZATION_ERROR', ...what });
  return json ?? 'null';
}

/** The JSON text of a field's value, see {@link encodeValue}. What is derived is noted nowhere: the text may be a secret, or the field beside notes it. */
export function encodeField(
  { kind, places, derive }: Pick<SourceField, 'kind' | 'places' | 'derive'>,
  value: unknown,
  changes: RecordChange[],
): string {
  if (derive === null) return encodeValue(kind, value, places, changes);
  if (value === null || value === undefined) return 'null';
  return derive(textOf(value)) ?? 'null';
}

/** What derives a field's values from properties, of which none may come in clear if one is hashed; null: nothing does. */
export function hashingOf(sources: readonly string[], { hashed }: Pick<LayoutInput, 'hashed'>): Derive | null {
  if (hashed === null || !sources.some((name) => hashed.names.has(name))) return null;
  return (text) => JSON.stringify(hashed.valueOf(text));
}

/** The properties of a layout that have local dates, with the field's name and what makes them. */
export function localDatesIn(input: LayoutInput) {
  const { properties, kinds, localDates } = input;
  if (localDates === null) return [];
  return properties.flatMap((property, index) => {
    const derive = localDates.converter(kinds[index] ?? 'string');
    return derive === undefined
      ? []
      : [{ property, name: `${property.name}_local_date`, derive, zone: localDates.zone }];
  });
}

/** HubSpot's values are texts, but for those of a newer kind. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The JSON text of a member's key, with a colon. */
export function memberKey(name: string): string {
  return `${JSON.stringify(name)}:`;
}

/** A layout's names of members that every record has. */
export interface HeadNames {
  createdAt: string;
  updatedAt: string;
  archivedAt: string;
}

/**
 * Compiles the beginning of a record: its opening brace and the members that every record has, without a trailing comma. A live
 * record has explicit nulls, so that an update clears the members of a tombstone.
 */
export function headEncoder(
  names: HeadNames,
  { cdc, filtered }: Extras,
): (id: string, times: { createdAt?: string | null; updatedAt: string | null }, tombstone: Tombstone | null) => string {
  const createdKey = `,${memberKey(names.createdAt)}`;
  const updatedKey = `,${memberKey(names.updatedAt)}`;
  const archivedAtKey = `,${memberKey(names.archivedAt)}`;
  const isThere = `,"archived":false${archivedAtKey}null,"merged_into":null`;
  const matches = (does: boolean) => (filtered ? `,"matches_filters":${does}` : '');
  const alive = `${isThere}${matches(true)}${cdc ? ',"_ab_cdc_deleted_at":null' : ''}`;
  return (id, { createdAt, updatedAt }, tombstone) => {
    const created = createdAt === undefined ? '' : createdKey + JSON.stringify(createdAt);
    const start = `{"id":${JSON.stringify(id)}${created}${updatedKey}${JSON.stringify(updatedAt)}`;
    if (!tombstone) return start + alive;
    const at = JSON.stringify('leftAt' in tombstone ? tombstone.leftAt : tombstone.archivedAt);
    const deleted = cdc ? `,"_ab_cdc_deleted_at":${at}` : '';
    if ('leftAt' in tombstone) return `${start}${isThere}${matches(false)}${deleted}`;
    return `${start},"archived":true${archivedAtKey}${at},"merged_into":${JSON.stringify(tombstone.mergedInto)}${deleted}`;
  };
}

/** When a record was last updated, as HubSpot has it; HubSpot omits it for records that never were. */
export function updatedAtOf(row: ObjectRow): string | null {
  return row.updatedAt ?? row.createdAt ?? null;
}

/** The arrays of associated ids as members, each with a leading comma. */
export function associationMembers(keys: readonly string[], associated: readonly (readonly string[])[] | null): string {
  if (!associated) return '';
  let members = '';
  for (const [index, key] of keys.entries()) members += `,${key}${JSON.stringify(associated[index])}`;
  return members;
}
