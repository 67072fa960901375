import { type Answer, jsonBytes } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { badRequest } from '../http/errors.js';
import type { Handler, Services } from '../http/listener.js';
import { lagOf } from '../http/switches.js';
import type { ObjectType } from '../portal/object-types.js';
import { type CrmRecord, liveAtChange } from '../portal/record.js';
import type { ObjectStore } from '../portal/store.js';
import { valueAt, visibleChange } from '../portal/values.js';
import { compileGroups, type Predicate, type SearchFilter, tokensOf } from './filter.js';
import { jsonBody, limitParameter, splitNames, textsIn } from './request.js';
import { rowJson } from './row.js';
import { select } from './selection.js';
import { sorted } from './sort.js';
import { typeNamed, typeToRead } from './type-names.js';

const USUAL_LIMIT = 10;
const MAX_LIMIT = 200;
/** HubSpot: no search gives more than its first 10,000 results; what lies behind is refused with 400. */
const MAX_WINDOW = 10_000;
const MAX_QUERY_LENGTH = 3_000;

/**
 * `POST /crm/objects/…/{type}/search`: the live records the search index knows of, as it knows them.
 * Throws 400 for limits above 200, windows beyond 10,000 results, and filters HubSpot would not take.
 */
export const searchHandler: Handler = {
  scopes: (call, services) => typeNamed(call.params.type, services).scopes,
  answer: search,
};

function search(call: Call, services: Services): Answer {
  const { portal } = services;
  const type = typeToRead(call.params.type, services);
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
  const rows = ordered
    .slice(after, after + limit)
    .map((record) => rowJson(record, changeOf(record), selection, { portalId: portal.account.portalId }));
  const end = after + rows.length;
  const next = end < ordered.length ? `,"paging":{"next":{"after":"${end}"}}` : '';
  return jsonBytes(`{"total":${ordered.length},"results":[${rows.join(',')}]${next}}`);
}

/** At which of its changes the index shows a record; -1 while it knows nothing of it. */
function shownChange(type: ObjectType, { portal, switches }: Services): (record: CrmRecord) => number {
  const { indexLagMs } = switches.now;
  if (indexLagMs === 0) return (record) => record.change;
  const now = portal.clock.now();
  return (record) => visibleChange(record, now, lagOf(indexLagMs, type.name, record.id));
}

/** The records the index shows and the predicate wants, in the order of their ids. */
function find(
  store: ObjectStore,
  range: IdRange,
  changeOf: (record: CrmRecord) => number,
  wanted: Predicate,
): CrmRecord[] {
  const found: CrmRecord[] = [];
  const end = store.indexAbove(range.to);
  for (let index = store.indexAbove(range.from - 1); index < end; index++) {
    const record = store.records[index] as CrmRecord;
    const change = changeOf(record);
    if (change >= 0 && liveAtChange(record, change) && wanted(record, change)) found.push(record);
  }
  return found;
}

interface IdRange {
  from: number;
  to: number;
}

/** No other id can match: those who page by key should not pay for the records that lie before and behind. */
function idRange(groups: readonly (readonly SearchFilter[])[]): IdRange {
  const bounds = groups.map((filters) => {
    const ofId = filters.filter(({ propertyName }) => propertyName === 'hs_object_id');
    const values = (...operators: string[]) =>
      ofId.filter(({ operator }) => operators.includes(String(operator))).map(({ value }) => Number(value));
    return { from: Math.max(0, ...values('GT', 'GTE')), to: Math.min(Number.MAX_SAFE_INTEGER, ...values('LT', 'LTE')) };
  });
  if (bounds.length === 0) return { from: 0, to: Number.MAX_SAFE_INTEGER };
  return { from: Math.min(...bounds.map(({ from }) => from)), to: Math.max(...bounds.map(({ to }) => to)) };
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
