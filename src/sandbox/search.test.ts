import { type Sandbox, startSandbox } from './server.js';

interface Found {
  total: number;
  results: { id: string; properties: Record<string, string | null> }[];
  paging?: { next: { after: string } };
}

const DAY = 86_400_000;
const NOON = Date.parse('2026-11-01T12:00:00Z');

describe('search', () => {
  let sandbox: Sandbox;
  /** Deals 1 to 6 of the test, by name. */
  const ids = new Map<string, string>();

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => NOON });
    const { portal } = sandbox;
    portal.addProperty('deals', { name: 'day', type: 'date' });
    portal.addProperty('deals', { name: 'tags', type: 'enumeration' });
    const deal = (name: string, values: Record<string, string | null>, at: number) =>
      ids.set(name, portal.create('deals', { dealname: name, ...values }, { at }));
    deal('alpha', { amount: '9.5', closedate: '2026-01-01T00:00:00.000Z', tags: 'red;blue' }, NOON - 3 * DAY);
    deal('beta', { amount: '10', day: '2026-02-02', description: 'Renewal of the gold plan' }, NOON - 2 * DAY);
    deal('gamma ray', { amount: '100', day: '2026-02-03', tags: 'green' }, NOON - DAY);
    deal('delta', { amount: '', dealtype: 'newbusiness' }, NOON);
    deal('gone', { amount: '10' }, NOON);
    portal.archive('deals', ids.get('gone') as string);
    const company = portal.create('companies', { name: 'Acme' });
    portal.associate('deals', ids.get('beta') as string, 'companies', company);
    ids.set('Acme', company);
  });
  afterAll(() => sandbox.close());

  const post = (body: object, type = 'deals') =>
    sandbox.fetch(`/crm/objects/2026-09/${type}/search`, { method: 'POST', body: JSON.stringify(body) });
  const search = async (body: object) => (await (await post(body)).json()) as Found;
  const names = async (...filters: object[]) => {
    const { results } = await search({ filterGroups: [{ filters }], properties: ['dealname'] });
    return results.map((row) => row.properties.dealname);
  };
  const filter = (propertyName: string, operator: string, value?: unknown, rest: object = {}) => ({
    propertyName,
    operator,
    ...(value !== undefined && (Array.isArray(value) ? { values: value } : { value })),
    ...rest,
  });

  it.each([
    ['numbers as numbers', [filter('amount', 'GT', '9.6')], ['beta', 'gamma ray']],
    ['EQ', [filter('amount', 'EQ', '10.0')], ['beta']],
    ['NEQ, also without a value', [filter('amount', 'NEQ', '10')], ['alpha', 'gamma ray', 'delta']],
    ['LT', [filter('amount', 'LT', '10')], ['alpha']],
    ['LTE', [filter('amount', 'LTE', '10')], ['alpha', 'beta']],
    ['GTE', [filter('amount', 'GTE', '10')], ['beta', 'gamma ray']],
    ['BETWEEN', [filter('amount', 'BETWEEN', '9.5', { highValue: '10' })], ['alpha', 'beta']],
    ['IN', [filter('dealname', 'IN', ['beta', 'delta'])], ['beta', 'delta']],
    ['IN for one of several values', [filter('tags', 'IN', ['blue', 'green'])], ['alpha', 'gamma ray']],
    ['NOT_IN', [filter('dealname', 'NOT_IN', ['beta', 'delta'])], ['alpha', 'gamma ray']],
    ['HAS_PROPERTY', [filter('amount', 'HAS_PROPERTY')], ['alpha', 'beta', 'gamma ray']],
    ['NOT_HAS_PROPERTY, empty text included', [filter('amount', 'NOT_HAS_PROPERTY')], ['delta']],
    ['CONTAINS_TOKEN', [filter('description', 'CONTAINS_TOKEN', 'GOLD')], ['beta']],
    ['CONTAINS_TOKEN with a wildcard', [filter('dealname', 'CONTAINS_TOKEN', '*am*')], ['gamma ray']],
    ['NOT_CONTAINS_TOKEN', [filter('dealname', 'NOT_CONTAINS_TOKEN', 'ray')], ['alpha', 'beta', 'delta']],
    ['instants by epoch milliseconds', [filter('closedate', 'EQ', String(Date.UTC(2026, 0, 1)))], ['alpha']],
    ['instants by ISO 8601', [filter('closedate', 'LTE', '2026-01-01T00:00:00Z')], ['alpha']],
    ['days by day', [filter('day', 'GTE', '2026-02-03')], ['gamma ray']],
    ['days by epoch milliseconds', [filter('day', 'EQ', Date.UTC(2026, 1, 2))], ['beta']],
    ['the modified date', [filter('hs_lastmodifieddate', 'GTE', NOON - DAY)], ['gamma ray', 'delta']],
    ['all filters of a group', [filter('amount', 'GT', '9'), filter('tags', 'HAS_PROPERTY')], ['alpha', 'gamma ray']],
  ])('compares %s', async (_, filters, expected) => {
    expect(await names(...filters)).toEqual(expected);
  });

  it('finds by id above a given one, as paging by key does', async () => {
    expect(await names(filter('hs_object_id', 'GT', ids.get('beta')))).toEqual(['gamma ray', 'delta']);
  });

  it('finds by associated record', async () => {
    expect(await names(filter('associations.company', 'EQ', ids.get('Acme')))).toEqual(['beta']);
  });

  it('takes any of the groups', async () => {
    const groups = [{ filters: [filter('dealname', 'EQ', 'alpha')] }, { filters: [filter('amount', 'EQ', '10')] }];
    expect((await search({ filterGroups: groups })).total).toBe(2);
  });

  it('searches the words of the default properties', async () => {
    expect((await search({ query: 'gam' })).results.map((row) => row.id)).toEqual([ids.get('gamma ray')]);
  });

  it('sorts by one property, numbers as numbers, records without a value last', async () => {
    const sorts = [{ propertyName: 'amount', direction: 'DESCENDING' }];
    const { results } = await search({ sorts, properties: ['dealname'] });
    expect(results.map((row) => row.properties.dealname)).toEqual(['gamma ray', 'beta', 'alpha', 'delta']);
  });

  it('shows id and times besides the properties asked for', async () => {
    const [row] = (await search({ properties: ['amount'] })).results;
    expect(Object.keys(row?.properties ?? {})).toEqual(['amount', 'createdate', 'hs_lastmodifieddate', 'hs_object_id']);
  });

  it('can refuse long searches, and those for records that took others in', async () => {
    const merged = { filterGroups: [{ filters: [filter('hs_merged_object_ids', 'HAS_PROPERTY')] }] };
    expect((await post(merged)).status).toBe(200);
    sandbox.switches.set({ mergedIdsSearch: 'refused', searchBodyLimit: 200 });
    expect((await post(merged)).status).toBe(400);
    expect((await post({ filterGroups: [{ filters: [filter('amount', 'HAS_PROPERTY')] }] })).status).toBe(200);
    const fits = JSON.stringify({ properties: ['x'.repeat(200 - '{"properties":[""]}'.length)] });
    expect(fits).toHaveLength(200);
    expect((await post(JSON.parse(fits))).status).toBe(200);
    const tooLong = await post(JSON.parse(fits.replace('x', 'xx')));
    expect([tooLong.status, ((await tooLong.json()) as { message: string }).message]).toEqual([
      400,
      expect.stringContaining('too long'),
    ]);
    sandbox.switches.set({ mergedIdsSearch: 'allowed', searchBodyLimit: 'none' });
  });

  it('pages by integer offsets', async () => {
    const first = await search({ limit: 3 });
    expect([first.total, first.results.length, first.paging?.next.after]).toEqual([4, 3, '3']);
    const second = await search({ limit: 3, after: '3' });
    expect([second.results.length, second.paging]).toEqual([1, undefined]);
  });

  it.each([
    ['a limit above 200', { limit: 201 }],
    ['six groups', { filterGroups: Array(6).fill({ filters: [filter('amount', 'GT', '1')] }) }],
    ['seven filters in a group', { filterGroups: [{ filters: Array(7).fill(filter('amount', 'GT', '1')) }] }],
    ['nineteen filters', { filterGroups: Array(4).fill({ filters: Array(5).fill(filter('amount', 'GT', '1')) }) }],
    ['two sorts', { sorts: ['amount', 'dealname'] }],
    ['unknown properties', { filterGroups: [{ filters: [filter('nope', 'EQ', '1')] }] }],
    ['unknown operators', { filterGroups: [{ filters: [filter('amount', 'LIKE', '1')] }] }],
    ['values of the wrong type', { filterGroups: [{ filters: [filter('amount', 'EQ', 'ten')] }] }],
    ['offsets that are none', { after: 'abc' }],
    ['windows beyond 10,000', { limit: 200, after: '9801' }],
  ])('refuses %s with 400', async (_, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
  });

  it('fails on HubSpot’s side from epoch 0 on', async () => {
    const body = { filterGroups: [{ filters: [filter('hs_lastmodifieddate', 'GTE', '0')] }] };
    expect((await post(body)).status).toBe(500);
    sandbox.switches.set({ epochZeroFails: false });
    expect((await post(body)).status).toBe(200);
  });
});

describe('search of more than 10,000 results', () => {
  it('gives the true total and the first 10,000, also of one timestamp, and refuses the rest', async () => {
    const sandbox = await startSandbox({ counts: { '*': 0, contacts: 10_900 }, limits: 'off' });
    const { portal } = sandbox;
    const live = portal.truth('contacts').live.map((record) => record.id);
    portal.edit('contacts', live, { firstname: 'Bulk' }, { at: NOON });
    const page = async (body: object) => {
      const filters = [{ propertyName: 'lastmodifieddate', operator: 'EQ', value: String(NOON) }];
      const init = { method: 'POST', body: JSON.stringify({ filterGroups: [{ filters }], limit: 200, ...body }) };
      const answer = await sandbox.fetch('/crm/v3/objects/contacts/search', init);
      return { status: answer.status, body: (await answer.json()) as Found };
    };
    const last = await page({ after: 9_800 });
    expect(last.body).toMatchObject({ total: live.length, paging: { next: { after: '10000' } } });
    expect(last.body.results.at(-1)?.id).toBe(live[9_999]);
    expect((await page({ after: 10_000 })).status).toBe(400);
    await sandbox.close();
  });
});
