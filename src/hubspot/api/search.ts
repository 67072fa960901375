import type { FilterGroup } from '../../config/source.js';
import { log } from '../../log.js';
import { CALLS } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { isRefusal } from '../client/error-kinds.js';
import { MalformedAnswer } from '../client/malformed-answer.js';
import { paths } from '../client/paths.js';
import { withObjectPath } from './object-path.js';
import type { ObjectRow } from './object-row.js';
import type { ObjectType } from './object-types.js';
import { BATCH_READ_LIMIT, batchRead, nextOf, readPage, rowsOf } from './objects.js';

/** HubSpot: a search returns up to 200 records per page, and its first 10,000 in all. */
export const SEARCH_LIMIT = 200;
export const SEARCH_WINDOW = 10_000;
/** HubSpot documents a limit of 3,000 characters for a search's body, but was not observed to enforce it. */
const DOCUMENTED_BODY = 3_000;

export interface SearchRequest {
  type: ObjectType;
  properties: readonly string[];
  filterGroups: readonly FilterGroup[];
  /** The lower bound, if a filter restricts the ids to those above. */
  above?: string;
  limit?: number;
  /** How many hits to skip; none by default. */
  offset?: number;
}

export interface SearchPage {
  /** The hits that still exist. HubSpot's index may count records that were deleted; they are left out. */
  rows: ObjectRow[];
  /** The total number of matches according to HubSpot's index. */
  total: number;
  /** The offset of the next page; null: HubSpot names none. */
  next: number | null;
}

/** Objects whose searches HubSpot rejects for the length of their bodies, by client. */
const shortBodies = new WeakMap<HubSpotClient, Set<string>>();

/**
 * One page of a search, ordered by id. An index that is being updated may return results out of order: continuing from there would
 * skip records, so the call is retried. If HubSpot rejects the body for its length, only ids are searched for, and their values
 * come from batch reads.
 */
export async function searchPage(client: HubSpotClient, request: SearchRequest): Promise<SearchPage> {
  const refused = shortBodies.get(client) ?? new Set<string>();
  if (refused.has(request.type.name)) return searchIds(client, request);
  const body = bodyOf(request);
  try {
    return await search(client, request, body);
  } catch (error) {
    const isLong = request.properties.length > 0 && JSON.stringify(body).length > DOCUMENTED_BODY;
    if (!isLong || !isRefusal(error, [400, 413])) throw error;
    const page = await searchIds(client, request).catch(() => {
      throw error;
    });
    shortBodies.set(client, refused.add(request.type.name));
    log.info(
      `HubSpot refuses searches of ${request.type.name} that name so many properties; values are read by batch.`,
    );
    return page;
  }
}

function bodyOf(request: SearchRequest) {
  return {
    filterGroups: request.filterGroups,
    sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
    properties: request.properties,
    limit: request.limit ?? SEARCH_LIMIT,
    ...(request.offset ? { after: String(request.offset) } : {}),
  };
}

function search(client: HubSpotClient, request: SearchRequest, body: unknown): Promise<SearchPage> {
  const { type, properties, above = '0' } = request;
  return withObjectPath(client, type, (segment) =>
    client.call({ kind: CALLS.search, path: paths.search(segment), what: type.name, body }, (answered) => {
      const answer = readPage(answered, properties);
      const rows = rowsOf(answer);
      refuseDisorder(rows, above);
      const total = typeof answer.total === 'number' ? answer.total : rows.length;
      const next = nextOf(answer);
      // HubSpot's cursors are offsets. Any other text only says that there is a next page.
      return { rows, total, next: next === null ? null : Number(next) || rows.length };
    }),
  );
}

/** The same, with values from batch reads, which leave out records that were deleted in the meantime. */
async function searchIds(client: HubSpotClient, request: SearchRequest): Promise<SearchPage> {
  const { type, properties } = request;
  const page = await search(client, { ...request, properties: [] }, bodyOf({ ...request, properties: [] }));
  const rows: ObjectRow[] = [];
  for (let start = 0; start < page.rows.length; start += BATCH_READ_LIMIT) {
    const ids = page.rows.slice(start, start + BATCH_READ_LIMIT).map((row) => row.id);
    const found = new Map((await batchRead(client, { type, ids, properties })).map((row) => [row.id, row]));
    rows.push(...ids.flatMap((id) => found.get(id) ?? []));
  }
  return { ...page, rows };
}

function refuseDisorder(rows: readonly ObjectRow[], above: string): void {
  let last = above;
  for (const { id } of rows) {
    if (BigInt(id) <= BigInt(last)) throw new MalformedAnswer(`id ${id} after ${last}, out of order`);
    last = id;
  }
}
