import type { HubSpotClient } from '../client/client.js';
import { isUnknownObject } from '../client/error-kinds.js';
import type { ObjectType } from './object-types.js';

/** The path segments that HubSpot accepted after it had rejected the first one, by client and object. */
const accepted = new WeakMap<HubSpotClient, Map<string, string>>();

/**
 * Makes a call with an object's type id in the path, and again with its name if HubSpot does not know the id. Type ids are
 * documented for every object, and live responses confirm that many of them are equivalent to the names; for some names, HubSpot's
 * own documentation has two spellings.
 *
 * @param call makes the call with the given path segment
 */
export async function withObjectPath<T>(
  client: HubSpotClient,
  type: ObjectType,
  call: (segment: string) => Promise<T>,
): Promise<T> {
  const known = accepted.get(client)?.get(type.name);
  if (known !== undefined) return call(known);
  const [first = type.name, second] = type.typeId === null ? [type.name] : [type.typeId, type.name];
  try {
    return await call(first);
  } catch (error) {
    if (second === undefined || !isUnknownObject(error)) throw error;
    try {
      const answer = await call(second);
      remember(client, type, second);
      return answer;
    } catch (other) {
      // The portal does not have the object: the first error says so as well as the second.
      throw isUnknownObject(other) ? error : other;
    }
  }
}

function remember(client: HubSpotClient, type: ObjectType, segment: string): void {
  const ofClient = accepted.get(client) ?? new Map<string, string>();
  accepted.set(client, ofClient.set(type.name, segment));
}
