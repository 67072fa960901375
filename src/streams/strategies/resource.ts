import { type Endpoint, type Item, readItems } from '../../hubspot/api/endpoint.js';
import type { Scopes } from '../../hubspot/api/object-types.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import type { EncodedRecord } from '../core/sink.js';
import type { PortalFacts, Stream, StreamPlan } from '../core/stream.js';
import { stateValue } from '../core/stream-state.js';
import { INSTANT, TOMBSTONE } from '../layouts/property-schema.js';

/** What every stream of a collection declares, whichever way it is read. */
export interface Resource {
  name: string;
  /** As HubSpot documents them, one of each group; by what it answers where it documents none. */
  scopes: Scopes;
  /** The word in HubSpot's scopes for it; the name by default. */
  subject?: string;
  endpoint: Endpoint;
  /** The field that tells its items apart. */
  key: string;
  /** The field that says when an item was last updated. */
  cursor: string;
  /** The top-level properties of its json_schema, in the order of the table's columns. */
  schema: JsonObject;
  /** Makes a record of an item; by default it takes the schema's fields from it, by their names. */
  record?: (item: Item) => JsonObject;
}

/** What a resource's records have besides its schema: tombstones say what they are. */
export interface Marks {
  /** Whether an item that is gone becomes a tombstone. */
  deletes: boolean;
  /** Whether that has `_ab_cdc_deleted_at`, on which Airbyte's destinations delete. */
  cdc: boolean;
}

export function marksFor({ config }: PortalFacts, hasTombstones: boolean): Marks {
  return {
    deletes: hasTombstones && config.deletes !== 'off',
    cdc: hasTombstones && config.deletes === 'cdc',
  };
}

/** The schema of the records; a resource whose items are never marked keeps its own `archived`. */
export function markedSchema({ schema }: Resource, hasTombstones: boolean, { deletes, cdc }: Marks): JsonObject {
  return {
    ...schema,
    ...(hasTombstones ? { archived: TOMBSTONE } : {}),
    ...(deletes ? { archivedAt: INSTANT } : {}),
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
}

/** The record of an item; with `archivedAt` (ISO 8601) its tombstone. */
export function encodeRecord(data: JsonObject, { deletes, cdc }: Marks, archivedAt: string | null): EncodedRecord {
  const record: JsonObject = { ...data, archived: archivedAt !== null || data.archived === true };
  if (deletes) record.archivedAt = archivedAt;
  if (cdc) record._ab_cdc_deleted_at = archivedAt;
  return { data: jsonText(record), changes: null };
}

/** The record of an item, without marks. Its key is text, as far as the schema says so. */
export function recordOf(resource: Resource, item: Item): JsonObject {
  return resource.record ? resource.record(item) : pick(resource.schema, item);
}

/** The fields of a schema as an item has them; null where it has none. Numbers become text where the schema has text. */
export function pick(schema: JsonObject, item: Item): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([field, type]) => {
      const value = asJson(item[field]);
      return [field, typeof value === 'number' && isText(type) ? String(value) : value];
    }),
  );
}

function isText(schema: JsonValue | undefined): boolean {
  const type = stateValue.object(schema)?.type;
  return Array.isArray(type) && type.includes('string');
}

/** A value of an answer, which is JSON; what is missing is null. */
export function asJson(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asJson(each)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** The plan of a stream of a resource. Whether HubSpot gives it is tried by one item. */
export function planOf(resource: Resource, open: (portal: PortalFacts) => Stream): StreamPlan {
  const { name, scopes, subject = name, endpoint } = resource;
  return {
    name,
    scopes,
    subject,
    objectTypeId: typeof endpoint.path === 'string' ? null : endpoint.path.of.typeId,
    probe: async ({ client }) => void (await readItems(client, endpoint, null, 1)),
    open: async (portal) => open(portal),
    hiddenDeletions: () => null,
  };
}
