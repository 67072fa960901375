import { propertiesEndpoint } from '../../../hubspot/api/metadata.js';
import { type ObjectType, standardObject } from '../../../hubspot/api/object-types.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { itemsIn } from '../../resources/collection.js';
import { ofEachObject } from '../../resources/crm/by-objects.js';
import { propertiesOf } from '../../resources/crm/metadata.js';
import { whole } from '../../strategies/whole/whole.js';
import { boolean, columns, deprecated, integer, text, time } from './columns.js';
import { REMOVED } from './tables.js';

/** The properties of all objects, and their options: a call an object, which object streams share. */

/**
 * An object as Fivetran names it, in the singular: `contact`, `line_item`. Of a custom object that is its own name, unless one of HubSpot's
 * has that.
 */
export function singularOf({ name, aliases, stream, custom }: ObjectType, all: readonly ObjectType[]): string {
  if (!custom) return aliases.find((alias) => /^[a-z_]+$/.test(alias) && alias.length < name.length) ?? name;
  const own = stream.toLowerCase();
  return all.some((other) => !other.custom && singularOf(other, []) === own) ? name.toLowerCase() : own;
}

const PROPERTIES = {
  ...REMOVED,
  group: 'metadata',
  scopes: [],
  isOfAllObjects: true,
  endpoint: propertiesEndpoint(standardObject('contacts')),
  partitions: ofEachObject('properties', propertiesOf, singularOf),
} as const;

const OBJECT = text('objectType', 'The object, in the singular.');

const property = whole({
  ...PROPERTIES,
  name: 'property',
  itemsOf: (item) => (typeof item.name === 'string' ? [item] : []),
  key: ['hubspot_object', 'name'],
  ...columns({
    hubspot_object: OBJECT,
    name: text('name'),
    label: text('label'),
    description: text('description'),
    type: text('type'),
    field_type: text('fieldType'),
    group_name: text('groupName'),
    calculated: boolean('calculated'),
    hubspot_defined: boolean('hubspotDefined'),
    show_currency_symbol: boolean('showCurrencySymbol'),
    created_at: time('createdAt'),
    updated_at: time('updatedAt'),
    _fivetran_id: deprecated(text),
  }),
});

const propertyOption = whole({
  ...PROPERTIES,
  name: 'property_option',
  itemsOf: ({ objectType, name: propertyName, options }) =>
    itemsIn(options).map((option) => ({ ...option, objectType, propertyName })),
  // Fivetran's documents have the label in place of the value; but a property may have one label twice, and a value only once.
  key: ['hubspot_object', 'name', 'value'],
  ...columns({
    hubspot_object: OBJECT,
    name: text('propertyName', 'The name of the property.'),
    value: text('value'),
    label: text('label'),
    display_order: integer('displayOrder'),
    hidden: boolean('hidden'),
    property_id: deprecated(text),
  }),
});

export const properties: readonly StreamDeclaration[] = [property, propertyOption];
