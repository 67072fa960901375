import type { Call } from '../http/call.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import type { Collection, CollectionItem, CollectionOptions } from '../portal/collection.js';
import { recentItems } from './recent.js';
import { reply } from './reply.js';
import { batchInputs, batchTexts, flagParameter, jsonBody, limitParameter } from './request.js';

const USUAL = 20;
const MOST = 500;
/** Items that a search shows. */
const MOST_FOUND = 10_000;

/**
 * A collection, page by page: `limit`, `after`, `archived`; `updatedAfter` and `updatedBefore` (ISO 8601 or epoch ms) leave out what was
 * last updated before the one, or at and after the other, unless the collection calls them otherwise. A cursor is the id of the last item of the page before. Items within others have
 * no such filters.
 */
export function collectionHandler(collection: Collection): Handler {
  const { options } = collection;
  const { paging = 'after', results = 'results', pages: [usual, most] = [USUAL, MOST] } = options;
  return {
    scopes: () => options.scopes,
    answer(call, services) {
      const query = new URLSearchParams(call.query);
      const missing = (options.required ?? []).filter((name) => !query.has(name));
      if (missing.length > 0) throw badRequest(`Some required fields were not set: [${missing.join(', ')}]`);
      if (options.batch) return reply(services, batchRead(options.batch, call, services));
      if (options.about) return reply(services, answerAbout(options.about, query, services));
      if (options.recent) return reply(services, recentItems(options, query, services));
      if (paging === 'offset' || paging === 'ids') return reply(services, byOffset(collection, query));
      if (paging === 'search') return reply(services, found(collection, query));
      const all = options.within ? within(collection, call, services) : wanted(collection, query);
      if (paging === 'one') return reply(services, { ...only(collection, all) });
      if (paging === 'newest') return reply(services, newestFirst(collection, all, query));
      const sent = paging === 'post' ? jsonBody(call) : { count: query.get('limit'), after: query.get('after') };
      const limit = paging === 'none' ? all.length : limitParameter(sent.count as string | null, usual, most);
      const after = (sent.after ?? null) === null ? null : String(sent.after);
      const start =
        after === null ? 0 : startOf(all, after, options.since !== undefined || options.isNewestFirst === true);
      const page = start === -1 ? [] : all.slice(start, start + limit);
      const isMore = start !== -1 && all.length > start + limit;
      const next = isMore ? { paging: { next: { after: page.at(-1)?.id } } } : {};
      const json = (item: CollectionItem) => ({ ...collection.json(item), ...options.asked?.(item, query) });
      return reply(services, { [results]: page.map((item) => bareOf(json(item), options.bare)), ...next });
    },
  };
}

/** Where the page behind a cursor starts; -1: there is none. */
function startOf(all: readonly CollectionItem[], after: string, isSorted: boolean): number {
  if (!isSorted) return all.findIndex(({ id }) => isBehind(id, after));
  const at = all.findIndex(({ id }) => id === after);
  return at === -1 || at + 1 === all.length ? -1 : at + 1;
}

/** @throws ApiError 404 */
function answerAbout(
  { of, by, answer }: NonNullable<CollectionOptions['about']>,
  query: URLSearchParams,
  { portal }: Services,
): object {
  const item = portal
    .collectionAt(of)
    .list(false)
    .find(({ id }) => id === query.get(by));
  if (!item) throw notFound();
  return answer(item);
}

/** The items that a batch asks for by their ids. Those that are not there are left out, as HubSpot does. */
function batchRead(
  { of, most, input, more, groups }: NonNullable<CollectionOptions['batch']>,
  call: Call,
  { portal }: Services,
): object {
  const at = (path: string) => portal.collectionAt(path);
  const collection = at(of);
  const items = new Map(collection.list(false).map((item) => [item.id, item]));
  const body = jsonBody(call);
  const ids = input === null ? batchTexts(body, most) : batchInputs(body, most, input).map(({ id }) => id);
  if (groups) return { status: 'COMPLETE', results: ids.map((id) => grouped(collection, groups, id)) };
  const there = ids.flatMap((id) => items.get(id) ?? []);
  const results = there.flatMap((item) => {
    const others = more ? more(item, at) : {};
    return others === null ? [] : [{ ...collection.json(item), ...others }];
  });
  return { status: 'COMPLETE', results };
}

function grouped(
  collection: Collection,
  { by, name, list }: NonNullable<NonNullable<CollectionOptions['batch']>['groups']>,
  value: string,
): object {
  const all = collection.list(false).filter(({ members }) => (members as Record<string, unknown>)[by] === value);
  return { [name]: value, [list]: all.map((item) => collection.json(item)) };
}

/** The items that belong to the one that the path names. @throws ApiError 404 */
function within(collection: Collection, { params }: Call, { portal }: Services): readonly CollectionItem[] {
  const { of, id = '', refusal } = collection.options.within ?? {};
  if (of === undefined) return collection.part(params);
  const parents = portal.collectionAt(of);
  const parent = [false, true].flatMap(
    (archived) => parents.list(archived).find((each) => each.id === params[id]) ?? [],
  );
  if (!parent[0]) throw notFound();
  const refused = refusal?.(parent[0]);
  if (refused !== undefined) throw badRequest(refused);
  return collection.part(params);
}

/** @throws ApiError 404 */
function only(collection: Collection, [item]: readonly CollectionItem[]): object {
  if (!item) throw notFound();
  return collection.json(item);
}

/** A page by time. A cursor is the time and the id of the last item of the page before. */
function newestFirst(collection: Collection, all: readonly CollectionItem[], query: URLSearchParams): object {
  const { results = 'results', pages: [usual, most] = [USUAL, MOST] } = collection.options;
  const limit = limitParameter(query.get('limit'), usual, most);
  const sign = collection.isRising ? -1 : 1;
  const sorted = all.toSorted((a, b) => sign * (b.updatedAt - a.updatedAt || compareIds(b.id, a.id)));
  const [time = '', id = ''] = Buffer.from(query.get('after') ?? '', 'base64url')
    .toString()
    .split('|');
  const isNext = (each: CollectionItem) => sign * (Number(time) - each.updatedAt || compareIds(id, each.id)) > 0;
  const start = id === '' ? 0 : sorted.findIndex(isNext);
  const page = start === -1 ? [] : sorted.slice(start, start + limit);
  const last = page.at(-1);
  const isMore = last !== undefined && sorted.length > start + limit;
  const after = isMore ? Buffer.from(`${last.updatedAt}|${last.id}`).toString('base64url') : null;
  return { [results]: page.map((item) => collection.json(item)), ...(after ? { paging: { next: { after } } } : {}) };
}

/** The items that a query asks for. */
function wanted(collection: Collection, query: URLSearchParams): readonly CollectionItem[] {
  const { narrowed, asked, span = { from: 'updatedAfter', to: 'updatedBefore' }, isNewestFirst } = collection.options;
  const [from, until] = [timeParameter(query, span.from), timeParameter(query, span.to)];
  const given = narrowed ? query.getAll(narrowed.by) : [];
  const isAsked = (item: CollectionItem) => {
    if (asked?.(item, query) === null) return false;
    if (!narrowed || given.includes('all')) return true;
    const kinds = given.length > 0 ? given : [narrowed.usual];
    const has = [Object.entries(item.members).find(([name]) => name === narrowed.member)?.[1]].flat().map(String);
    return kinds.some((kind) => has.includes(kind));
  };
  const isDue = ({ updatedAt }: CollectionItem) => {
    if (updatedAt === from) return !('isClosed' in span) || span.isClosed;
    if (updatedAt === until) return 'isClosed' in span && span.isClosed;
    return updatedAt > (from ?? 0) && updatedAt < (until ?? Number.POSITIVE_INFINITY);
  };
  const list = collection.list(flagParameter(query, 'archived'));
  const since = sinceOf(collection, query);
  const isAll = from === null && until === null && !narrowed && !asked && since === null;
  const all = isAll ? list : list.filter((item) => isAsked(item) && isDue(item));
  if (since)
    return all.filter((item) => since.timeOf(item) >= since.time).sort((a, b) => since.timeOf(a) - since.timeOf(b));
  return isNewestFirst ? all.toSorted((a, b) => b.updatedAt - a.updatedAt) : all;
}

function bareOf(item: Record<string, unknown>, member: string | undefined): unknown {
  return member === undefined ? item : item[member];
}

/** What a query asks of the times of a member. @throws ApiError 400 where it sorts by a member without a bound */
function sinceOf({ options }: Collection, query: URLSearchParams) {
  if (!options.since) return null;
  const { by, member } = options.since;
  const time = timeParameter(query, by);
  if (time === null && query.get('sort') === member) throw badRequest(`sort by ${member} takes ${by}`);
  const timeOf = ({ members }: CollectionItem) => Date.parse(String((members as Record<string, unknown>)[member]));
  return time === null ? null : { time, timeOf };
}

/** A page of what a search finds; where nothing is said of the order, newest first. @throws ApiError 400 */
function found(collection: Collection, query: URLSearchParams): object {
  const { pages: [usual, most] = [USUAL, MOST] } = collection.options;
  const limit = limitParameter(query.get('limit'), usual, most);
  const start = Number(query.get('after') ?? 0);
  if (!(start + limit <= MOST_FOUND)) throw badRequest(`A search ends at ${MOST_FOUND} items.`);
  const bound = (name: string, usually: number) => Number(query.get(name) ?? usually);
  const [least, last] = [bound('idGte', 0), bound('idLte', Number.POSITIVE_INFINITY)];
  const since = timeParameter(query, 'updatedAtGte') ?? 0;
  const all = collection
    .list(false)
    .filter(({ id, updatedAt }) => Number(id) >= least && Number(id) <= last && updatedAt >= since);
  const sorted =
    query.get('sort') === 'id' ? all : all.toSorted((a, b) => b.updatedAt - a.updatedAt || compareIds(b.id, a.id));
  const next = start + limit < sorted.length ? { paging: { next: { after: String(start + limit) } } } : {};
  return { results: sorted.slice(start, start + limit).map((item) => collection.json(item)), ...next };
}

/** A page of events, newest first, or in the order of ids. Its offset holds what was asked, and is refused for another question. */
function byOffset(collection: Collection, query: URLSearchParams): object {
  const { results = 'results', pages: [usual, most] = [USUAL, MOST], paging } = collection.options;
  const limit = limitParameter(query.get('limit'), usual, most);
  const [from, until] = [timeParameter(query, 'startTimestamp'), timeParameter(query, 'endTimestamp')];
  const question = `${from}-${until}-${limit}`;
  const [start = '0', asked = question] = Buffer.from(query.get('offset') ?? '', 'base64url')
    .toString()
    .split('|');
  if (asked !== question) throw badRequest('The offset is of another question.');
  const all = collection
    .list(false)
    .filter(({ updatedAt }) => updatedAt >= (from ?? 0) && updatedAt <= (until ?? Number.POSITIVE_INFINITY));
  if (paging === 'offset') all.sort((a, b) => b.updatedAt - a.updatedAt);
  const end = Number(start) + limit;
  return {
    [results]: all.slice(Number(start), end).map((item) => collection.json(item)),
    hasMore: end < all.length,
    offset: Buffer.from(`${end}|${question}`).toString('base64url'),
  };
}

function isBehind(id: string, after: string): boolean {
  return compareIds(id, after) > 0;
}

function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Epoch ms; null where the parameter is not there. @throws ApiError 400 */
function timeParameter(query: URLSearchParams, name: string): number | null {
  const given = query.get(name);
  if (given === null) return null;
  const time = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isNaN(time)) throw badRequest(`${name} is no time: ${given}`);
  return time;
}
