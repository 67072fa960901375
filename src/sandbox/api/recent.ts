import { badRequest } from '../http/errors.js';
import type { Services } from '../http/listener.js';
import type { CollectionOptions } from '../portal/collection.js';
import { limitParameter } from './request.js';

const DAY_MS = 86_400_000;

/**
 * A page of what was updated lately in another collection: `count`, `offset` (a number of items), `since` (epoch ms). `total` counts what
 * matches; what is beyond the days and the items that HubSpot reaches back is not answered.
 *
 * @throws ApiError 400
 */
export function recentItems(options: CollectionOptions, query: URLSearchParams, { portal }: Services): object {
  const { results = 'results', pages: [usual, most] = [20, 100], recent } = options;
  const collection = portal.collectionAt(recent?.of ?? '');
  // A larger count is no error: source-hubspot asks for 250.
  const limit = Math.min(most, limitParameter(query.get('count'), usual, Number.POSITIVE_INFINITY));
  const offset = Number(query.get('offset') ?? 0);
  if (!Number.isInteger(offset)) throw badRequest(`offset is no number: ${query.get('offset')}`);
  const oldest = portal.clock.now() - (recent?.days ?? 0) * DAY_MS;
  const since = Math.max(oldest, Number(query.get('since') ?? 0));
  const all = collection
    .list(false)
    .filter(({ updatedAt }) => updatedAt >= since)
    .sort((a, b) => b.updatedAt - a.updatedAt);
  const shown = all.slice(0, recent?.most);
  const end = offset + limit;
  return {
    [results]: shown.slice(offset, end).map((item) => collection.json(item)),
    hasMore: end < shown.length,
    offset: end,
    total: all.length,
  };
}
