import { RequestError } from '../../errors.js';
import { isObject, memberOf } from '../../json.js';
import { log } from '../../log.js';
import type { CallKind } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { isRefusal } from '../client/error-kinds.js';
import { withObjectPath } from './object-path.js';
import type { ObjectType } from './object-types.js';
import { nextOf, parseAnswer, refuseFaults, resultsOf } from './objects.js';
import { sharedPage } from './shared-pages.js';

/** How often a call is repeated because an item has no id; the next answer is taken as it is. */
const MOST_DAMAGED = 2;
/** Items of a page where HubSpot documents no other default or maximum. */
const PAGE_ITEMS = 100;

/** How to call an endpoint that returns a collection, page by page. */
export interface Endpoint {
  kind: CallKind;
  /** Below the host; of a collection that belongs to an object, by the segment that HubSpot knows the object by. */
  path: string | { of: ObjectType; at: (segment: string) => string };
  /** The path before the date-based versions, called where HubSpot does not know `path`. */
  olderPath?: string;
  /** How the answers of `olderPath` differ, if they do. */
  olderForm?: Partial<Pick<Endpoint, 'results' | 'paging'>>;
  /** What is asked for, as a noun, for messages. */
  what: string;
  query?: Readonly<Record<string, string>>;
  /** What is sent by POST, with the page's `after` and `count` where there are pages; without it the call is a GET. */
  body?: Readonly<Record<string, unknown>>;
  /** The member of the answer that has the items, `results` by default; null: the answer itself is the only one. */
  results?: string | null;
  /**
   * `after`: pages of `limit` items, each naming the next one in `paging.next.after`. `offset`: the same in `offset`,
   * while `hasMore` is true. `id`: sorted by id, each page beginning after the last id of the one before, since
   * HubSpot's `after` ends at 10,000 items. `none`: HubSpot returns the whole collection, and takes no limit.
   */
  paging: 'after' | 'offset' | 'id' | 'none';
  /** Items of a page, 100 by default. */
  limit?: number;
  /** The parameter with the number of items, `limit` by default. */
  limitName?: string;
  /** Whether HubSpot answers names and no objects: each becomes an item with that name in the member `id`. */
  isOfNames?: boolean;
  /** The member of every item that identifies it, `id` by default; null: there is none. */
  id?: string | null;
  /**
   * Whether several streams of a run read it, so that each page is requested once and kept until the run ends. `briefly`: they read it side by
   * side, so that a page is kept for a while only.
   */
  isShared?: boolean | 'briefly';
  /** Whether it is about the portal itself, so that a service asks for it now and then only. */
  isKept?: boolean;
}

/** An item as HubSpot answers it. */
export type Item = Readonly<Record<string, unknown>>;

export interface ItemPage {
  items: readonly Item[];
  /** The cursor of the next page, or null at the end. */
  after: string | null;
  /** How many items there are on all pages; null: HubSpot does not say. */
  total: number | null;
  /** The calls that it took: none if another stream had requested it. */
  calls: 0 | 1;
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
  const request = () => requestItems(client, endpoint, after, limit);
  if (!endpoint.isShared) return request();
  const { path, query, body } = endpoint;
  const at = typeof path === 'string' ? path : path.at(path.of.name);
  const key = JSON.stringify([at, query, body, after, limit]);
  const keptOr = async (): Promise<ItemPage> => {
    const { answer, isNew } = await client.kept.get(key, request);
    return isNew ? answer : { ...answer, calls: 0 };
  };
  return sharedPage(client, key, endpoint.isKept ? keptOr : request, endpoint.isShared === 'briefly');
}

function requestItems(
  client: HubSpotClient,
  endpoint: Endpoint,
  after: string | null,
  limit: number,
): Promise<ItemPage> {
  const { path, olderPath } = endpoint;
  if (typeof path !== 'string') {
    return withObjectPath(client, path.of, (segment) => callItems(client, endpoint, path.at(segment), after, limit));
  }
  if (olderPath === undefined) return callItems(client, endpoint, path, after, limit);
  const olderEndpoint = { ...endpoint, ...endpoint.olderForm };
  return readEither(client, endpoint, { path, olderPath }, (at) =>
    callItems(client, at === olderPath ? olderEndpoint : endpoint, at, after, limit),
  );
}

/** The endpoints of a client's portal that HubSpot only knows by their older paths. */
const older = new WeakMap<HubSpotClient, Set<string>>();

/** HubSpot answers 404 where it does not know a path, or not any more. The path that it knows is remembered. */
async function readEither(
  client: HubSpotClient,
  { what }: Endpoint,
  { path, olderPath }: { path: string; olderPath: string },
  call: (path: string) => Promise<ItemPage>,
): Promise<ItemPage> {
  const known = older.get(client) ?? new Set();
  older.set(client, known);
  if (known.has(path)) return call(olderPath);
  try {
    return await call(path);
  } catch (error) {
    if (!isRefusal(error, [404])) throw error;
    const page = await call(olderPath).catch((other: unknown) => {
      // Of two paths that are not known, the newer one is the one to report.
      throw isRefusal(other, [404]) ? error : other;
    });
    log.info(`HubSpot does not know ${path}; ${what} are read from ${olderPath}.`);
    known.add(path);
    return page;
  }
}

function callItems(
  client: HubSpotClient,
  endpoint: Endpoint,
  path: string,
  after: string | null,
  limit: number,
): Promise<ItemPage> {
  const { kind, what, paging, body, olderPath, limitName = 'limit' } = endpoint;
  const query = new URLSearchParams(endpoint.query);
  const isPost = body !== undefined;
  if (paging !== 'none' && !isPost) query.set(limitName, String(limit));
  if (paging === 'id') {
    query.set('sort', 'id');
    if (after !== null) query.set('idGte', String(Number(after) + 1));
  } else if (after !== null && !isPost) query.set(paging === 'offset' ? 'offset' : 'after', after);
  const at = after === null ? {} : paging === 'offset' ? { offset: Number(after) } : { after };
  const position = paging === 'none' ? {} : { count: limit, ...at };
  const sent = isPost ? { body: { ...body, ...position } } : {};
  const hasOtherPath = olderPath !== undefined && path !== olderPath;
  let answers = 0;
  return client.call({ kind, what, path, query: query.toString(), hasOtherPath, ...sent }, (answer) => {
    answers += 1;
    return decode(answer, endpoint, after, answers > MOST_DAMAGED);
  });
}

/**
 * The pages of a collection, from the one at `start` (null: the first) to the last. The next page travels while one is worked on.
 * Throws a RequestError where HubSpot's cursor stands still.
 *
 * @param isEnough whether no page is wanted after this one; called once a page, before the next one is requested
 */
export async function* pagesOf(
  client: HubSpotClient,
  endpoint: Endpoint,
  start: string | null = null,
  isEnough: (page: ItemPage) => boolean = () => false,
): AsyncGenerator<ItemPage> {
  let page = await readItems(client, endpoint, start);
  for (let at = start; !isEnough(page) && page.after !== null; ) {
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

/**
 * Throws MalformedAnswer, so that the call is retried, if an item has no id: its record would have no key.
 *
 * @param isLenient whether such items are taken as they are
 */
function decode(answered: Buffer, endpoint: Endpoint, after: string | null, isLenient: boolean): ItemPage {
  const { id = 'id', results = 'results', paging, body, isOfNames } = endpoint;
  const answer = parseAnswer(answered);
  if (body !== undefined) refuseFaults(answer);
  const isItem = (value: unknown): value is Item => isObject(value) && (isLenient || id === null || hasId(value, id));
  const given = results === null ? [answer] : memberOf(answer, results);
  const all = isOfNames && Array.isArray(given) ? given.map((name) => ({ [id ?? 'id']: name })) : given;
  const items = resultsOf({ results: all }, isItem, id === null ? 'no object' : `an item without ${id}`);
  const page = { items, total: typeof answer.total === 'number' ? answer.total : null, calls: 1 } as const;
  if (paging === 'offset') return { ...page, after: answer.hasMore === true ? String(answer.offset) : null };
  const next = nextOf(answer);
  return { ...page, after: next === null || paging !== 'id' ? next : lastId(endpoint, items, after) };
}

/** Whether an item has an id. */
export function hasId(item: Item, id: string): boolean {
  return (item[id] ?? null) !== null;
}

/** The id after which the next page begins. Throws a RequestError if ids do not ascend: pages would leave out items. */
function lastId({ what, id = 'id' }: Endpoint, items: readonly Item[], after: string | null): string {
  let last = Number(after ?? -1);
  for (const item of items) {
    if (!hasId(item, id ?? 'id')) continue;
    const next = Number(item[id ?? 'id']);
    if (!(next > last)) throw new RequestError(`HubSpot's list of ${what} is not in the order of ids.`, 200);
    last = next;
  }
  return String(last);
}
