import type { PropertyDefinition } from '../../hubspot/api/metadata.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import type { JsonObject, RecordChange } from '../../protocol/messages.js';
import type { EncodedRecord } from '../core/sink.js';
import { coerce, type ValueKind } from './coerce.js';

/** Characters of a text that is kept in a note where its column has no room for it. */
const MOST_NOTED = 1000;

/** What makes a record a tombstone: it is gone, or it has left the stream's filters. */
export type Tombstone = Gone | LeftFilters;

export interface Gone {
  /** When it was archived or merged away, ISO 8601. */
  archivedAt: string;
  /** The id of the last survivor, of a record that was merged away. */
  mergedInto: string | null;
}

export interface LeftFilters {
  /** When it was last updated, and did not match, ISO 8601. */
  leftAt: string;
}

/**
 * How records of one stream are written: its schema, and the encoding of HubSpot's rows. Both layouts are compiled once per
 * stream from the portal's properties, so that a record costs no lookups.
 */
export interface Layout {
  /** The top-level properties of the stream's json_schema. */
  schema: JsonObject;
  primaryKey: string;
  cursorField: string;
  /**
   * @param associated the ids for each of the stream's associations, in their order; null leaves them out (a tombstone
   *   carries only what is known)
   */
  encode(row: ObjectRow, associated: readonly (readonly string[])[] | null, tombstone: Tombstone | null): EncodedRecord;
  /** The tombstone of a record of which only the id is known. @param updatedAt its survivor's */
  encodeMergedAway(id: string, updatedAt: string | null, tombstone: Gone): EncodedRecord;
  /** The property whose values alone a field of the schema has; null where there is no such. */
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
}

/** A field of a layout, by the properties that it may take its value from: the first of them that has one. */
export interface SourceField {
  kind: ValueKind;
  /** Its key as JSON, with a colon. */
  key: string;
  sources: readonly string[];
  /** The places of the value in the record, for change entries. */
  places: readonly string[];
}

/** The members that a layout has besides those that every record has. */
export type Extras = Pick<LayoutInput, 'cdc' | 'filtered'>;

/**
 * The JSON text of a property's value. What is no value of its type becomes null, with the text in the note, and halves of surrogate
 * pairs are replaced; both is noted in `changes` for each of the places in the record that hold it.
 */
export function encodeValue(
  kind: ValueKind,
  value: unknown,
  places: readonly string[],
  changes: RecordChange[],
): string {
  if (value === null || value === undefined) return 'null';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
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

/** A member's JSON text up to its value. */
export function memberKey(name: string): string {
  return `${JSON.stringify(name)}:`;
}

/** The members that every record has, by the names a layout gives them. */
export interface HeadNames {
  createdAt: string;
  updatedAt: string;
  archivedAt: string;
}

/**
 * Compiles the beginning of a record: its opening brace and the members that every record has, without a comma behind them.
 * A live record says so explicitly, so that an update clears what a tombstone had set.
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

/** When a record was last updated; HubSpot leaves it out of records that never were. */
export function updatedAtOf(row: ObjectRow): string | null {
  return row.updatedAt ?? row.createdAt ?? null;
}

/** The arrays of associated ids as members, each with a comma in front. */
export function associationMembers(keys: readonly string[], associated: readonly (readonly string[])[] | null): string {
  if (!associated) return '';
  let members = '';
  for (const [index, key] of keys.entries()) members += `,${key}${JSON.stringify(associated[index])}`;
  return members;
}
