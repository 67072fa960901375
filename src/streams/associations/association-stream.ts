import type { AssociationCriteria } from '../../config/source.js';
import type { Link } from '../../hubspot/api/associations.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { jsonText } from '../../protocol/encode.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { KnownObjects } from '../core/known-objects.js';
import type { EncodedRecord } from '../core/sink.js';
import { INTEGER, STRING } from '../layouts/property-schema.js';

/**
 * Everything that connects the records of one object with those of another, in one direction: a row for each pair of records
 * and association type. HubSpot has no time of an association and tells of its end in no feed, so there is no cursor.
 */
export interface AssociationStream {
  kind: 'associations';
  name: string;
  from: ObjectType;
  to: ObjectType;
}

/** The fields of source-hubspot's association streams, in both layouts. */
export const LINK_SCHEMA: JsonObject = {
  from_id: { ...STRING, description: 'The id of the record that the association starts from.' },
  to_id: { ...STRING, description: 'The id of the record that it leads to.' },
  association_type_id: { ...INTEGER, description: 'The association type, a number within its category.' },
  category: { ...STRING, description: "Whose type it is: HubSpot's (HUBSPOT_DEFINED) or the portal's (USER_DEFINED)." },
  label: { ...STRING, description: 'What the association is called; null without a label.' },
};

/** All but the label: the number of a type is only unique within its category. */
export const LINK_KEY = ['from_id', 'to_id', 'association_type_id', 'category'];

/** Looks the two objects up. Throws as {@link KnownObjects.find} does. */
export function associationStream(
  { name, fromObject, toObject, path }: AssociationCriteria,
  known: KnownObjects,
): AssociationStream {
  const from = known.find(fromObject, `${path}.from_object`);
  return { kind: 'associations', name, from, to: known.find(toObject, `${path}.to_object`) };
}

export function encodeLink({ fromId, toId, typeId, category, label }: Link): EncodedRecord {
  const data = { from_id: fromId, to_id: toId, association_type_id: typeId, category, label };
  return { data: jsonText(data), changes: null };
}
