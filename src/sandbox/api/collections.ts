import { badRequest } from '../http/errors.js';
import type { Handler } from '../http/listener.js';
import { type Collection, type CollectionItem, itemJson } from '../portal/collection.js';
import { reply } from './reply.js';
import { flagParameter, limitParameter } from './request.js';

const USUAL = 20;
const MOST = 500;

/**
 * `GET` of a collection, page by page: `limit`, `after`, `archived`; `updatedAfter` and `updatedBefore` (ISO 8601 or epoch ms) leave out
 * what was last updated before the one, or at and after the other. A cursor is the id of the last item of the page before.
 */
export function collectionHandler(collection: Collection): Handler {
  return {
    scopes: () => collection.options.scopes,
    answer(call, services) {
      const query = new URLSearchParams(call.query);
      const limit = limitParameter(query.get('limit'), USUAL, MOST);
      const [from, until] = [timeParameter(query, 'updatedAfter'), timeParameter(query, 'updatedBefore')];
      const list = collection.list(flagParameter(query, 'archived'));
      const isWanted = ({ updatedAt }: CollectionItem) =>
        updatedAt >= (from ?? 0) && updatedAt < (until ?? Number.POSITIVE_INFINITY);
      const all = from === null && until === null ? list : list.filter(isWanted);
      const after = query.get('after');
      const start = after === null ? 0 : all.findIndex(({ id }) => isBehind(id, after));
      const page = start === -1 ? [] : all.slice(start, start + limit);
      const isMore = start !== -1 && all.length > start + limit;
      const next = isMore ? { paging: { next: { after: page.at(-1)?.id } } } : {};
      return reply(services, { results: page.map(itemJson), ...next });
    },
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
