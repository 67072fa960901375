import type { PropertyDefinition } from '../../hubspot/api/metadata.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { ValueKind } from './coerce.js';
import { TIMESTAMP } from './timestamps.js';

/** The JSON Schema of a property's values, with HubSpot's label and description, which become a column comment. */
export function propertySchema(property: PropertyDefinition, kind: ValueKind, decimal: boolean): JsonObject {
  const schema = decimal && kind === 'number' && isWhole(property) ? INTEGER : kindSchema(kind, decimal);
  return { ...schema, ...texts(property) };
}

/** The JSON Schema of a property's local dates. @param zone the portal's */
export function localDateSchema({ name, label }: PropertyDefinition, zone: string): JsonObject {
  return {
    ...kindSchema('date', false),
    ...(label ? { title: `${label} (local date)` } : {}),
    description: `The calendar date of ${name} in the portal's time zone, ${zone}.`,
  };
}

/**
 * HubSpot's own ids and counts, which have the same type as amounts. As decimals, ids would not join with ids that are text. Only
 * HubSpot's own properties qualify, since a portal's may hold anything, whatever their names.
 */
const WHOLE = /(?:^|_)id$|^associatedcompanyid$|^(?:hs_)?num_|_count$/;

export function isWhole({ name, hubspotDefined }: PropertyDefinition): boolean {
  return name === 'hs_object_id' || (hubspotDefined === true && WHOLE.test(name));
}

function kindSchema(kind: ValueKind, decimal: boolean): JsonObject {
  switch (kind) {
    case 'number':
      // hubflake_decimal asks our writer for exact digits (NUMBER(38,10)) instead of a float.
      return decimal ? { type: ['null', 'number'], hubflake_decimal: true } : { type: ['null', 'number'] };
    case 'boolean':
      return { type: ['null', 'boolean'] };
    case 'date':
      return { type: ['null', 'string'], format: 'date' };
    case 'datetime':
      return { type: ['null', 'string'], format: 'date-time' };
    case 'utc':
      return TIMESTAMP;
    case 'string':
      return { type: ['null', 'string'] };
  }
}

function texts(property: PropertyDefinition): JsonObject {
  return {
    ...(property.label ? { title: property.label } : {}),
    ...(property.description ? { description: property.description } : {}),
  };
}

export const STRING: JsonObject = { type: ['null', 'string'] };
export const INTEGER: JsonObject = { type: ['null', 'integer'] };
export const BOOLEAN: JsonObject = { type: ['null', 'boolean'] };
export const INSTANT: JsonObject = { type: ['null', 'string'], format: 'date-time' };
/** An amount: exact digits in our own tables. */
export const DECIMAL: JsonObject = { type: ['null', 'number'], hubflake_decimal: true };
export const OBJECT: JsonObject = { type: ['null', 'object'], additionalProperties: true };
export const OBJECTS: JsonObject = { type: ['null', 'array'], items: OBJECT };
export const STRINGS: JsonObject = { type: ['null', 'array'], items: { type: ['null', 'string'] } };
/** Marks the property that is true on tombstones, for our writer. */
export const TOMBSTONE: JsonObject = { type: ['null', 'boolean'], hubflake_tombstone: true };

/** Marks the property that is false on records that have left the stream's filters. */
const MATCHES_FILTERS: JsonObject = { type: ['null', 'boolean'], hubflake_tombstone: false };

/** The schemas of a layout's optional members. */
export function extraSchemas({ cdc, filtered }: { cdc: boolean; filtered: boolean }): JsonObject {
  return {
    ...(filtered ? { matches_filters: MATCHES_FILTERS } : {}),
    ...(cdc ? { _ab_cdc_deleted_at: INSTANT } : {}),
  };
}

/** A stream's json_schema around its top-level properties. */
export function streamSchema(properties: JsonObject): JsonObject {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: ['null', 'object'],
    additionalProperties: true,
    properties,
  };
}
