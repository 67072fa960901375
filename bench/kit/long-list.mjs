// A HubSpot that has any number of contacts and makes them up: for runs that are too long for the sandbox's memory. Their ids are
// 1 to n, none is archived, and its search finds nothing that has changed.
import { createServer } from 'node:http';

const PROPERTIES = ['email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname', 'notes'];
const PER_PAGE = 100;
const AT = '2024-05-01T12:34:56.000Z';

/** Starts it with n contacts. */
export async function startLongList(n) {
  const rowOf = (id) => {
    const values = [
      `c${id}@example.com`,
      'Grace',
      `${id}`,
      AT,
      'Hopper',
      'Compilers and the things they find in relays ✓',
    ];
    const properties = Object.fromEntries(PROPERTIES.map((name, index) => [name, values[index]]));
    return { id: `${id}`, properties, createdAt: AT, updatedAt: AT, archived: false };
  };
  const answer = (url, body) => {
    if (url.pathname.startsWith('/account-info')) return { portalId: 1, timeZone: 'UTC' };
    if (url.pathname.startsWith('/crm/properties')) {
      return { results: PROPERTIES.map((name) => ({ name, label: name, type: 'string' })) };
    }
    if (url.pathname.endsWith('/search')) {
      return { total: JSON.parse(body).filterGroups.length === 0 ? n : 0, results: [] };
    }
    if (url.searchParams.get('archived') === 'true') return { results: [] };
    const after = Number(url.searchParams.get('after') ?? 0);
    const last = Math.min(n, after + PER_PAGE);
    const results = Array.from({ length: last - after }, (_, index) => rowOf(after + index + 1));
    return last < n ? { results, paging: { next: { after: `${last}` } } } : { results };
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const found = answer(new URL(request.url, 'http://localhost'), Buffer.concat(chunks).toString());
    response.setHeader('X-HubSpot-RateLimit-Max', '1000000');
    response.setHeader('X-HubSpot-RateLimit-Interval-Milliseconds', '1000');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(found));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
