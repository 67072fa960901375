import { RequestError } from '../../errors.js';
import { memberOf } from '../../json.js';
import type { CallKind } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { addressed } from './address.js';
import type { ObjectType } from './object-types.js';
import { nextOf, parseAnswer, resultsOf } from './objects.js';

/** Items of a page where HubSpot documents no other default or maximum. */
const PAGE_ITEMS = 100;

/** An endpoint that answers a collection, page by page: all that calling it takes. */
export interface Endpoint {
  kind: CallKind;
  /** Below the host; of a collection that belongs to an object, by the segment that HubSpot knows the object by. */
  path: string | { of: ObjectType; at: (segment: string) => string };
  /** What is asked for, as a noun, for messages. */
  what: string;
  query?: Readonly<Record<string, string>>;
  /**
   * `after`: pages of `limit` items, each naming the next one in `paging.next.after`. `none`: HubSpot answers the collection whole,
   * and takes no limit.
   */
  paging: 'after' | 'none';
  /** Items of a page, 100 by default. */
  limit?: number;
  /** The member of every item that identifies it, `id` by default. */
  id?: string;
}

/** An item as HubSpot answers it. */
export type Item = Readonly<Record<string, unknown>>;

export interface ItemPage {
  items: readonly Item[];
  /** The cursor of the next page, or null at the end. */
  after: string | null;
}

/** The same endpoint with more in its query. */
export function withQuery(endpoint: Endpoint, query: Readonly<Record<string, string>>): Endpoint {
  return { ...endpoint, query: { ...endpoint.query, ...query } };
}

/** The most items that one call gives; null where that is all of them. */
export function itemsPerCall({ paging, limit = PAGE_ITEMS }: Endpoint): number | null {
  return paging === 'none' ? null : limit;
}

/** One page of a collection. @param after its cursor, null for the first @param limit fewer items than the endpoint's pages have */
export function readItems(
  client: HubSpotClient,
  endpoint: Endpoint,
  after: string | null = null,
  limit = endpoint.limit ?? PAGE_ITEMS,
): Promise<ItemPage> {
  const { kind, what, path } = endpoint;
  const query = new URLSearchParams(endpoint.query);
  if (endpoint.paging === 'after') query.set('limit', String(limit));
  if (after !== null) query.set('after', after);
  const call = (at: string) =>
    client.call({ kind, what, path: at, query: query.toString() }, (body) => decode(body, endpoint.id ?? 'id'));
  return typeof path === 'string' ? call(path) : addressed(client, path.of, (segment) => call(path.at(segment)));
}

/**
 * The pages of a collection, from the one at `start` (null: the first) to the last. The next page travels while one is worked on.
 * Throws a RequestError where HubSpot's cursor stands still.
 */
export async function* pagesOf(
  client: HubSpotClient,
  endpoint: Endpoint,
  start: string | null = null,
): AsyncGenerator<ItemPage> {
  let page = await readItems(client, endpoint, start);
  for (let at = start; page.after !== null; ) {
    if (page.after === at) {
      throw new RequestError(`HubSpot's list of ${endpoint.what} does not move on from ${at}.`, 200);
    }
    at = page.after;
    const next = readItems(client, endpoint, at);
    next.catch(() => undefined);
    yield page;
    page = await next;
  }
  yield page;
}

/** Throws MalformedAnswer, so that the call is retried, if an item has no id: its record would have no key. */
function decode(body: Buffer, id: string): ItemPage {
  const answer = parseAnswer(body);
  const isItem = (value: unknown): value is Item => (memberOf(value, id) ?? null) !== null;
  return { items: resultsOf(answer, isItem, `an item without ${id}`), after: nextOf(answer) };
}
