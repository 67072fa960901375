import type { AssociationCriteria } from '../../config/source.js';
import { ASSOCIATIONS_LIMIT, type Link, readLinks } from '../../hubspot/api/associations.js';
import { findObjectType, type ObjectType } from '../../hubspot/api/object-types.js';
import { CALLS } from '../../hubspot/client/calls.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { KnownObjects } from '../core/known-objects.js';
import { catalogEntry, type PortalFacts, type StreamPlan } from '../core/stream.js';
import { INTEGER, STRING } from '../layouts/property-schema.js';
import { Children } from '../strategies/children.js';

/** The fields of source-hubspot's association streams, in both layouts. */
const SCHEMA: JsonObject = {
  from_id: { ...STRING, description: 'The id of the record that the association starts from.' },
  to_id: { ...STRING, description: 'The id of the record that it leads to.' },
  association_type_id: { ...INTEGER, description: 'The association type, a number within its category.' },
  category: { ...STRING, description: "Whose type it is: HubSpot's (HUBSPOT_DEFINED) or the portal's (USER_DEFINED)." },
  label: { ...STRING, description: 'What the association is called; null without a label.' },
};

/** All but the label: the number of a type is only unique within its category. */
const KEY = ['from_id', 'to_id', 'association_type_id', 'category'];

/**
 * Everything that connects the records of one object with those of another, in one direction: a row for each pair of records
 * and association type. HubSpot has no time of an association and tells of its end in no feed, so there is no cursor, and no start date
 * leaves anything out. The `associations` of HubSpot's list would not do: they name neither the category nor the number of a type.
 */
export function associationsPlan(criteria: AssociationCriteria, known: KnownObjects): StreamPlan {
  const { name, fromObject, toObject, path } = criteria;
  const open = async (portal: PortalFacts) => {
    const from = known.find(fromObject, `${path}.from_object`);
    return linksOf(portal, name, from, known.find(toObject, `${path}.to_object`));
  };
  return {
    name,
    // The objects are looked up again when the stream is opened, so that one that is gone fails this stream alone.
    scopes: [fromObject, toObject].flatMap((object) => findObjectType(object, known.all)?.scopes ?? []),
    subject: name,
    objectTypeId: null,
    probe: async (portal) => (await open(portal)).probe(),
    open,
    hiddenDeletions: () => null,
  };
}

function linksOf(portal: PortalFacts, name: string, from: ObjectType, to: ObjectType): Children<Link> {
  const keyOf = ({ typeId, name: object }: ObjectType) => typeId ?? object;
  return new Children(
    {
      entry: catalogEntry(name, SCHEMA, KEY, null),
      noun: 'associations',
      parent: from,
      kind: CALLS.associations,
      parentsPerCall: ASSOCIATIONS_LIMIT,
      read: (client, ids) => readLinks(client, from, to, ids),
      encode: ({ fromId, toId, typeId, category, label }) => ({
        data: jsonText({ from_id: fromId, to_id: toId, association_type_id: typeId, category, label }),
        changes: null,
      }),
      // A stream may keep its name and be of other objects the next time.
      identity: { from: keyOf(from), to: keyOf(to) },
      increments: null,
    },
    portal,
  );
}
