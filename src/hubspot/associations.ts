import { type HubSpotClient, MalformedAnswer } from './client.js';
import { nextOf, parseAnswer, resultsOf } from './objects.js';
import { paths } from './paths.js';

/** HubSpot: a batch read of associations takes up to 1,000 ids since 2025-02-10. */
export const ASSOCIATIONS_LIMIT = 1000;

interface BatchResult {
  from?: { id?: string | number };
  to?: { toObjectId?: string | number }[];
  paging?: unknown;
}

/**
 * The ids of the `to` objects associated with each of the `from` objects `ids`, each list complete (HubSpot pages long ones
 * per id) and without repeats (HubSpot gives one entry per label). Ids without associations map to an empty list.
 */
export async function readAssociations(
  client: HubSpotClient,
  from: string,
  to: string,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>(ids.map((id) => [id, new Set<string>()]));
  let inputs: { id: string; after?: string }[] = ids.map((id) => ({ id }));
  while (inputs.length > 0) {
    const next: { id: string; after: string }[] = [];
    for (let start = 0; start < inputs.length; start += ASSOCIATIONS_LIMIT) {
      const batch = inputs.slice(start, start + ASSOCIATIONS_LIMIT);
      const call = {
        kind: 'associations' as const,
        path: paths.associations(from, to),
        body: { inputs: batch },
        what: `associations of ${from} with ${to}`,
      };
      const results = await client.call(call, (body) => {
        const answered = resultsOf(parseAnswer(body)) as BatchResult[];
        const stranger = answered.find((result) => !found.has(String(result.from?.id)));
        if (stranger) throw new MalformedAnswer(`associations of ${stranger.from?.id}, which was not asked for`);
        return answered;
      });
      for (const result of results) {
        const id = String(result.from?.id);
        for (const target of result.to ?? []) found.get(id)?.add(String(target.toObjectId));
        const after = nextOf({ paging: result.paging });
        if (after !== null) next.push({ id, after });
      }
    }
    inputs = next;
  }
  return new Map([...found].map(([id, targets]) => [id, [...targets]]));
}
