import { MissingScopesError } from '../../../errors.js';
import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import { metadataScopes, type ObjectType } from '../../../hubspot/api/object-types.js';
import type { PortalFacts } from '../../core/stream.js';
import { STRING } from '../../layouts/property-schema.js';
import { type Partition, type PartitionSource, type Partitions, readPartitions } from '../../strategies/partitions.js';

export const OBJECT_TYPE = { ...STRING, description: 'The object by the name that HubSpot has for it in paths.' };

/** The name of an object in records. @param all the objects of the portal */
type Naming = (type: ObjectType, all: readonly ObjectType[]) => string;

/** A partition for each object that the token may read. @param named by default by the name in paths */
export function ofEachObject(
  what: string,
  endpointsOf: (type: ObjectType, portal: PortalFacts) => readonly Endpoint[],
  named: Naming = ({ name }) => name,
): PartitionSource {
  const partitionsOf = (types: readonly ObjectType[], portal: PortalFacts) =>
    types.map((type) => ({
      id: named(type, portal.known.all),
      endpoints: endpointsOf(type, portal),
      members: { objectType: named(type, portal.known.all), objectTypeId: type.typeId },
      fingerprint: null,
    }));
  return ofObjects(what, '1 an object', partitionsOf, named);
}

/** Partitions by the objects that the token may read. @param calls see {@link Reading} @param partitionsOf those of the objects; an id names its objects, with slashes between */
export function ofObjects(
  what: string,
  calls: string,
  partitionsOf: (types: readonly ObjectType[], portal: PortalFacts) => Partition[],
  named: Naming = ({ name }) => name,
): PartitionSource {
  const find = async (portal: PortalFacts): Promise<Partitions> => {
    const { known } = portal;
    const names = new Set(known.all.map((type) => named(type, known.all)));
    const all = partitionsOf(await readableTypes(portal, what), portal);
    return { all, calls: 0, isGone: (id) => known.isComplete && !id.split('/').every((name) => names.has(name)) };
  };
  return {
    reading: { calls },
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
