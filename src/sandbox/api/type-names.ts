import { ApiError, unknownType } from '../http/errors.js';
import type { Services } from '../http/listener.js';
import type { ObjectType } from '../portal/types/object-types.js';

/** The object type of a path segment. @throws ApiError 400 where HubSpot is not known to take that name. */
export function typeNamed(name: string | undefined, services: Services): ObjectType {
  const type = knownType(name ?? '', services);
  if (type === undefined) throw unknownType(name ?? '');
  return type;
}

/**
 * The same of an object that is to be read. @throws ApiError 400 also for objects that are switched off in this portal.
 * That HubSpot refuses those is known; its words are not, so these are made up.
 */
export function typeToRead(name: string | undefined, services: Services): ObjectType {
  const type = typeNamed(name, services);
  if (services.switches.now.disabledObjects.includes(type.id)) {
    throw new ApiError(400, { message: `Object type ${type.id} is not enabled for this portal` });
  }
  return type;
}

/** The object types of an `associations` parameter. @throws ApiError 400 for unknown ones, unless they are ignored. */
export function typesNamed(names: readonly string[], services: Services): ObjectType[] {
  const ignored = services.switches.now.unknownAssociations === 'ignored';
  const types = names.flatMap((name) => (ignored ? (knownType(name, services) ?? []) : typeNamed(name, services)));
  return [...new Set(types)];
}

function knownType(name: string, { portal, switches }: Services): ObjectType | undefined {
  const type = switches.now.names === 'any' ? portal.types.find(name) : portal.types.inPath(name);
  return type?.readable === true || switches.now.dealSplits === 'object' ? type : undefined;
}
