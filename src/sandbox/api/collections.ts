import { badRequest } from '../http/errors.js';
import type { Handler } from '../http/listener.js';
import type { Collection, CollectionItem } from '../portal/collection.js';
import { reply } from './reply.js';
import { flagParameter, jsonBody, limitParameter } from './request.js';

const USUAL = 20;
const MOST = 500;

/**
 * A collection, page by page: `limit`, `after`, `archived`; `updatedAfter` and `updatedBefore` (ISO 8601 or epoch ms) leave out what was
 * last updated before the one, or at and after the other. A cursor is the id of the last item of the page before.
 */
export function collectionHandler(collection: Collection): Handler {
  const { options } = collection;
  const { paging = 'after', results = 'results', pages: [usual, most] = [USUAL, MOST] } = options;
  return {
    scopes: () => options.scopes,
    answer(call, services) {
      const query = new URLSearchParams(call.query);
      if (paging === 'offset') return reply(services, newestFirst(collection, query));
      const all = wanted(collection, query);
      const sent = paging === 'post' ? jsonBody(call) : { count: query.get('limit'), after: query.get('after') };
      const limit = paging === 'none' ? all.length : limitParameter(sent.count as string | null, usual, most);
      const after = (sent.after ?? null) === null ? null : String(sent.after);
      const start = after === null ? 0 : all.findIndex(({ id }) => isBehind(id, after));
      const page = start === -1 ? [] : all.slice(start, start + limit);
      const isMore = start !== -1 && all.length > start + limit;
      const next = isMore ? { paging: { next: { after: page.at(-1)?.id } } } : {};
      return reply(services, { [results]: page.map((item) => collection.json(item)), ...next });
    },
  };
}

/** The items that a query asks for. */
function wanted(collection: Collection, query: URLSearchParams): readonly CollectionItem[] {
  const [from, until] = [timeParameter(query, 'updatedAfter'), timeParameter(query, 'updatedBefore')];
  const { narrowed } = collection.options;
  const kinds = narrowed ? query.getAll(narrowed.by) : [];
  const isAsked = ({ members }: CollectionItem) => {
    if (!narrowed || kinds.includes('all')) return true;
    const kind = String(Object.entries(members).find(([name]) => name === narrowed.member)?.[1]);
    return kinds.length > 0 ? kinds.includes(kind) : kind === narrowed.usual;
  };
  const isDue = ({ updatedAt }: CollectionItem) =>
    updatedAt >= (from ?? 0) && updatedAt < (until ?? Number.POSITIVE_INFINITY);
  const list = collection.list(flagParameter(query, 'archived'));
  if (from === null && until === null && !narrowed) return list;
  return list.filter((item) => isAsked(item) && isDue(item));
}

/** A page of events. Its offset holds what was asked, and is refused for another question. */
function newestFirst(collection: Collection, query: URLSearchParams): object {
  const { results = 'results', pages: [usual, most] = [USUAL, MOST] } = collection.options;
  const limit = limitParameter(query.get('limit'), usual, most);
  const [from, until] = [timeParameter(query, 'startTimestamp'), timeParameter(query, 'endTimestamp')];
  const question = `${from}-${until}-${limit}`;
  const [start = '0', asked = question] = Buffer.from(query.get('offset') ?? '', 'base64url')
    .toString()
    .split('|');
  if (asked !== question) throw badRequest('The offset is of another question.');
  const all = collection
    .list(false)
    .filter(({ updatedAt }) => updatedAt >= (from ?? 0) && updatedAt <= (until ?? Number.POSITIVE_INFINITY))
    .sort((a, b) => b.updatedAt - a.updatedAt);
  const end = Number(start) + limit;
  return {
    [results]: all.slice(Number(start), end).map((item) => collection.json(item)),
    hasMore: end < all.length,
    offset: Buffer.from(`${end}|${question}`).toString('base64url'),
  };
}

function isBehind(id: string, after: string): boolean {
  return id.length > after.length || (id.length === after.length && id > after);
}

/** Epoch ms; null where the parameter is not there. @throws ApiError 400 */
function timeParameter(query: URLSearchParams, name: string): number | null {
  const given = query.get(name);
  if (given === null) return null;
  const time = /^\d+$/.test(given) ? Number(given) : Date.parse(given);
  if (Number.isNaN(time)) throw badRequest(`${name} is no time: ${given}`);
  return time;
}
