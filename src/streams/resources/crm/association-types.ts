import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import type { ObjectType } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import { paths } from '../../../hubspot/client/paths.js';
import { INTEGER, STRING } from '../../layouts/property-schema.js';
import type { Partition } from '../../strategies/partitions.js';
import { whole } from '../../strategies/whole/whole.js';
import { OBJECT_TYPE, ofObjects } from './by-objects.js';

/** Each of them may be associated with every object; of the others, custom ones with one another. */
const HUBS = ['contacts', 'companies', 'deals', 'tickets'];

const labelsOf = (from: string, to: string): Endpoint => ({
  kind: CALLS.associationTypes,
  path: paths.associationLabels(from, to),
  olderPath: `/crm/v4/associations/${from}/${to}/labels`,
  what: `the types of associations from ${from} to ${to}`,
  paging: 'none',
  id: 'typeId',
});

/** A partition for each two objects, in either order. */
function pairsOf(types: readonly ObjectType[]): Partition[] {
  return types.flatMap((from) =>
    types
      .filter((to) => [from, to].some(({ name }) => HUBS.includes(name)) || (from.custom && to.custom))
      .map((to) => ({
        id: `${from.name}/${to.name}`,
        endpoints: [labelsOf(from.typeId ?? from.name, to.typeId ?? to.name)],
        members: { fromObjectType: from.name, toObjectType: to.name },
        fingerprint: null,
      })),
  );
}

/** How records of one object can be associated with those of another, with the portal's own labels. */
export const associationTypes = whole({
  name: 'association_types',
  group: 'metadata',
  scopes: [],
  isOfAllObjects: true,
  endpoint: labelsOf('contacts', 'companies'),
  partitions: ofObjects('association types', '1 for two objects', pairsOf),
  key: ['fromObjectType', 'toObjectType', 'category', 'typeId'],
  partitionFields: 2,
  cursor: null,
  schema: { fromObjectType: OBJECT_TYPE, toObjectType: OBJECT_TYPE, category: STRING, typeId: INTEGER, label: STRING },
});
