import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import { propertiesEndpoint, SENSITIVITIES } from '../../../hubspot/api/metadata.js';
import { CUSTOM_SCHEMAS_SCOPE, type ObjectType, standardObject } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { PortalFacts, StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../../layouts/property-schema.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection, itemsIn } from '../collection.js';
import { TIERS } from '../tiers.js';
import { OBJECT_TYPE, ofEachObject } from './by-objects.js';

/** What HubSpot knows of properties and objects. Of properties it lists one object's at a time, and those of one sensitivity. */

const groupsOf = (type: ObjectType): Endpoint => ({
  kind: CALLS.properties,
  path: { of: type, at: paths.propertyGroups },
  what: `the property groups of ${type.name}`,
  paging: 'none',
  id: 'name',
});

/** What HubSpot lists of an object's properties: those that are sensitive are asked for by themselves. */
export const propertiesOf = (type: ObjectType, { config }: PortalFacts): readonly Endpoint[] =>
  [null, ...(config.sensitive !== 'exclude' ? SENSITIVITIES : [])].map((each) => propertiesEndpoint(type, each));

const PROPERTIES = {
  group: 'metadata',
  isDefault: true,
  scopes: [],
  isOfAllObjects: true,
  endpoint: propertiesEndpoint(standardObject('contacts')),
  partitions: ofEachObject('properties', propertiesOf),
} as const;

const properties = whole({
  ...PROPERTIES,
  name: 'properties',
  itemsOf: (property) => (typeof property.name === 'string' ? [property] : []),
  key: ['objectType', 'name'],
  cursor: 'updatedAt',
  schema: {
    objectType: OBJECT_TYPE,
    objectTypeId: STRING,
    name: STRING,
    label: STRING,
    description: STRING,
    type: STRING,
    fieldType: STRING,
    groupName: STRING,
    displayOrder: INTEGER,
    options: OBJECTS,
    calculated: BOOLEAN,
    calculationFormula: STRING,
    externalOptions: BOOLEAN,
    formField: BOOLEAN,
    hasUniqueValue: BOOLEAN,
    hidden: BOOLEAN,
    hubspotDefined: BOOLEAN,
    referencedObjectType: STRING,
    showCurrencySymbol: BOOLEAN,
    currencyPropertyName: STRING,
    dateDisplayHint: STRING,
    numberDisplayHint: STRING,
    textDisplayHint: STRING,
    dataSensitivity: STRING,
    sensitiveDataCategories: STRINGS,
    modificationMetadata: OBJECT,
    createdUserId: STRING,
    updatedUserId: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const propertyOptions = whole({
  ...PROPERTIES,
  name: 'property_options',
  itemsOf: ({ objectType, objectTypeId, name: propertyName, options }) =>
    itemsIn(options).map((option) => ({
      ...option,
      objectType,
      objectTypeId,
      propertyName,
    })),
  key: ['objectType', 'propertyName', 'value'],
  cursor: null,
  schema: {
    objectType: OBJECT_TYPE,
    objectTypeId: STRING,
    propertyName: STRING,
    value: STRING,
    label: STRING,
    displayOrder: INTEGER,
    hidden: BOOLEAN,
    description: STRING,
  },
});

const propertyGroups = whole({
  ...PROPERTIES,
  name: 'property_groups',
  endpoint: groupsOf(standardObject('contacts')),
  partitions: ofEachObject('property groups', (type) => [groupsOf(type)]),
  isLive: (group) => group.archived !== true,
  key: ['objectType', 'name'],
  cursor: null,
  schema: { objectType: OBJECT_TYPE, objectTypeId: STRING, name: STRING, label: STRING, displayOrder: INTEGER },
});

const objectSchemas = whole({
  name: 'object_schemas',
  tier: TIERS.enterprise,
  group: 'metadata',
  isDefault: true,
  scopes: [[CUSTOM_SCHEMAS_SCOPE]],
  subject: 'schemas.custom',
  endpoint: collection('metadata', 'schemas of custom objects', paths.schemas(), { paging: 'none' }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    objectTypeId: STRING,
    fullyQualifiedName: STRING,
    labels: OBJECT,
    primaryDisplayProperty: STRING,
    secondaryDisplayProperties: STRINGS,
    requiredProperties: STRINGS,
    searchableProperties: STRINGS,
    properties: OBJECTS,
    associations: OBJECTS,
    allowsSensitiveProperties: BOOLEAN,
    createdByUserId: STRING,
    updatedByUserId: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

export const metadata: readonly StreamDeclaration[] = [properties, propertyOptions, propertyGroups, objectSchemas];
