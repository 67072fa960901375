import type { HubSpotClient } from '../client/client.js';
import { isUnknownObject } from '../client/known-answers.js';
import type { ObjectType } from './object-types.js';

/** By client and object, the segment that HubSpot took in a path when it had refused the first one. */
const taken = new WeakMap<HubSpotClient, Map<string, string>>();

/**
 * Calls with an object's type id in the path, and once more with its name where HubSpot does not know the id. Type ids are
 * documented for every object, and proven equal to the names for those that live answers are known of; of some names HubSpot's own
 * documentation has two forms.
 *
 * @param call makes the call with the given segment of the path
 */
export async function addressed<T>(
  client: HubSpotClient,
  type: ObjectType,
  call: (segment: string) => Promise<T>,
): Promise<T> {
  const known = taken.get(client)?.get(type.name);
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
      // The portal does not have the object: its first answer says so as well as the second.
      throw isUnknownObject(other) ? error : other;
    }
  }
}

function remember(client: HubSpotClient, type: ObjectType, segment: string): void {
  const ofClient = taken.get(client) ?? new Map<string, string>();
  taken.set(client, ofClient.set(type.name, segment));
}
