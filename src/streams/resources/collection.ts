import type { Endpoint } from '../../hubspot/api/endpoint.js';
import { burstCall } from '../../hubspot/client/calls.js';

/** The endpoint of a collection in pages of a hundred, unless it says otherwise. @param what its items, as a noun */
export function collection(service: string, what: string, path: string, more: Partial<Endpoint> = {}): Endpoint {
  return { kind: burstCall(what, service), path, what, paging: 'after', ...more };
}

/** The same with its archived items. */
export function archivedOf(endpoint: Endpoint): Endpoint {
  return { ...endpoint, what: `archived ${endpoint.what}`, query: { ...endpoint.query, archived: 'true' } };
}
