import type { Endpoint, Item } from '../../hubspot/api/endpoint.js';
import { burstCall } from '../../hubspot/client/calls.js';
import { isObject } from '../../json.js';

/**
 * The endpoint of a collection in pages of a hundred, unless it says otherwise.
 *
 * @param what its items, as a noun; also the name under which calls are counted, so that it names none of several parents
 */
export function collection(service: string, what: string, path: string, more: Partial<Endpoint> = {}): Endpoint {
  return { kind: burstCall(what, service), path, what, paging: 'after', ...more };
}

/** The endpoint of one item, which its answer is. @param what the item, as in {@link collection} */
export function single(service: string, what: string, path: string, more: Partial<Endpoint> = {}): Endpoint {
  return collection(service, what, path, { results: null, id: null, paging: 'none', ...more });
}

/** The same with its archived items. */
export function archivedOf(endpoint: Endpoint): Endpoint {
  return { ...endpoint, what: `archived ${endpoint.what}`, query: { ...endpoint.query, archived: 'true' } };
}

/** The items in a member of another item; none if it is no list. */
export function itemsIn(member: unknown): readonly Item[] {
  return Array.isArray(member) ? member.filter(isObject) : [];
}
