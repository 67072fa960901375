import type { Answer } from '../../http/answer.js';
import type { Call } from '../../http/call.js';
import { badRequest } from '../../http/errors.js';
import type { Handler, Services } from '../../http/listener.js';
import type { CrmRecord } from '../../portal/record.js';
import type { ObjectType } from '../../portal/types/object-types.js';
import { valueAt } from '../../portal/values.js';
import { rowJson } from '../records/row.js';
import { select } from '../records/selection.js';
import { replyWith } from '../reply.js';
import { jsonBody, limitParameter, splitNames, textsIn } from '../request.js';
import { recordScopes } from '../scopes.js';
import { typeToRead } from '../type-names.js';
import { compileGroups, type Predicate, type SearchFilter, tokensOf } from './filter.js';
import { find, idRange, shownChange } from './search-index.js';
import { sorted } from './sort.js';

const USUAL_LIMIT = 10;
const MAX_LIMIT = 200;
/** HubSpot: no search gives more than its first 10,000 results; what lies behind is refused with 400. */
const MAX_WINDOW = 10_000;
const MAX_QUERY_LENGTH = 3_000;

/**
 * `POST /crm/objects/…/{type}/search`: the live records the search index knows of, as it knows them. The index finds, counts and
 * pages; a hit whose record is gone by then is left out when the rows are filled in, so that a page may be short, or empty with
 * more to follow (as live answers show: `total` 1 and no results).
 * Throws 400 for limits above 200, windows beyond 10,000 results, and filters HubSpot would not take.
 */
export const searchHandler: Handler = {
  scopes: recordScopes,
  answer: search,
};

function search(call: Call, services: Services): Answer {
  const { portal, switches } = services;
  const type = typeToRead(call.params.type, services);
  refuseTooLong(call, services);
  const body = jsonBody(call);
  const limit = limitParameter(body.limit as string | number | undefined, USUAL_LIMIT, MAX_LIMIT);
  const after = offset(body.after);
  if (after + limit > MAX_WINDOW) {
    throw badRequest('There was a problem with the request.', [
      { message: `A search gives its first ${MAX_WINDOW} results; ${after} to ${after + limit} lie beyond.` },
    ]);
  }
  const groups = groupsOf(body);
  const matches = compileGroups(type, services, groups);
  const speaks = queryPredicate(type, services, body.query);

  const changeOf = shownChange(type, services);
  const found = find(portal.store(type), idRange(groups), changeOf, (record, change) => {
    return matches(record, change) && speaks(record, change);
  });
  const ordered = sorted(found, changeOf, portal.properties(type), body.sorts);
  const selection = select(type, services, splitNames(textsIn(body, 'properties')));
  const { deadHits, omittedCursor, totalOff, keyOrder } = switches.now;
  const hits = ordered.slice(after, after + limit);
  const filled = deadHits === 'omitted' ? hits.filter((record) => record.live) : hits;
  const rows = filled.map((record) =>
    rowJson(record, changeOf(record), selection, { portalId: portal.account.portalId, order: keyOrder }),
  );
  const end = after + hits.length;
  const more = end < ordered.length && !(omittedCursor === 'dropped' && filled.length < hits.length);
  return replyWith(services, {
    total: String(Math.max(0, ordered.length + totalOff)),
    results: `[${rows.join(',')}]`,
    paging: more ? `{"next":{"after":"${end}"}}` : undefined,
  });
}

/** HubSpot's documentation says 3,000 characters; production connectors send far longer searches. */
function refuseTooLong(call: Call, { switches }: Services): void {
  const { searchBodyLimit } = switches.now;
  if (searchBodyLimit === 'none' || call.body.length <= searchBodyLimit) return;
  throw badRequest(`The request is too long: a search may have ${searchBodyLimit} characters.`);
}

function offset(after: unknown): number {
  if (after === undefined || after === null || after === '') return 0;
  const value = Number(after);
  if (!Number.isInteger(value) || value < 0) throw badRequest(`after must be an integer, not ${JSON.stringify(after)}`);
  return value;
}

/** `filterGroups`, or `filters` as one group. */
function groupsOf(body: Record<string, unknown>): SearchFilter[][] {
  const { filterGroups, filters } = body;
  if (Array.isArray(filterGroups) && filterGroups.length > 0) {
    return filterGroups.map((group: { filters?: unknown }) => (Array.isArray(group?.filters) ? group.filters : []));
  }
  return Array.isArray(filters) ? [filters] : [];
}

/** `query` finds records in whose default properties all of its words begin some word. */
function queryPredicate(type: ObjectType, { portal }: Services, query: unknown): Predicate {
  if (query === undefined || query === null || query === '') return () => true;
  if (typeof query !== 'string' || query.length > MAX_QUERY_LENGTH) {
    throw badRequest(`query must be a text of at most ${MAX_QUERY_LENGTH} characters`);
  }
  const words = tokensOf(query.toLowerCase());
  const names = [...new Set([...type.defaultProperties, type.primaryDisplayProperty])];
  const properties = names.flatMap((name) => portal.properties(type).active(name) ?? []);
  return (record: CrmRecord, change: number) => {
    const text = properties
      .map((property) => valueAt(record, property, change) ?? '')
      .join(' ')
      .toLowerCase();
    const found = tokensOf(text);
    return words.every((word) => found.some((one) => one.startsWith(word)));
  };
}
