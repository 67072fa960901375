import { type Endpoint, type Item, itemsPerCall, readItems } from '../../hubspot/api/endpoint.js';
import type { Scopes } from '../../hubspot/api/object-types.js';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { epochMs, type Instant, instantOf, timeOf } from '../../time.js';
import type { Group } from '../core/groups.js';
import type { PortalFacts, Stream, StreamDeclaration, StreamPlan } from '../core/stream.js';
import { stateValue } from '../core/stream-state.js';
import { INSTANT, INTEGER } from '../layouts/property-schema.js';

/** What a stream of a collection declares, however it is read. */
export interface Resource {
  name: string;
  /** The documented scopes, one of each group; if none are documented, those named in HubSpot's responses. */
  scopes: Scopes;
  /** The word in HubSpot's scopes for it; the name by default. */
  subject?: string;
  /** The lowest subscription of HubSpot that has it, where not every one does. */
  tier?: string;
  endpoint: Endpoint;
  group: Group;
  /** The field that identifies an item, or several that do together. */
  key: string | readonly string[];
  /**
   * How many of the key's first fields tell the partition, where there are partitions: one by default. 0: none do, since several
   * partitions may have the same item.
   */
  partitionFields?: number;
  /** The field with the time when an item was last updated; null: it has none. */
  cursor: string | null;
  /** The top-level properties of its json_schema, in the order of the table's columns. */
  schema: JsonObject;
  /** Converts an item to a record, whose values are made ones of the schema's types; by default by picking the schema's fields. */
  record?: (item: Item) => JsonObject;
  /** The items within one of HubSpot's, where those are the stream's. */
  itemsOf?: (item: Item) => readonly Item[];
  /** Whether it is about every object of the portal, so that the custom ones have to be known. */
  isOfAllObjects?: boolean;
  /** Whether it is read where no `objects` are configured: what most portals are read with, at few calls. */
  isDefault?: boolean;
  /** Whether its columns have HubSpot's names in both layouts, as the first streams do. */
  keepsNames?: boolean;
  /**
   * Its records are Fivetran's: with the time of emission, which is the stream's cursor. `marks`: a row that is gone stays, and is marked.
   * `removes`: it has no mark, so that it is taken away. `keeps`: nothing goes. See {@link marksFor}.
   */
  fivetran?: 'marks' | 'removes' | 'keeps';
  /** What a tombstone says besides, where {@link fivetran} marks rows. */
  whenGone?: JsonObject;
  /** What it is read from, where other streams are made of the same: those are read together. */
  source?: string;
  /** The field that has the portal's id, which HubSpot does not answer with each item. */
  portalIn?: string;
}

/** Milliseconds since 1970, as HubSpot's older APIs have times. In the layout `columns` they are timestamps. */
export const MILLISECONDS: JsonObject = { ...INTEGER, description: 'Milliseconds since 1970-01-01 UTC.' };

/** The last time that has an instant. */
const LATEST_MS = 8.64e15;

/** The key's fields. */
export function keysOf({ key }: Pick<Resource, 'key'>): readonly string[] {
  return typeof key === 'string' ? [key] : key;
}

/** What tells a record from others: its key as text, or the values of a key of several fields as JSON. */
export function idOf({ key }: Pick<Resource, 'key'>, data: JsonObject): string {
  return typeof key === 'string' ? String(data[key]) : JSON.stringify(key.map((field) => data[field] ?? null));
}

/** The key's fields of the record that has an id, of the types that they have in its schema. */
export function keyOf({ key, schema }: Pick<Resource, 'key' | 'schema'>, id: string): JsonObject {
  const typed = (field: string, value: JsonValue) => (isInteger(schema[field]) ? Number(value) : value);
  if (typeof key === 'string') return { [key]: typed(key, id) };
  const values: JsonValue[] = JSON.parse(id);
  return Object.fromEntries(key.map((field, index) => [field, typed(field, values[index] ?? null)]));
}

/** Whether a field's values are whole numbers, by its schema. */
function isInteger(schema: JsonValue | undefined): boolean {
  const { type } = stateValue.object(schema) ?? {};
  return [type].flat().includes('integer');
}

/**
 * The cursor in a state, from which source-hubspot goes on, in the form of the field: where that is in milliseconds, its version 5.7 fails
 * on a date.
 *
 * @param since where the next read begins: items may come late, and source-hubspot has no overlap of its own
 */
export function publicCursor({ cursor, schema }: { cursor: string; schema: JsonObject }, since: Instant): JsonObject {
  return { [cursor]: schema[cursor] === MILLISECONDS ? String(timeOf(since)) : since };
}

/** The partition of the record that has an id: the first field of its key, or several, joined by slashes. */
export function partitionOf(
  { key, partitionFields = 1 }: Pick<Resource, 'key' | 'partitionFields'>,
  id: string,
): string {
  return typeof key === 'string' ? id : JSON.parse(id).slice(0, partitionFields).join('/');
}

/** A resource as the layout `columns` has it: names in snake_case, milliseconds as timestamps. */
export function inColumns<R extends Resource>(resource: R): R {
  const { key, cursor, schema } = resource;
  const fields = Object.entries(schema).map(([field, type]) => ({ field, column: snakeCase(field), type }));
  return {
    ...resource,
    key: typeof key === 'string' ? snakeCase(key) : key.map(snakeCase),
    cursor: cursor && snakeCase(cursor),
    schema: Object.fromEntries(fields.map(({ column, type }) => [column, type === MILLISECONDS ? INSTANT : type])),
    record: (item: Item) => {
      const data = recordOf(resource, item);
      return Object.fromEntries(
        fields.map(({ field, column, type }) => {
          const value = data[field] ?? null;
          return [column, type === MILLISECONDS ? instantIn(value) : value];
        }),
      );
    },
  };
}

/** The instant that a value has in milliseconds; any other value as it is. */
function instantIn(value: JsonValue): JsonValue {
  const time = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof time === 'number' && Math.abs(time) <= LATEST_MS ? instantOf(epochMs(time)) : value;
}

/** `hubspotDefined` as `hubspot_defined`, `mapURL` as `map_url`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** What an item has of its record, in the types that HubSpot sent. */
export function recordOf(resource: Resource, item: Item): JsonObject {
  return resource.record ? resource.record(item) : pick(resource.schema, item);
}

/** A resource with the portal's id in its records, where it has a field for it. */
function inPortal<R extends Resource>(resource: R, { id }: PortalFacts): R {
  const { portalIn } = resource;
  if (portalIn === undefined) return resource;
  return { ...resource, record: (item: Item) => ({ ...recordOf(resource, item), [portalIn]: id }) };
}

/** Picks a schema's fields from an item; missing ones are null. */
export function pick(schema: JsonObject, item: Item): JsonObject {
  return Object.fromEntries(Object.keys(schema).map((field) => [field, asJson(item[field])]));
}

/** A value of a response as JSON; undefined becomes null. */
export function asJson(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asJson(each)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** What a strategy says of the streams that it reads. */
interface Declared {
  increment: string;
  /** By default what the endpoint's pages are. */
  calls?: string;
  hiddenDeletions?: string | null;
  probe?: StreamPlan['probe'];
}

function callsOf({ endpoint }: Resource): string {
  const perCall = itemsPerCall(endpoint);
  return perCall === null ? '1' : `1 for ${perCall}`;
}

function probeOf({ endpoint }: Resource): StreamPlan['probe'] {
  return async ({ client }) => void (await readItems(client, endpoint, null, 1));
}

/** Declares the stream of a resource. Its probe requests one item. */
export function declare<R extends Resource>(
  resource: R,
  open: (resource: R, portal: PortalFacts) => Stream,
  { increment, calls = callsOf(resource), hiddenDeletions = null, probe = probeOf(resource) }: Declared,
): StreamDeclaration {
  const { scopes, subject = resource.name, endpoint, tier } = resource;
  return {
    name: resource.name,
    group: resource.group,
    isOfAllObjects: resource.isOfAllObjects ?? false,
    isDefault: resource.isDefault ?? false,
    plan: (name = resource.name) => ({
      name,
      scopes,
      subject,
      objectTypeId: typeof endpoint.path === 'string' || resource.isOfAllObjects ? null : endpoint.path.of.typeId,
      tier,
      sources: resource.source === undefined ? [] : [resource.source],
      reading: { increment, calls },
      probe,
      open: async (portal) => {
        const isRenamed = portal.config.layout === 'columns' && !resource.keepsNames;
        return open({ ...inPortal(isRenamed ? inColumns(resource) : resource, portal), name }, portal);
      },
      hiddenDeletions: () => hiddenDeletions,
    }),
  };
}
