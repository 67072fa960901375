// A HubSpot that has any number of deals with thirty versions of their properties each, and makes them up: for runs that are too long for
// the sandbox's memory. None is archived, its search finds nothing that has changed, and its limits are those of kit/limits.mjs.
// Usage: node bench/kit/stub-histories.mjs <deals>
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { LATENCY_MS, LIMITS } from './limits.mjs';

const deals = Number(process.argv[2]);
const compress = promisify(gzip);
const DAY_MS = 86_400_000;
const MODIFIED = Date.UTC(2026, 8, 1, 12, 34, 56, 789);
const CREATED = MODIFIED - 300 * DAY_MS;
const FIRST_ID = 30_000_000_001;
/** Ids of a portal have gaps, as other objects take some. */
const STEP = 7;
const LISTED = { plain: 100, withHistory: 50 };
/** How many versions each property has: thirty in all. */
const VERSIONS = {
  amount: 9,
  closedate: 7,
  dealname: 2,
  dealstage: 6,
  description: 2,
  hubspot_owner_id: 3,
  pipeline: 1,
};
const TYPES = { amount: 'number', closedate: 'datetime', createdate: 'datetime', hs_lastmodifieddate: 'datetime' };
const NAMES = [...Object.keys(VERSIONS), 'createdate', 'hs_lastmodifieddate', 'hs_object_id'].sort();
const STAGES = [
  'appointmentscheduled',
  'qualifiedtobuy',
  'presentationscheduled',
  'contractsent',
  'closedwon',
  'closedlost',
];
/** Deals with the same values but for their ids. */
const KINDS = 7;
const ID = '$id$';

const iso = (ms) => new Date(ms).toISOString();

function versionOf(name, version, kind) {
  switch (name) {
    case 'amount':
      return `${12_000 + kind * 731 + version * 250}.50`;
    case 'closedate':
      return iso(MODIFIED + (kind + version * 11) * DAY_MS);
    case 'dealstage':
      return STAGES[version];
    case 'hubspot_owner_id':
      return `${61_020_000 + ((kind + version) % 9) * 7}`;
    case 'pipeline':
      return 'default';
    default:
      return `Renewal ${kind}.${version} – relays, “what they find in them”, and a word more`;
  }
}

/** A property's versions, newest first, as HubSpot has them. */
function historyOf(name, kind) {
  const count = VERSIONS[name];
  return Array.from({ length: count }, (_, index) => {
    const version = count - 1 - index;
    const timestamp = iso(CREATED + kind * 60_000 + Math.floor((version * 290 * DAY_MS) / count));
    const value = versionOf(name, version, kind);
    if (version === 0) return { sourceId: '70100007', sourceType: 'IMPORT', timestamp, value };
    return { sourceId: 'userId:9300013', sourceType: 'CRM_UI', timestamp, updatedByUserId: 9_300_013, value };
  });
}

/** A deal as JSON, cut where its id belongs. */
function templateOf(kind, withHistory) {
  const system = { createdate: iso(CREATED), hs_lastmodifieddate: iso(MODIFIED), hs_object_id: ID };
  const properties = Object.fromEntries(
    NAMES.map((name) => [name, system[name] ?? versionOf(name, VERSIONS[name] - 1, kind)]),
  );
  const histories = Object.fromEntries(Object.keys(VERSIONS).map((name) => [name, historyOf(name, kind)]));
  const row = {
    archived: false,
    createdAt: iso(CREATED),
    id: ID,
    properties,
    ...(withHistory && { propertiesWithHistory: histories }),
    updatedAt: iso(MODIFIED),
    url: `https://app.hubspot.com/contacts/1/record/0-3/${ID}`,
  };
  return JSON.stringify(row).split(ID);
}

const templates = [false, true].map((withHistory) =>
  Array.from({ length: KINDS }, (_, kind) => templateOf(kind, withHistory)),
);

function list({ searchParams }) {
  if (searchParams.get('archived') === 'true') return { body: '{"results":[]}' };
  const withHistory = searchParams.has('propertiesWithHistory');
  const most = withHistory ? LISTED.withHistory : LISTED.plain;
  const limit = Number(searchParams.get('limit') ?? 10);
  if (limit > most) return { status: 400, body: JSON.stringify({ status: 'error', message: `at most ${most}` }) };
  const after = Number(searchParams.get('after') ?? 0);
  const first = Math.max(0, Math.ceil((after - FIRST_ID) / STEP));
  const last = Math.min(deals, first + limit);
  const rows = [];
  for (let index = first; index < last; index += 1) {
    rows.push(templates[Number(withHistory)][index % KINDS].join(`${FIRST_ID + index * STEP}`));
  }
  const next = FIRST_ID + (last - 1) * STEP + 1;
  const paging = last < deals && rows.length > 0 ? `"paging":{"next":{"after":"${next}"}},` : '';
  return { body: `{${paging}"results":[${rows.join(',')}]}` };
}

function answer(url, body) {
  if (url.pathname.startsWith('/account-info')) return { body: '{"portalId":1,"timeZone":"UTC"}' };
  if (url.pathname.startsWith('/crm/properties')) {
    const results = NAMES.map((name) => ({ name, label: name, type: TYPES[name] ?? 'string', calculated: false }));
    return { body: JSON.stringify({ results }) };
  }
  if (url.pathname.endsWith('/search')) {
    return { body: JSON.stringify({ total: JSON.parse(body).filterGroups.length === 0 ? deals : 0, results: [] }) };
  }
  return list(url);
}

/** The calls of the last ten seconds, and all. */
const recent = [];
const counts = { calls: 0, refused: 0 };

/** Counts a call, and says whether it is one too many. */
function isRefused(now) {
  while (recent.length > 0 && recent[0] <= now - LIMITS.burstMs) recent.shift();
  counts.calls += 1;
  if (recent.length >= LIMITS.burst) return true;
  recent.push(now);
  return false;
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/__stub/counts') {
    response.end(JSON.stringify(counts));
    return;
  }
  response.setHeader('Content-Type', 'application/json');
  const arrivedAt = performance.now();
  // Searches have a limit of their own, and there are a handful.
  if (!url.pathname.endsWith('/search')) {
    const refused = isRefused(arrivedAt);
    response.setHeader('X-HubSpot-RateLimit-Max', `${LIMITS.burst}`);
    response.setHeader('X-HubSpot-RateLimit-Remaining', `${LIMITS.burst - recent.length}`);
    response.setHeader('X-HubSpot-RateLimit-Interval-Milliseconds', `${LIMITS.burstMs}`);
    if (refused) {
      counts.refused += 1;
      const refusal = {
        status: 'error',
        message: 'You have reached your ten_secondly_rolling limit.',
        errorType: 'RATE_LIMIT',
      };
      response.writeHead(429).end(JSON.stringify({ ...refusal, policyName: 'TEN_SECONDLY_ROLLING' }));
      return;
    }
  } else counts.calls += 1;
  const { status = 200, body } = answer(url, Buffer.concat(chunks).toString());
  const packed = await compress(body, { level: constants.Z_BEST_SPEED });
  await sleep(Math.max(0, LATENCY_MS - (performance.now() - arrivedAt)));
  response.writeHead(status, { 'Content-Encoding': 'gzip' }).end(packed);
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
