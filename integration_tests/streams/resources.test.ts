import { Ajv } from 'ajv';
import type { JsonObject, JsonValue } from '../../src/protocol/messages.js';
import type { Fault } from '../../src/sandbox/http/faults.js';
import { DECLARED_STREAMS } from '../../src/streams/registry.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { ofType, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { readInProcess } from '../support/processes/in-process.js';
import { catalogOf } from './catalog.js';
import { timeOf } from './times.js';

/**
 * Every declared stream beside those of the CRM, as the sandbox serves it, whose table of resources knows nothing of the declarations:
 * each member of an item arrives under its name, what changes is emitted and nothing else, and what goes becomes a tombstone.
 */

/** Where the sandbox has what a stream is made of. Streams of items within items are compared by hand below. */
const PLACES: Readonly<Record<string, string>> = {
  contact_lists: '/crm/lists/:date/all',
  forms: '/marketing/v3/forms',
  email_subscriptions: '/email/public/v1/subscriptions',
  subscription_definitions: '/communication-preferences/:date/definitions',
  marketing_campaigns: '/marketing/campaigns/:date',
  marketing_events: '/marketing/marketing-events/:date',
  workflows: '/automation/v3/workflows',
  flows: '/automation/v4/flows',
  settings_users: '/settings/users/:date',
  roles: '/settings/users/:date/roles',
  teams: '/settings/users/:date/teams',
  exchange_rates: '/settings/currencies/:date/exchange-rates',
  tax_rates: '/tax-rates/:date/tax-rates',
  meeting_links: '/scheduler/:date/meetings/meeting-links',
  imports: '/crm/imports/:date',
  login_history: '/account-info/:date/activity/login',
  event_definitions: '/events/custom/:date/event-definitions',
  conversation_inboxes: '/conversations/conversations/:date/inboxes',
  conversation_channels: '/conversations/conversations/:date/channels',
  conversation_channel_accounts: '/conversations/conversations/:date/channel-accounts',
  conversation_threads: '/conversations/conversations/:date/threads',
  blog_posts: '/cms/blogs/:date/posts',
  blog_authors: '/cms/blogs/:date/authors',
  blog_tags: '/cms/blogs/:date/tags',
  site_pages: '/cms/pages/:date/site-pages',
  landing_pages: '/cms/pages/:date/landing-pages',
  url_redirects: '/cms/url-redirects/:date',
  domains: '/cms/domains/:date',
  hubdb_tables: '/cms/hubdb/:date/tables',
  files: '/files/:date/files/search',
  folders: '/files/:date/folders/search',
  sequences: '/automation/sequences/:date',
  business_units: '/business-units/public/:date/business-units/user/:user',
  currencies: '/settings/currencies/:date/codes',
  forecast_types: '/forecast-settings/:date/forecast-types',
  payment_links: '/commerce/payment-links/:date/payment-links',
  price_books: '/commerce/price-books/:date/price-books',
};
/** Said by tombstones, or by nothing. */
const MARKS = ['archived', 'archivedAt', 'deletedAt', 'deleted', 'archived_at'];
const WITHIN = ['team_users', 'owner_teams'];
/** In suites of their own. */
const OTHERS = [
  'deals_archived',
  'marketing_emails',
  'marketing_email_statistics',
  'list_memberships',
  'form_submissions',
  'conversation_messages',
  'conversation_actors',
  'marketing_campaign_assets',
  'marketing_campaign_budget',
  'marketing_campaign_spend',
  'marketing_campaign_metrics',
  'marketing_campaign_revenue',
  'marketing_event_participants',
  'campaigns',
  'flow_definitions',
  'sequence_enrollments',
  'engagements',
  'hubdb_rows',
  'price_book_items',
  'account',
  'company_currencies',
  'association_types',
  'email_events',
  'subscription_changes',
  'subscription_statuses',
  'audit_logs',
  'security_history',
  'event_types',
  'event_occurrences',
  'properties',
  'property_options',
  'property_groups',
  'object_schemas',
];
const NO_TOMBSTONES = ['imports', 'login_history'];
/** Changes an item of whatever kind. */
const EDIT = {
  name: 'another',
  firstName: 'another',
  currencyName: 'another',
  forecastName: 'another',
  paymentLinkName: 'another',
  status: 'CLOSED',
};

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);

const read = (name: string, state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name] }, ...options });

test('every stream beside those of the CRM is here', () => {
  const names = DECLARED_STREAMS.filter(({ group }) => group !== 'crm').map(({ name }) => name);
  expect([...Object.keys(PLACES), ...WITHIN, ...OTHERS].sort()).toEqual([...names].sort());
});

/** Whether a record is as the stream's catalog says. */
async function schemaOf(name: string) {
  const { json_schema } = await catalogOf(played.sandbox, name, {});
  return new Ajv({ strict: false, validateFormats: false }).compile(json_schema);
}

/** The counters of a list, which are texts in HubSpot's answers and numbers in source-hubspot's records. */
const withNumbers = (counters: JsonObject) =>
  Object.fromEntries(
    Object.entries(counters).map(([name, value]) => [name, /^\d+$/.test(String(value)) ? Number(value) : value]),
  );

/** The key's value of a record. */
const keyOf = (record: JsonObject) => String(record.id ?? record.listId ?? record.objectId ?? record.currencyCode);

describe.each(Object.entries(PLACES))('%s', (name, path) => {
  test('has every member of an item under its name, as its catalog says', async () => {
    const items = collectionAt(path).truth();
    const { records, error } = await read(name, null);
    expect(error).toBeNull();
    expect(records.map(keyOf).sort()).toEqual([...items.keys()].sort());
    const entry = await catalogOf(played.sandbox, name, {});
    const validate = await schemaOf(name);
    for (const record of records) {
      const item = items.get(keyOf(record)) ?? {};
      for (const [member, value] of Object.entries(item)) {
        if (MARKS.includes(member) || value === undefined) continue;
        const wanted = member === 'additionalProperties' ? withNumbers(value as JsonObject) : (value as JsonValue);
        expect([name, member, timeOf(record[member])]).toEqual([name, member, timeOf(wanted)]);
      }
      expect([validate(record), validate.errors]).toEqual([true, null]);
      expect(record.archived).toBe(NO_TOMBSTONES.includes(name) ? undefined : false);
      expect(
        Object.keys(record).filter((field) => !Object.hasOwn(entry.json_schema.properties as object, field)),
      ).toEqual([]);
    }
  });

  test('in columns has snake_case names and timestamps', async () => {
    const config = { include: [name], layout: 'columns' };
    const { records, error } = await read(name, null, { config });
    expect(error).toBeNull();
    const airbyte = (await read(name, null)).records;
    expect(records).toHaveLength(airbyte.length);
    for (const [index, record] of records.entries()) {
      for (const [column, value] of Object.entries(record)) {
        // The time of each of the two reads.
        if (column === 'noticed_at') continue;
        expect(column).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
        const [field, given] = Object.entries(airbyte[index] ?? {}).find(([each]) => same(each, column)) ?? [];
        expect([column, timeOf(value)]).toEqual([column, timeOf(given)]);
        if (typeof given === 'number' && /At$/.test(field ?? '')) expect(value).toMatch(/^\d{4}-\d\d-\d\dT/);
      }
    }
  });

  test('emits what changed, marks what went, and nothing else', async () => {
    const portal = collectionAt(path);
    const [edited, archived, erased] = [...portal.truth().keys()] as [string, string, string?];
    const first = await read(name, null);
    played.wait(120);
    expect((await read(name, first.state)).records).toEqual([]);
    const second = await read(name, first.state);
    played.wait(120);
    portal.put(edited, EDIT);
    portal.archive(archived);
    // By cursor, only what HubSpot lists as archived is seen to be gone.
    const isSeen = erased !== undefined && !/^\/(cms|commerce\/payment-links)/.test(path);
    if (isSeen) portal.erase(erased);
    const { records, state, error } = await read(name, second.state);
    expect(error).toBeNull();
    const live = records.filter((record) => record.archived !== true).map(keyOf);
    const gone = records.filter((record) => record.archived === true);
    expect(live).toEqual([edited]);
    const marked = NO_TOMBSTONES.includes(name) ? [] : [archived, ...(isSeen ? [erased] : [])];
    expect(gone.map(keyOf).sort()).toEqual([...marked].sort());
    const validate = await schemaOf(name);
    for (const record of gone) {
      expect([validate(record), validate.errors, record.archivedAt]).toEqual([true, null, expect.any(String)]);
    }
    expect((await read(name, state)).records).toEqual([]);
  });

  test('start_date leaves out what was last updated before it, until it is updated', async () => {
    const portal = collectionAt(path);
    const entry = await catalogOf(played.sandbox, name, {});
    const [cursor = ''] = entry.default_cursor_field ?? [];
    const all = (await read(name, null)).records;
    played.wait(120);
    const start = new Date(played.sandbox.portal.clock.now()).toISOString();
    const bounded = (state: JsonObject | null) => read(name, state, { config: { include: [name], start_date: start } });
    const first = await bounded(null);
    expect(first.error).toBeNull();
    if (cursor === 'noticedAt') {
      expect(first.records).toHaveLength(all.length);
      return;
    }
    // Some of the sandbox's are of a later time than its clock's.
    const late = all.filter((record) => Number(timeOf(record[cursor])) >= Date.parse(start)).map(keyOf);
    expect(first.records.map(keyOf)).toEqual(late);
    played.wait(120);
    const [edited = ''] = [...portal.truth().keys()].filter((id) => !late.includes(id));
    portal.put(edited, EDIT);
    const second = await bounded(first.state);
    const isMoved = Number(timeOf(portal.truth().get(edited)?.[cursor] as JsonValue)) >= Date.parse(start);
    expect(second.records.map(keyOf)).toEqual(isMoved ? [edited] : []);
    const gone = [...portal.truth().keys()].find((id) => id !== edited && !late.includes(id));
    if (gone !== undefined) portal.erase(gone);
    expect((await bounded(second.state)).records).toEqual([]);
    // With an earlier date the others come.
    const whole = await read(name, second.state);
    const missing = [...portal.truth().keys()].filter((id) => !late.includes(id) && !(isMoved && id === edited));
    if (!path.startsWith('/cms') && !path.startsWith('/commerce/payment-links')) {
      expect(whole.records.map(keyOf).sort()).toEqual(missing.sort());
    }
  });

  test('loses nothing to a kill', async () => {
    const count = collectionAt(path).truth().size;
    for (let killAfter = 1; killAfter <= count + 1; killAfter += 3) {
      const first = await read(name, null, { killAfter });
      const second = await read(name, first.state);
      const ids = new Set([...first.records, ...second.records].map(keyOf));
      expect([killAfter, ids.size]).toEqual([killAfter, count]);
    }
  });
});

const same = (field: string, column: string) => field.replace(/_/g, '').toLowerCase() === column.replace(/_/g, '');

test('the users of teams and the teams of owners are rows of their own, and go with them', async () => {
  const { portal } = played.sandbox;
  const teams = collectionAt('/settings/users/:date/teams');
  const first = await read('team_users', null);
  const pairs = [...teams.truth()].flatMap(([teamId, { userIds, secondaryUserIds }]) => [
    ...(userIds as string[]).map((userId) => [teamId, userId, false]),
    ...(secondaryUserIds as string[]).map((userId) => [teamId, userId, true]),
  ]);
  expect(pairs.length).toBeGreaterThan(5);
  const found = first.records.map(({ teamId, userId, isSecondaryUser }) => [teamId, userId, isSecondaryUser]);
  expect(found.sort()).toEqual([...pairs].sort());
  const [teamId, { userIds = [] } = {}] =
    [...teams.truth()].find(([, team]) => (team.userIds as string[]).length > 0) ?? [];
  const [gone, ...rest] = userIds as string[];
  played.wait(10);
  teams.put(String(teamId), { userIds: [...rest, '42'] });
  const second = await read('team_users', first.state);
  expect(second.records.map((each) => [each.teamId, each.userId, each.archived]).sort()).toEqual(
    [
      [teamId, '42', false],
      [teamId, gone, true],
    ].sort(),
  );

  const ofOwners = await read('owner_teams', null);
  const memberships = portal.owners
    .filter(({ archived }) => !archived)
    .flatMap((owner) => owner.teams.map((team) => [owner.id, team.id]));
  expect(ofOwners.records.map((each) => [each.ownerId, each.teamId]).sort()).toEqual(memberships.sort());
});

test('the account and its currency are a row each', async () => {
  const { account } = played.sandbox.portal;
  const first = await read('account', null);
  expect(first.records).toEqual([expect.objectContaining({ ...account, utcOffset: expect.any(String) })]);
  expect((await read('account', first.state)).records).toEqual([]);
  const currency = collectionAt('/settings/currencies/:date/company-currency');
  const [before] = currency.truth().keys();
  const second = await read('company_currencies', null);
  expect(second.records).toEqual([expect.objectContaining({ id: before, currencyCode: before, archived: false })]);
  currency.erase(String(before));
  currency.put('SEK', {});
  const third = await read('company_currencies', second.state);
  expect(third.records.map(({ id, archived }) => [id, archived])).toEqual([
    ['SEK', false],
    [before, true],
  ]);
});

test.each([
  { type: 'error', status: 404 } as const,
  { type: 'edge', status: 404, text: '<html>Not found</html>', contentType: 'text/html' } as const,
])('a path that HubSpot does not know (%j) is looked for at the older one, once', async (fault) => {
  const users = collectionAt('/settings/users/:date');
  for (let n = 1; n <= 150; n += 1) users.put(String(n), { email: `user${n}@sandbox.example` });
  played.sandbox.faults.set([{ contains: '/settings/users/2026-09', fault }]);
  const { records, error } = await read('settings_users', null);
  expect(error).toBeNull();
  expect(records).toHaveLength(users.truth().size);
  expect(played.sandbox.faults.list().map(({ struck }) => struck)).toEqual([1]);
});

describe('without a scope', () => {
  const check = async (config: object) => {
    const folder = new TestFolder();
    try {
      const source = folder.write('source.json', { credentials: { access_token: played.sandbox.token }, ...config });
      const environment = { HUBSPOT_BASE_URL: played.sandbox.url };
      const [status] = ofType(await hubflakeHere(['check', '--config', source], { environment }), 'CONNECTION_STATUS');
      return status?.connectionStatus;
    } finally {
      folder.remove();
    }
  };
  const objects = [{ object_type: 'contacts' }];

  beforeEach(() => played.sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.lists.read']));

  test('a stream that is asked for by name fails the check, which names the scope', async () => {
    expect(await check({ objects, include: ['forms', 'contact_lists'] })).toMatchObject({
      status: 'FAILED',
      message: expect.stringMatching(/forms needs forms\b/),
    });
    expect(await check({ objects, include: ['contact_lists'] })).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('the subscription that has the scope is said, by check and by read', async () => {
    expect(await check({ objects, include: ['marketing_campaigns'] })).toMatchObject({
      status: 'FAILED',
      message: expect.stringContaining(
        'marketing_campaigns needs marketing.campaigns.read (from Marketing Hub Professional on)',
      ),
    });
    const { error } = await read('marketing_campaigns', null);
    expect(error).toMatchObject({
      code: 'HF-SCOPES',
      message: expect.stringMatching(/from Marketing Hub Professional on/),
    });
  });

  test('streams that are there by their group are left out, and no other is touched', async () => {
    expect(await check({ objects, include: ['marketing', 'lists'] })).toMatchObject({
      status: 'SUCCEEDED',
      message: expect.stringMatching(/^3 streams can be read.*Left out for want of a scope: .*forms/),
    });
    expect((await read('contact_lists', null)).records).toHaveLength(12);
    expect((await read('forms', null)).error?.message).toContain('forms');
  });
});

test('where HubSpot does not know the list of all lists yet, they are searched for', async () => {
  const lists = collectionAt('/crm/lists/:date/all');
  for (let n = 1; n <= 600; n += 1) lists.put(`${70_000 + n}`, { name: `List ${n}`, objectTypeId: '0-1' });
  played.sandbox.faults.set([{ contains: '/crm/lists/2026-09/all', fault: { type: 'error', status: 404 } }]);
  const { records, error, state } = await read('contact_lists', null);
  expect(error).toBeNull();
  expect(records.map(keyOf).sort()).toEqual([...lists.truth().keys()].sort());
  expect((await read('contact_lists', state)).records).toEqual([]);
});

test('where neither path is known the newer one is named, and what else the older one says is said', async () => {
  const unknown = { contains: '/settings/users/2026-09', fault: { type: 'error', status: 404 } } as const;
  const older = (fault: Fault) => ({ contains: '/settings/v3/users', fault });
  played.sandbox.faults.set([unknown, older({ type: 'error', status: 404 })]);
  expect((await read('settings_users', null)).error?.message).toContain('/settings/users/2026-09 (404)');
  played.sandbox.faults.set([unknown, older({ type: 'error', status: 403, category: 'MISSING_SCOPES' })]);
  expect((await read('settings_users', null)).error?.code).toBe('HF-SCOPES');
});
