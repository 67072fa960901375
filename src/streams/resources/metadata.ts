import { MissingScopesError } from '../../errors.js';
import type { Endpoint, Item } from '../../hubspot/api/endpoint.js';
import { SENSITIVITIES } from '../../hubspot/api/metadata.js';
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
import type { Partition, Partitions } from '../strategies/partitions.js';
import { whole } from '../strategies/whole.js';
import { collection } from './collection.js';

/** What HubSpot knows of properties and objects. Of properties it lists one object's at a time, and those of one sensitivity. */

const OBJECT_TYPE = { ...STRING, description: 'The object by the name that HubSpot has for it in paths.' };

function endpointOf(type: ObjectType, at: (segment: string) => string, what: string, query = {}): Endpoint {
  return {
    kind: CALLS.properties,
    path: { of: type, at },
    what: `${what} of ${type.name}`,
    paging: 'none',
    id: 'name',
    query,
  };
}

/** A partition for each object, and for each of some queries. */
function ofEachObject(
  at: (segment: string) => string,
  what: string,
  queriesOf: (portal: PortalFacts) => readonly Record<string, string>[] = () => [{}],
) {
  return async (portal: PortalFacts): Promise<Partitions> => {
    const { known } = portal;
    const granted = await portal.tokenScopes();
    const types = known.all.filter(
      (type) => granted === null || metadataScopes(type).some((scope) => granted.includes(scope)),
    );
    if (types.length === 0) {
      const scope = 'crm.objects.contacts.read';
      throw new MissingScopesError(
        `The token may read no object, and so no ${what}. Add a scope to it, such as ${scope}.`,
        [scope],
      );
    }
    const all = types.flatMap((type) =>
      queriesOf(portal).map(
        (query): Partition => ({
          id: type.name,
          endpoint: endpointOf(type, at, what, query),
          members: { objectType: type.name, objectTypeId: type.typeId },
        }),
      ),
    );
    const names = new Set(known.all.map(({ name }) => name));
    return {
      all,
      areGranted: granted !== null,
      idOf: ({ objectType }) => String(objectType),
      isWithout: ({ objectType }) => known.isComplete && !names.has(String(objectType)),
    };
  };
}

const sensitivities = ({ config }: PortalFacts) => [
  {},
  ...(config.sensitive === 'include' ? SENSITIVITIES.map((dataSensitivity) => ({ dataSensitivity })) : []),
];

const PROPERTIES = {
  group: 'metadata',
  scopes: [],
  isOfAllObjects: true,
  endpoint: endpointOf(standardObject('contacts'), paths.properties, 'properties'),
  partitions: ofEachObject(paths.properties, 'properties', sensitivities),
} as const;

const properties = whole({
  ...PROPERTIES,
  name: 'properties',
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
    (Array.isArray(options) ? options : []).map((option: Item) => ({
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
  endpoint: endpointOf(standardObject('contacts'), paths.propertyGroups, 'property groups'),
  partitions: ofEachObject(paths.propertyGroups, 'property groups'),
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
