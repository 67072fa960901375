import type { Item } from '../../../hubspot/api/endpoint.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { BOOLEAN, INTEGER, STRING } from '../../layouts/property-schema.js';
import { TIMESTAMP } from '../../layouts/timestamps.js';
import { asJson, type Resource } from '../../strategies/resource.js';

/** Where a column's values come from: a member of HubSpot's items, or what is made of an item; null: HubSpot has no public source of it. */
type Source = string | ((item: Item) => unknown) | null;

interface Column {
  type: JsonObject;
  from: Source;
}

const column =
  (type: JsonObject) =>
  (from: Source, description?: string): Column => ({
    type: description === undefined ? type : { ...type, description },
    from,
  });

/** A text; an object or a list becomes its JSON. */
export const text = column(STRING);
/** A whole number that a float holds exactly: of an id with more digits there is none. HubSpot writes most ids as texts. */
export const integer = column({ ...INTEGER, maximum: Number.MAX_SAFE_INTEGER });
export const number = column({ type: ['null', 'number'] });
export const boolean = column(BOOLEAN);
/** A time in any of HubSpot's forms, as UTC without a zone. */
export const time = column(TIMESTAMP);

/** A column that the package reads, and that HubSpot's public API has no source of. */
export function without(make: typeof text): Column {
  return make(null, "Always null: HubSpot's public API does not tell it.");
}

/** A column that Fivetran has given up, or replaced. */
export function deprecated(make: typeof text): Column {
  return make(null, 'Always null: Fivetran does not fill it any more.');
}

/** What a stream declares of its columns, in their order. */
export function columns(all: Readonly<Record<string, Column>>): Required<Pick<Resource, 'schema' | 'record'>> {
  const entries = Object.entries(all);
  return {
    schema: Object.fromEntries(entries.map(([name, { type }]) => [name, type])),
    record: (item) => Object.fromEntries(entries.map(([name, { from }]) => [name, asJson(read(item, from))])),
  };
}

function read(item: Item, from: Source): unknown {
  return typeof from === 'function' ? from(item) : from === null ? null : item[from];
}
