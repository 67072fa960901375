import type { AssociationCriteria } from '../../../config/source.js';
import { ASSOCIATIONS_LIMIT, type Link, readLinks } from '../../../hubspot/api/associations.js';
import { findObjectType, type ObjectType } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import { jsonText } from '../../../protocol/encode.js';
import type { JsonObject } from '../../../protocol/messages.js';
import type { KnownObjects } from '../../core/known-objects.js';
import { catalogEntry, type PortalFacts, type StreamPlan } from '../../core/stream.js';
import { INTEGER, STRING } from '../../layouts/property-schema.js';
import { Children } from '../../strategies/children/children.js';

/** The fields of source-hubspot's association streams, in both layouts. */
const SCHEMA: JsonObject = {
  from_id: { ...STRING, description: 'The id of the record that the association starts from.' },
  to_id: { ...STRING, description: 'The id of the record that it leads to.' },
  association_type_id: { ...INTEGER, description: 'The association type, a number within its category.' },
  category: { ...STRING, description: "Whose type it is: HubSpot's (HUBSPOT_DEFINED) or the portal's (USER_DEFINED)." },
  label: { ...STRING, description: 'What the association is called; null without a label.' },
};

/** All but the label: a type's number is only unique within its category. */
const KEY = ['from_id', 'to_id', 'association_type_id', 'category'];

/**
 * The associations from one object's records to another's: one row for each pair of records and association type. HubSpot neither has
 * the time of an association nor reports its removal, so there is no cursor, and start dates do not apply. The `associations` in
 * HubSpot's list are not sufficient: they lack a type's category and number.
 */
export function associationsPlan(criteria: AssociationCriteria, known: KnownObjects): StreamPlan {
  const { name, fromObject, toObject, path } = criteria;
  const open = async (portal: PortalFacts) => {
    const from = known.find(fromObject, `${path}.from_object`);
    return linksOf(portal, name, from, known.find(toObject, `${path}.to_object`));
  };
  return {
    name,
    // A missing object is reported when the stream is opened, so that only this stream fails.
    scopes: [fromObject, toObject].flatMap((object) => findObjectType(object, known.all)?.scopes ?? []),
    subject: name,
    objectTypeId: null,
    reading: { increment: 'whole', calls: '1 for 1,000 records' },
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
      // A stream may keep its name while its objects are changed in the configuration.
      identity: { from: keyOf(from), to: keyOf(to) },
      increments: null,
    },
    portal,
  );
}
