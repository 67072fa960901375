import { isObject } from '../../json.js';
import { CALLS } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { MalformedAnswer } from '../client/malformed-answer.js';
import { paths } from '../client/paths.js';
import type { ObjectRow } from './object-row.js';
import { parseAnswer, refuseFaults, resultsOf, rowsOf } from './objects.js';

/** HubSpot: a batch read of deal splits accepts up to 100 deals. */
export const DEAL_SPLITS_LIMIT = 100;

/**
 * The splits of deals by deal id; deals without splits have an empty list or no entry. Splits are not an object that can be listed
 * or searched: HubSpot only documents reading them by deal.
 */
export function readDealSplits(client: HubSpotClient, dealIds: readonly string[]): Promise<Map<string, ObjectRow[]>> {
  const body = { inputs: dealIds.map((id) => ({ id })) };
  const call = { kind: CALLS.dealSplits, path: paths.dealSplits(), what: 'deal splits', body };
  return client.call(call, (answered) => {
    const answer = parseAnswer(answered);
    refuseFaults(answer);
    return new Map(
      resultsOf(answer, isObject).map(({ id, splits }) => {
        if (!dealIds.includes(String(id)))
          throw new MalformedAnswer(`splits of the deal ${id}, which was not asked for`);
        return [String(id), rowsOf({ results: splits ?? [] })];
      }),
    );
  });
}
