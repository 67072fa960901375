import { type Sandbox, startSandbox } from './server.js';

/** The paths of all objects, at any depth, whose keys are not in alphabetical order. */
function unordered(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const keys = entries.map(([key]) => key);
  const own = Array.isArray(value) || keys.join() === [...keys].sort().join() ? [] : [`${path}: ${keys}`];
  return [...own, ...entries.flatMap(([key, inner]) => unordered(inner, `${path}/${key}`))];
}

describe('the shape of answers', () => {
  let sandbox: Sandbox;
  let contact: string;

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 4 }, limits: 'off', clock: () => Date.UTC(2026, 10, 1) });
    const { portal } = sandbox;
    contact = portal.create('contacts', { firstname: 'Ann' });
    for (const to of ['companies', 'deals', 'p_vehicles']) portal.associate('contacts', contact, to, portal.create(to));
    portal.archive('contacts', portal.create('contacts', {}));
  });
  afterEach(() => sandbox.switches.set({ keyOrder: 'alphabetical' }));
  afterAll(() => sandbox.close());

  const post = (body: object): RequestInit => ({ method: 'POST', body: JSON.stringify(body) });
  const json = async (path: string, init?: RequestInit) => (await sandbox.fetch(path, init)).json();
  const objects = '/crm/objects/2026-09';
  const all = (): [string, RequestInit?][] => [
    [`${objects}/contacts?limit=3&associations=p_vehicles,deals,companies&properties=lastname,email`],
    [`${objects}/contacts?archived=true`],
    [`${objects}/contacts?after=${contact}&associations=companies&propertiesWithHistory=firstname,email`],
    [`${objects}/contacts/${contact}?associations=deals,companies`],
    [`${objects}/contacts/search`, post({ limit: 2, properties: ['phone', 'city'] })],
    [`${objects}/contacts/batch/read`, post({ inputs: [{ id: contact }, { id: '1' }] })],
    [`${objects}/contacts/${contact}/associations/companies?limit=1`],
    ['/crm/associations/2026-09/contacts/companies/batch/read', post({ inputs: [{ id: contact }, { id: '1' }] })],
    ['/crm/associations/2026-09/contacts/companies/labels'],
    ['/crm/properties/2026-09/contacts'],
    ['/crm/properties/2026-09/contacts/email'],
    ['/crm/properties/2026-09/contacts/groups'],
    ['/crm-object-schemas/2026-09/schemas'],
    ['/crm/owners/2026-09'],
    ['/crm/pipelines/2026-09/deals'],
    ['/account-info/2026-09/details'],
    ['/account-info/2026-09/api-usage/daily/private-apps'],
    ['/crm/limits/2026-09/records'],
    ['/crm/object-library/2026-09/enablement'],
    ['/deal-splits/2026-09/batch/read', post({ inputs: [{ id: '951' }] })],
  ];

  it('has the keys of every object in alphabetical order', async () => {
    for (const [path, init] of all()) {
      const answer = await json(path, init);
      expect(answer).not.toHaveProperty('correlationId');
      expect([path, unordered(answer)]).toEqual([path, []]);
    }
  });

  it('says the same in another order', async () => {
    for (const [path, init] of all().filter(([one]) => !one.includes('api-usage'))) {
      const usual = await json(path, init);
      sandbox.switches.set({ keyOrder: 'other' });
      const other = await json(path, init);
      sandbox.switches.set({ keyOrder: 'alphabetical' });
      expect(other).toEqual(usual);
      if (path.includes('/contacts?') || path.includes('schemas')) expect(unordered(other)).not.toEqual([]);
    }
  });

  it('begins with where to go on, and rows with whether they are archived', async () => {
    const page = (await json(`${objects}/contacts?limit=1&associations=deals`)) as { results: object[] };
    expect(Object.keys(page)).toEqual(['paging', 'results']);
    const found = await json(`${objects}/contacts/search`, post({ limit: 1 }));
    expect(Object.keys(found as object)).toEqual(['paging', 'results', 'total']);
    const usual = ['archived', 'createdAt', 'id', 'properties', 'updatedAt', 'url'];
    expect(Object.keys((await json(`${objects}/contacts/${contact}`)) as object)).toEqual(usual);
    const full = await json(`${objects}/contacts/${contact}?associations=deals&propertiesWithHistory=email`);
    expect(Object.keys(full as object)).toEqual(
      [...usual, 'associations', 'propertiesWithHistory'].sort((a, b) => a.localeCompare(b)),
    );
    const archive = (await json(`${objects}/contacts?archived=true`)) as { results: object[] };
    expect(Object.keys(archive.results[0] ?? {})).toEqual([...usual, 'archivedAt'].sort());
    sandbox.switches.set({ keyOrder: 'other' });
    expect(Object.keys((await json(`${objects}/contacts/${contact}`)) as object)[0]).toBe('id');
  });

  it('names an address for records, but none for activities', async () => {
    const url = async (type: string) =>
      ((await json(`${objects}/${type}?limit=1`)) as { results: { url: string }[] }).results[0]?.url;
    for (const type of ['calls', 'emails', 'meetings', 'notes', 'tasks', 'communications', 'postal_mail']) {
      expect([type, await url(type)]).toEqual([type, '']);
    }
    expect(await url('contacts')).toMatch(/^https:\/\/app\.hubspot\.com\/contacts\/48000111\/record\/0-1\/\d+$/);
  });

  it('writes instants of whole seconds without a fraction, or with one', async () => {
    const [whole, broken] = [Date.UTC(2026, 8, 1), Date.UTC(2026, 8, 1) + 120];
    const id = sandbox.portal.create('contacts', { message: '2026-09-01T00:00:00.000Z?' }, { at: whole });
    sandbox.portal.edit('contacts', id, {}, { at: broken });
    const row = () => json(`${objects}/contacts/${id}?properties=message`);
    expect(await row()).toMatchObject({
      createdAt: '2026-09-01T00:00:00Z',
      updatedAt: '2026-09-01T00:00:00.120Z',
      properties: { createdate: '2026-09-01T00:00:00Z', message: '2026-09-01T00:00:00.000Z?' },
    });
    sandbox.switches.set({ wholeSeconds: 'long' });
    expect(await row()).toMatchObject({ createdAt: '2026-09-01T00:00:00.000Z', updatedAt: '2026-09-01T00:00:00.120Z' });
    sandbox.switches.set({ wholeSeconds: 'short' });
  });

  it('refuses with status, message and correlation id first', async () => {
    const refused = (await json(`${objects}/contacts?limit=1000`)) as object;
    expect(Object.keys(refused)).toEqual(['status', 'message', 'correlationId', 'category']);
  });
});
