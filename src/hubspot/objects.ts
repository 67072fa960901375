import { isAscii } from 'node:buffer';
import type { FilterGroup } from '../config/source.js';
import { type HubSpotClient, MalformedAnswer } from './client.js';
import type { ObjectRow } from './object-row.js';
import { scanPage } from './page-scan.js';
import { paths } from './paths.js';
import { ScannedRow } from './scanned-row.js';

/** HubSpot: list answers up to 100 records, batch read takes up to 100 ids, search answers up to 200. */
export const LIST_LIMIT = 100;
export const BATCH_READ_LIMIT = 100;
export const SEARCH_LIMIT = 200;

/**
 * HubSpot does not document how long a URL may be; 414 was seen from about 16,200 characters on. What is left of it here is
 * for the host, the path and proxies in between.
 */
const LONGEST_QUERY = 14_000;

/** With one of these HubSpot says in an answer of status 207 that an id has no associations, or is gone. */
const NOTHING_THERE = ['NO_ASSOCIATIONS_FOUND', 'OBJECT_NOT_FOUND'];

export interface ListPage {
  rows: ObjectRow[];
  /** The cursor of the next page, or null at the end. */
  after: string | null;
}

export interface ListRequest {
  objectType: string;
  properties: readonly string[];
  associations: readonly string[];
  archived: boolean;
  after: string | null;
  limit?: number;
}

/** Whether a list call can name all these properties in its URL. */
export function fitsInUrl(request: Omit<ListRequest, 'after'>): boolean {
  return listQuery({ ...request, after: '0'.repeat(100) }).length <= LONGEST_QUERY;
}

/** One page of an object's records, live or archived, in HubSpot's stable order. */
export function listPage(client: HubSpotClient, request: ListRequest): Promise<ListPage> {
  const call = {
    kind: 'list' as const,
    path: paths.objects(request.objectType),
    query: listQuery(request),
    what: `${request.archived ? 'archived ' : ''}${request.objectType}`,
  };
  return client.call(call, (body) => {
    const answer = readPage(body, request.properties);
    return { rows: rowsOf(answer), after: nextOf(answer) };
  });
}

function listQuery(request: ListRequest): string {
  const list = (names: readonly string[]) => names.map(encodeURIComponent).join(',');
  const parts = [`limit=${request.limit ?? LIST_LIMIT}`, `archived=${request.archived}`];
  if (request.properties.length > 0) parts.push(`properties=${list(request.properties)}`);
  if (request.associations.length > 0) parts.push(`associations=${list(request.associations)}`);
  if (request.after !== null) parts.push(`after=${encodeURIComponent(request.after)}`);
  return parts.join('&');
}

export interface SearchRequest {
  objectType: string;
  properties: readonly string[];
  filterGroups: readonly FilterGroup[];
  /** Where a filter asks for ids above this one only. */
  above?: string;
  limit?: number;
}

export interface SearchPage {
  rows: ObjectRow[];
  /** How many records match in all, as HubSpot's index sees it. */
  total: number;
  /** Whether more records match than this page holds. */
  more: boolean;
}

/**
 * The first page of a search, ordered by id. Only first pages are ever asked for: going on is done by a filter on the id, so
 * HubSpot's limit of 10,000 results a search is never met. An index that is just changing may answer out of order: going on from
 * there would leave records out, so the call is repeated.
 */
export function searchPage(client: HubSpotClient, request: SearchRequest): Promise<SearchPage> {
  const call = {
    kind: 'search' as const,
    path: paths.search(request.objectType),
    what: request.objectType,
    body: {
      filterGroups: request.filterGroups,
      sorts: [{ propertyName: 'hs_object_id', direction: 'ASCENDING' }],
      properties: request.properties,
      limit: request.limit ?? SEARCH_LIMIT,
    },
  };
  return client.call(call, (body) => {
    const answer = readPage(body, request.properties);
    const rows = rowsOf(answer);
    refuseDisorder(rows, request.above ?? '0');
    const total = typeof answer.total === 'number' ? answer.total : rows.length;
    return { rows, total, more: nextOf(answer) !== null || total > rows.length };
  });
}

/** Reads up to 100 records by id. Ids that do not exist (or are not `archived` as asked) are missing from the result. */
export function batchRead(
  client: HubSpotClient,
  request: { objectType: string; ids: readonly string[]; properties: readonly string[]; archived?: boolean },
): Promise<ObjectRow[]> {
  const call = {
    kind: 'batchRead' as const,
    path: paths.batchRead(request.objectType),
    query: `archived=${request.archived ?? false}`,
    what: request.objectType,
    body: { inputs: request.ids.map((id) => ({ id })), properties: request.properties },
  };
  return client.call(call, (body) => {
    const answer = readPage(body, request.properties);
    refuseFaults(answer);
    return rowsOf(answer);
  });
}

/** An answer whose rows are parsed only where they are not as expected. */
function readPage(body: Buffer, properties: readonly string[]): Record<string, unknown> {
  return scanPage(body, properties) ?? parseAnswer(body);
}

/** Parses a JSON object. Throws MalformedAnswer, so that the call is repeated, where the body is anything else. */
export function parseAnswer(body: Buffer): Record<string, unknown> {
  let answer: unknown;
  try {
    // ASCII is read and parsed in half the time as what it is.
    answer = JSON.parse(body.toString(isAscii(body) ? 'latin1' : 'utf8'));
  } catch {
    throw new MalformedAnswer(body[0] === 0x3c ? 'HTML instead of JSON' : 'cut off, or not JSON');
  }
  if (typeof answer !== 'object' || answer === null) throw new MalformedAnswer('not an object');
  return answer as Record<string, unknown>;
}

/** The `results` of an answer. Throws MalformedAnswer where there is no such list. */
export function resultsOf(answer: Record<string, unknown>): unknown[] {
  if (!Array.isArray(answer.results)) throw new MalformedAnswer('no results in it');
  return answer.results;
}

/**
 * Throws MalformedAnswer, so that the call is repeated, where a batch read was answered in parts (status 207) and a part failed
 * for another reason than that there is nothing: taken as it is, it would be a shorter answer.
 */
export function refuseFaults(answer: Record<string, unknown>): void {
  const errors = Array.isArray(answer.errors) ? (answer.errors as { category?: string; subCategory?: string }[]) : [];
  const fault = errors.find(({ category = '', subCategory = '' }) =>
    NOTHING_THERE.every((each) => category !== each && !subCategory.endsWith(each)),
  );
  if (fault) throw new MalformedAnswer(`an error of the category ${fault.category} in it`);
}

function refuseDisorder(rows: readonly ObjectRow[], above: string): void {
  let last = above;
  for (const { id } of rows) {
    if (BigInt(id) <= BigInt(last)) throw new MalformedAnswer(`id ${id} comes behind ${last}, out of order`);
    last = id;
  }
}

/** The cursor of the next page, or null. */
export function nextOf(answer: { paging?: unknown }): string | null {
  const after = (answer.paging as { next?: { after?: unknown } } | null | undefined)?.next?.after;
  return after === undefined || after === null || after === '' ? null : String(after);
}

function rowsOf(answer: Record<string, unknown>): ObjectRow[] {
  const rows = resultsOf(answer) as ObjectRow[];
  for (const row of rows) {
    if (row instanceof ScannedRow) continue;
    if (typeof row?.id === 'number') row.id = String(row.id);
    if (typeof row?.id !== 'string' || typeof row.properties !== 'object' || row.properties === null) {
      throw new MalformedAnswer('a record without id or properties');
    }
  }
  return rows;
}
