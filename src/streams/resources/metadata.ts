import { MissingScopesError } from '../../errors.js';
import type { Endpoint } from '../../hubspot/api/endpoint.js';
import { propertiesEndpoint, SENSITIVITIES } from '../../hubspot/api/metadata.js';
import {
  CUSTOM_SCHEMAS_SCOPE,
  metadataScopes,
  type ObjectType,
  standardObject,
} from '../../hubspot/api/object-types.js';
import { CALLS } from '../../hubspot/client/calls.js';
import { paths } from '../../hubspot/client/paths.js';
import type { PortalFacts, StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../layouts/property-schema.js';
import { type Partition, type PartitionSource, type Partitions, readPartitions } from '../strategies/partitions.js';
import { whole } from '../strategies/whole.js';
import { collection, itemsIn } from './collection.js';

/** What HubSpot knows of properties and objects. Of properties it lists one object's at a time, and those of one sensitivity. */

const OBJECT_TYPE = { ...STRING, description: 'The object by the name that HubSpot has for it in paths.' };

const groupsOf = (type: ObjectType): Endpoint => ({
  kind: CALLS.properties,
  path: { of: type, at: paths.propertyGroups },
  what: `the property groups of ${type.name}`,
  paging: 'none',
  id: 'name',
});

/** A partition for each object that the token may read. */
function ofEachObject(
  what: string,
  endpointsOf: (type: ObjectType, portal: PortalFacts) => readonly Endpoint[],
): PartitionSource {
  const find = async (portal: PortalFacts): Promise<Partitions> => {
    const { known } = portal;
    const names = new Set(known.all.map(({ name }) => name));
    const all = (await readableTypes(portal, what)).map(
      (type): Partition => ({
        id: type.name,
        endpoints: endpointsOf(type, portal),
        members: { objectType: type.name, objectTypeId: type.typeId },
        fingerprint: null,
      }),
    );
    return { all, calls: 0, isWithout: (name) => known.isComplete && !names.has(name) };
  };
  return {
    find,
    async probe(portal) {
      const { all } = await find(portal);
      if ((await portal.tokenScopes()) !== null) return;
      // The first that can be read will do.
      for await (const { isComplete } of readPartitions(portal.client, what, {}, all, 1)) if (isComplete) return;
    },
  };
}

/** The objects that the token may read, as far as its scopes show. Throws where there is none. */
async function readableTypes(portal: PortalFacts, what: string): Promise<readonly ObjectType[]> {
  const granted = await portal.tokenScopes();
  const types = portal.known.all.filter(
    (type) => granted === null || metadataScopes(type).some((scope) => granted.includes(scope)),
  );
  if (types.length > 0) return types;
  const scope = 'crm.objects.contacts.read';
  throw new MissingScopesError(
    `The token may read no object, and so no ${what}. Add a scope to it, such as ${scope}.`,
    [scope],
  );
}

const PROPERTIES = {
  group: 'metadata',
  scopes: [],
  isOfAllObjects: true,
  endpoint: propertiesEndpoint(standardObject('contacts')),
  partitions: ofEachObject('properties', (type, { config }) =>
    [null, ...(config.sensitive === 'include' ? SENSITIVITIES : [])].map((each) => propertiesEndpoint(type, each)),
  ),
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
  group: 'metadata',
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
