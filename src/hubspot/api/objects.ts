import { isAscii } from 'node:buffer';
import { isObject, memberOf, stringAt } from '../../json.js';
import { CALLS } from '../client/calls.js';
import type { HubSpotClient } from '../client/client.js';
import { MalformedAnswer } from '../client/malformed-answer.js';
import { paths } from '../client/paths.js';
import { scanPage } from '../page/page-scan.js';
import { withObjectPath } from './object-path.js';
import type { ObjectRow } from './object-row.js';
import type { ObjectType } from './object-types.js';

/** HubSpot: a list returns up to 100 records, a batch read accepts up to 100 ids. */
export const LIST_LIMIT = 100;
export const BATCH_READ_LIMIT = 100;
/** Both at most where the histories of properties are asked for. */
export const HISTORY_LIMIT = 50;

/**
 * HubSpot does not document the longest URL; 414 was observed from about 16,200 characters on. The difference is left for the host,
 * the path and proxies.
 */
const LONGEST_QUERY = 14_000;

/** In a response of status 207, these categories mean that an id has no associations or does not exist. */
const NOTHING_THERE = ['NO_ASSOCIATIONS_FOUND', 'OBJECT_NOT_FOUND'];

export interface ListPage {
  rows: ObjectRow[];
  /** The cursor of the next page, or null at the end. */
  after: string | null;
}

export interface ListRequest {
  type: ObjectType;
  properties: readonly string[];
  associations: readonly string[];
  /** The properties whose past values to return. With any, a page has at most 50 records. */
  histories?: readonly string[];
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
  const { type, properties, archived } = request;
  const call = { kind: CALLS.list, query: listQuery(request), what: `${archived ? 'archived ' : ''}${type.name}` };
  return withObjectPath(client, type, (segment) =>
    client.call({ ...call, path: paths.objects(segment) }, (body) => {
      const answer = readPage(body, properties);
      return { rows: rowsOf(answer), after: nextOf(answer) };
    }),
  );
}

function listQuery(request: ListRequest): string {
  const list = (names: readonly string[]) => names.map(encodeURIComponent).join(',');
  const { histories = [] } = request;
  const limit = request.limit ?? (histories.length > 0 ? HISTORY_LIMIT : LIST_LIMIT);
  const parts = [`limit=${limit}`, `archived=${request.archived}`];
  if (request.properties.length > 0) parts.push(`properties=${list(request.properties)}`);
  if (histories.length > 0) parts.push(`propertiesWithHistory=${list(histories)}`);
  if (request.associations.length > 0) parts.push(`associations=${list(request.associations)}`);
  if (request.after !== null) parts.push(`after=${encodeURIComponent(request.after)}`);
  return parts.join('&');
}

/** Reads up to 100 records (50 with histories) by id, or by another property with unique values (`idProperty`). Ids that do not exist (or are not `archived` as asked) are missing from the result. */
export function batchRead(
  client: HubSpotClient,
  request: {
    type: ObjectType;
    ids: readonly string[];
    properties: readonly string[];
    /** The properties whose past values to return. */
    histories?: readonly string[];
    archived?: boolean;
    idProperty?: string;
  },
): Promise<ObjectRow[]> {
  const { type, ids, properties, histories = [], archived = false, idProperty } = request;
  const body = {
    inputs: ids.map((id) => ({ id })),
    properties,
    ...(histories.length > 0 ? { propertiesWithHistory: histories } : {}),
    ...(idProperty ? { idProperty } : {}),
  };
  const call = { kind: CALLS.batchRead, query: `archived=${archived}`, what: type.name, body };
  return withObjectPath(client, type, (segment) =>
    client.call({ ...call, path: paths.batchRead(segment) }, (answered) => {
      const answer = readPage(answered, properties);
      refuseFaults(answer);
      return rowsOf(answer);
    }),
  );
}

/** Reads a page of records, which are only parsed individually if they do not have the expected form. */
export function readPage(body: Buffer, properties: readonly string[]): Record<string, unknown> {
  return scanPage(body, properties) ?? parseAnswer(body);
}

/** Parses a JSON object. Throws MalformedAnswer, so that the call is retried, if the body is anything else. */
export function parseAnswer(body: Buffer): Record<string, unknown> {
  let answer: unknown;
  try {
    // Decoding and parsing ASCII as latin1 takes half the time.
    answer = JSON.parse(body.toString(isAscii(body) ? 'latin1' : 'utf8'));
  } catch {
    throw new MalformedAnswer(body[0] === 0x3c ? 'HTML instead of JSON' : 'cut off, or not JSON');
  }
  if (!isObject(answer)) throw new MalformedAnswer('not an object');
  return answer;
}

/**
 * The `results` of a response. Throws MalformedAnswer if there is no such list, or if `isResult` rejects one of them.
 *
 * @param unlike describes a rejected result
 */
export function resultsOf<T>(
  answer: Record<string, unknown>,
  isResult: (value: unknown) => value is T,
  unlike = 'a result that is no object',
): T[] {
  const results: unknown = answer.results;
  if (!Array.isArray(results)) throw new MalformedAnswer('no results in it');
  if (!results.every(isResult)) throw new MalformedAnswer(unlike);
  return results;
}

/**
 * Throws MalformedAnswer, so that the call is retried, if parts of a batch read failed (status 207) for another reason than that
 * there is nothing to return: otherwise, an incomplete response would be taken for a complete one.
 */
export function refuseFaults(answer: Record<string, unknown>): void {
  const errors: unknown[] = Array.isArray(answer.errors) ? answer.errors : [];
  for (const error of errors) {
    const category = stringAt(error, 'category');
    const subCategory = stringAt(error, 'subCategory') ?? '';
    const isFault = NOTHING_THERE.every((each) => category !== each && !subCategory.endsWith(each));
    if (isFault) throw new MalformedAnswer(`an error of the category ${category} in it`);
  }
}

/** The cursor of the next page, or null. */
export function nextOf(answer: { paging?: unknown }): string | null {
  const after = memberOf(memberOf(answer.paging, 'next'), 'after');
  return after === undefined || after === null || after === '' ? null : String(after);
}

/** The records of a response. Throws MalformedAnswer if one has no id or no properties. */
export function rowsOf(answer: Record<string, unknown>): ObjectRow[] {
  return resultsOf(answer, isRow, 'a record without id or properties');
}

/** Whether a result is a record. Converts a numeric id to text. */
function isRow(row: unknown): row is ObjectRow {
  if (!isObject(row)) return false;
  if (row.inPage) return true;
  if (typeof row.id === 'number') row.id = String(row.id);
  return typeof row.id === 'string' && typeof row.properties === 'object' && row.properties !== null;
}
