import { MissingScopesError } from '../../errors.js';
import { isObject, memberOf, stringAt } from '../../json.js';
import { burstCall } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { isRefusal } from '../client/error-kinds.js';
import { paths } from '../client/paths.js';
import { parseAnswer } from './objects.js';

/**
 * How many live records each object has, by type id, in one call for all of them (HubSpot's record limits).
 *
 * @returns null: HubSpot does not say it to this token
 */
export async function readRecordCounts(client: HubSpotClient): Promise<ReadonlyMap<string, number> | null> {
  const call = { kind: burstCall('recordCounts', 'metadata'), path: paths.recordCounts(), what: 'record counts' };
  try {
    const answer = await client.call({ ...call, attempts: 2 }, parseAnswer);
    const lists = [answer.hubspotDefinedObjectTypes, memberOf(answer.customObjectTypes, 'byObjectType')];
    return new Map(lists.flatMap((list) => (Array.isArray(list) ? list : [])).flatMap(countIn));
  } catch (error) {
    if (error instanceof MissingScopesError || isRefusal(error, [400, 403, 404])) return null;
    throw error;
  }
}

function countIn(value: unknown): [typeId: string, records: number][] {
  const typeId = stringAt(value, 'objectTypeId');
  const usage = isObject(value) ? value.usage : undefined;
  return typeId !== undefined && typeof usage === 'number' ? [[typeId, usage]] : [];
}
