import type { AirbyteStream, JsonObject, JsonValue } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';

/** Where HubSpot has the items of a stream that is no CRM object, and the fields that would make them something else. */
const PLACES: Readonly<Record<string, { path: string; but: readonly string[] }>> = {
  contact_lists: { path: '/crm/lists/:date/all', but: ['listId', 'deletedAt', 'updatedAt', 'createdAt'] },
  email_events: { path: '/email/public/v1/events', but: ['id', 'created'] },
  email_subscriptions: { path: '/email/public/v1/subscriptions', but: ['id'] },
  forms: { path: '/marketing/v3/forms', but: ['id', 'archived', 'deletedAt', 'properties', 'createdAt', 'updatedAt'] },
  subscription_changes: { path: '/email/public/v1/subscriptions/timeline', but: ['timestamp'] },
  workflows: { path: '/automation/v3/workflows', but: ['id', 'insertedAt', 'updatedAt'] },
};

/**
 * Gives the first item of each such stream a value in every field that source-hubspot declares, also within other fields, so that
 * all of them are compared. What the item has already stays.
 */
export function fillEveryField({ portal }: Sandbox, catalog: ReadonlyMap<string, AirbyteStream>): void {
  for (const [name, { path, but }] of Object.entries(PLACES)) {
    const collection = portal.collections.find((each) => each.options.path === path);
    const item = collection?.list(false)[0];
    const declared = catalog.get(name)?.json_schema.properties as Record<string, JsonObject> | undefined;
    if (!collection || !item || !declared) throw new Error(`${name} has no items to fill`);
    // Fields with an underscore are parts of another one, flattened.
    const wanted = Object.entries(declared).filter(
      ([field]) => !but.includes(field) && !/^\w+_|^properties/.test(field),
    );
    const members = item.members as JsonObject;
    collection.put(
      item.id,
      Object.fromEntries(wanted.map(([field, schema]) => [field, filled(members[field], schema)])),
      item.updatedAt,
    );
  }
}

/** The value with what the schema has besides; of text, the format's. */
function filled(value: JsonValue | undefined, schema: JsonObject): JsonValue {
  const [type] = [schema.type].flat().filter((each) => each !== 'null');
  if (type === 'object') {
    const given = (value ?? {}) as JsonObject;
    const parts = Object.entries((schema.properties ?? {}) as Record<string, JsonObject>);
    return { ...given, ...Object.fromEntries(parts.map(([name, part]) => [name, filled(given[name], part)])) };
  }
  if (type === 'array') {
    const items = (schema.items ?? { type: 'string' }) as JsonObject;
    return Array.isArray(value) && value.length > 0
      ? value.map((each) => filled(each, items))
      : [filled(undefined, items)];
  }
  if (value !== undefined && value !== null) return value;
  if (type === 'boolean') return true;
  if (type === 'integer') return 7;
  if (type === 'number') return 1.5;
  return schema.format === 'date-time' ? '2026-02-03T04:05:06.789Z' : schema.format === 'date' ? '2026-02-03' : 'text';
}
