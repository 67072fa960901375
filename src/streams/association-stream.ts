import type { AssociationCriteria } from '../config/source.js';
import { MissingScopesError } from '../errors.js';
import type { Link } from '../hubspot/associations.js';
import { CUSTOM_SCHEMAS_SCOPE, findObjectType, type ObjectType, STANDARD_OBJECTS } from '../hubspot/object-types.js';
import type { JsonObject } from '../protocol/messages.js';
import { INTEGER, STRING } from './property-schema.js';
import { unknownObject } from './selection.js';
import type { EncodedRecord } from './sink.js';

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

/**
 * Looks the two objects up. Throws a ConfigError where the portal does not have one of them, and a MissingScopesError where
 * that cannot be known.
 *
 * @param customTypes null where the token may not see the portal's custom objects
 */
export function associationStream(
  { name, fromObject, toObject, path }: AssociationCriteria,
  customTypes: readonly ObjectType[] | null,
): AssociationStream {
  const types = [...STANDARD_OBJECTS, ...(customTypes ?? [])];
  const find = (objectName: string, option: string) => {
    const type = findObjectType(objectName, types);
    if (type) return type;
    if (customTypes !== null) throw unknownObject(`${path}.${option}`, objectName, types);
    throw new MissingScopesError(
      `${path}.${option}: "${objectName}" is no standard object, and the token may not see the custom ones. Add the scope ${CUSTOM_SCHEMAS_SCOPE} to it.`,
      [CUSTOM_SCHEMAS_SCOPE],
    );
  };
  return { kind: 'associations', name, from: find(fromObject, 'from_object'), to: find(toObject, 'to_object') };
}

export function encodeLink({ fromId, toId, typeId, category, label }: Link): EncodedRecord {
  const data = { from_id: fromId, to_id: toId, association_type_id: typeId, category, label };
  return { data: JSON.stringify(data), changes: null };
}
