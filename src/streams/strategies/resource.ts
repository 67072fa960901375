import { type Endpoint, type Item, readItems } from '../../hubspot/api/endpoint.js';
import type { Scopes } from '../../hubspot/api/object-types.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import type { EncodedRecord } from '../core/sink.js';
import type { PortalFacts, Stream, StreamDeclaration } from '../core/stream.js';
import { stateValue } from '../core/stream-state.js';
import { INSTANT, TOMBSTONE } from '../layouts/property-schema.js';

/** What a stream of a collection declares, however it is read. */
export interface Resource {
  name: string;
  /** The documented scopes, one of each group; if none are documented, those named in HubSpot's responses. */
  scopes: Scopes;
  /** The word in HubSpot's scopes for it; the name by default. */
  subject?: string;
  endpoint: Endpoint;
  /** The field that identifies an item. */
  key: string;
  /** The field with the time when an item was last updated. */
  cursor: string;
  /** The top-level properties of its json_schema, in the order of the table's columns. */
  schema: JsonObject;
  /** Converts an item to a record; by default by picking the schema's fields. */
  record?: (item: Item) => JsonObject;
}

/** The fields that a resource's records have besides its schema, to mark tombstones. */
export interface Marks {
  /** Whether tombstones are emitted for items that are gone. */
  deletes: boolean;
  /** Whether they have `_ab_cdc_deleted_at`, on which Airbyte's destinations delete. */
  cdc: boolean;
}

export function marksFor({ config }: PortalFacts, hasTombstones: boolean): Marks {
  return {
    deletes: hasTombstones && config.deletes !== 'off',
    cdc: hasTombstones && config.deletes === 'cdc',
  };
}

/** The schema of the records; a resource without tombstones keeps its own `archived`. */
export function markedSchema({ schema }: Resource, hasTombstones: boolean, { deletes, cdc }: Marks): JsonObject {
  return {
    ...schema,
    ...(hasTombstones ? { archived: TOMBSTONE } : {}),
    ...(deletes ? { archivedAt: INSTANT } : {}),
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
}

/** The record of an item. @param archivedAt not null: its tombstone */
export function encodeRecord(data: JsonObject, { deletes, cdc }: Marks, archivedAt: string | null): EncodedRecord {
  const record: JsonObject = { ...data, archived: archivedAt !== null || data.archived === true };
  if (deletes) record.archivedAt = archivedAt;
  if (cdc) record._ab_cdc_deleted_at = archivedAt;
  return { data: jsonText(record), changes: null };
}

/** The record of an item, without marks. */
export function recordOf(resource: Resource, item: Item): JsonObject {
  return resource.record ? resource.record(item) : pick(resource.schema, item);
}

/** Picks a schema's fields from an item; missing ones are null. Numbers become text if the schema says so. */
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

/** A value of a response as JSON; undefined becomes null. */
export function asJson(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asJson(each)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** Declares the stream of a resource. Its probe requests one item. */
export function declare<R extends Resource>(
  resource: R,
  open: (resource: R, portal: PortalFacts) => Stream,
  hiddenDeletions: string | null = null,
): StreamDeclaration {
  const { scopes, subject = resource.name, endpoint } = resource;
  return {
    name: resource.name,
    plan: (name = resource.name) => ({
      name,
      scopes,
      subject,
      objectTypeId: typeof endpoint.path === 'string' ? null : endpoint.path.of.typeId,
      probe: async ({ client }) => void (await readItems(client, endpoint, null, 1)),
      open: async (portal) => open({ ...resource, name }, portal),
      hiddenDeletions: () => hiddenDeletions,
    }),
  };
}
