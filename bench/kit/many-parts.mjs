// A HubSpot that makes up collections of many parts: lists with their members, and forms with what was submitted by them. For runs that
// are too long for the sandbox's memory.
import { createServer } from 'node:http';

const DAY_MS = 86_400_000;
/** Ids of records rise by so much from member to member, as those of a portal that has more records than the list. */
const STEP = 7;

/**
 * Starts it.
 *
 * @param sizes.lists how many members each list has; `join` adds some to one
 * @param sizes.forms how many submissions each form has
 */
export async function startManyParts({ lists = [], forms = [] }) {
  const counts = { calls: 0 };
  const beganAt = Date.now() - 30 * DAY_MS;
  const joined = lists.map(() => []);
  const sizeOf = (list) => lists[list] + joined[list].length;
  const listOf = (list) => ({
    listId: `${list + 1}`,
    objectTypeId: '0-1',
    name: `List ${list + 1}`,
    size: sizeOf(list),
    additionalProperties: {
      hs_list_size: `${sizeOf(list)}`,
      hs_last_record_added_at: `${joined[list].at(-1) ?? beganAt}`,
    },
  });
  const memberOf = (list, index) => ({
    recordId: `${40_000_000_000 + (list % 1000) + index * STEP}`,
    membershipTimestamp: new Date(joined[list][index - lists[list]] ?? beganAt - (lists[list] - index)).toISOString(),
  });
  const submissionOf = (form, index) => ({
    conversionId: `${form}-${index}`,
    submittedAt: beganAt - index * 1000,
    values: [
      { name: 'email', value: `c${index}@example.com` },
      { name: 'message', value: 'Compilers and the things they find in relays' },
    ],
    pageUrl: 'https://example.com/contact',
  });
  const answer = (url, body) => {
    const [, list, order] = /^\/crm\/lists\/[^/]+\/(\d+)\/memberships(\/join-order)?$/.exec(url.pathname) ?? [];
    const [, form] = /^\/form-integrations\/v1\/submissions\/forms\/(\d+)$/.exec(url.pathname) ?? [];
    const { count, after } = body === '' ? Object.fromEntries(url.searchParams) : JSON.parse(body);
    const page = (size, itemAt) =>
      pageOf(size, Number(after ?? 0), Number(url.searchParams.get('limit') ?? count), itemAt);
    if (list !== undefined) {
      const [at, size] = [list - 1, sizeOf(list - 1)];
      return page(size, (index) => memberOf(at, order ? size - 1 - index : index));
    }
    if (form !== undefined) return page(forms[form - 1], (index) => submissionOf(form - 1, index));
    if (url.pathname.startsWith('/crm/lists/')) return page(lists.length, listOf);
    if (url.searchParams.get('archived') === 'true') return { results: [] };
    if (url.pathname === '/marketing/v3/forms') return page(forms.length, (index) => ({ id: `${index + 1}` }));
    return { portalId: 1, timeZone: 'UTC', results: [] };
  };
  const server = createServer(async (request, response) => {
    counts.calls += 1;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const found = answer(new URL(request.url, 'http://localhost'), Buffer.concat(chunks).toString());
    response.setHeader('X-HubSpot-RateLimit-Max', '1000000');
    response.setHeader('X-HubSpot-RateLimit-Interval-Milliseconds', '1000');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(found));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    counts,
    join: (list) => joined[list].push(Date.now()),
    close: () => server.close(),
  };
}

function pageOf(size, from, limit, itemAt) {
  const to = Math.min(size, from + limit);
  const results = Array.from({ length: to - from }, (_, index) => itemAt(from + index));
  return to < size ? { results, paging: { next: { after: `${to}` } } } : { results };
}
