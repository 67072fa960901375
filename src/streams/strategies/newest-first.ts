import { type Endpoint, type Item, type ItemPage, pagesOf } from '../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { EpochMs } from '../../time.js';

/** What to read of a collection whose newest items come first. */
export interface NewestFirst {
  endpoint: Endpoint;
  /** -Infinity: not known. */
  timeOf(item: Item): EpochMs;
  /** Items before this need not be read; null: all are. */
  since: EpochMs | null;
  /** The cursor of the first page; null: the beginning. */
  start: string | null;
}

/**
 * The pages of a collection up to the first one that ends before `since`. HubSpot's documents contradict one another about such orders:
 * only while times are seen to fall does the read stop, otherwise it goes on to the end.
 *
 * @returns whether the read went on to the end
 */
export async function* newestFirst(
  client: HubSpotClient,
  { endpoint, timeOf, since, start }: NewestFirst,
): AsyncGenerator<ItemPage, boolean> {
  let [first, last] = [Number.NaN, Number.POSITIVE_INFINITY];
  let rises = false;
  let isCut = false;
  const isEnough = ({ items }: ItemPage) => {
    for (const item of items) {
      const time = timeOf(item);
      if (!Number.isFinite(time)) continue;
      if (Number.isNaN(first)) first = time;
      if (time > last) rises = true;
      last = time;
    }
    isCut = since !== null && !rises && first > last && last < since;
    return isCut;
  };
  yield* pagesOf(client, endpoint, start, isEnough);
  return !isCut;
}
