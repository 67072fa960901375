import type { Services } from '../../http/listener.js';
import { type ByteText, byteText } from '../../portal/bytes.js';
import type { PastVersion } from '../../portal/history/history.js';
import type { CrmRecord } from '../../portal/record.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import type { Property } from '../../portal/types/properties.js';
import { valueScope } from '../scopes.js';

/** Which properties the rows of an answer show. */
export interface Selection {
  readonly type: ObjectType;
  readonly parts: readonly SelectedProperty[];
  readonly history: readonly SelectedProperty[];
  /** The versions of such a property that are shown. */
  readonly versionsOf: (record: CrmRecord, property: Property) => readonly PastVersion[];
}

export interface SelectedProperty {
  readonly property: Property;
  /** `"name":` */
  readonly key: ByteText;
}

/**
 * The properties asked for, or the type's default ones, plus the record's id and its two times, by name.
 * HubSpot ignores names that do not exist, are archived, or are sensitive without the scope for it.
 */
export function select(
  type: ObjectType,
  services: Services,
  names: readonly string[] | undefined,
  historyNames: readonly string[] = [],
): Selection {
  const wanted =
    names === undefined || (names.length === 0 && historyNames.length === 0) ? type.defaultProperties : names;
  const always = ['hs_object_id', type.createdProperty, type.modifiedProperty];
  return {
    type,
    parts: resolve(type, services, [...wanted, ...historyNames, ...always]),
    history: resolve(type, services, historyNames),
    versionsOf: (record, property) => services.portal.history(type, record, property),
  };
}

function resolve(type: ObjectType, { portal, access }: Services, names: readonly string[]): SelectedProperty[] {
  const set = portal.properties(type);
  return [...new Set(names)].sort().flatMap((name) => {
    const property = set.active(name);
    if (property === undefined) return [];
    const scope = valueScope(type, property);
    if (scope !== null && !access.grants(scope)) return [];
    return [{ property, key: byteText(`${JSON.stringify(name)}:`) }];
  });
}
