import { type Sandbox, startSandbox } from './server.js';

describe('paths', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({
      counts: { '*': 6 },
      limits: 'off',
      clock: () => Date.parse('2026-11-01T12:00:00.900Z'),
    });
  });
  afterAll(() => sandbox.close());

  const body = async (path: string, init?: RequestInit) => {
    const answer = await sandbox.fetch(path, init);
    // Links name the path that was called.
    const text = (await answer.text()).replace(/"link":"[^"]*"/g, '"link":"…"');
    return { status: answer.status, text };
  };
  const post = (value: object) => ({ method: 'POST', body: JSON.stringify(value) });
  const [contact] = ['953'];

  it.each<[string, string, RequestInit]>([
    [
      '/crm/objects/2026-09/contacts?limit=3&associations=companies',
      '/crm/v3/objects/contacts?limit=3&associations=companies',
      {},
    ],
    [`/crm/objects/2026-09/contacts/${contact}`, `/crm/v3/objects/contacts/${contact}`, {}],
    ['/crm/objects/2026-09/deals/search', '/crm/v3/objects/deals/search', post({ limit: 3 })],
    ['/crm/objects/2026-09/deals/batch/read', '/crm/v3/objects/deals/batch/read', post({ inputs: [{ id: '953' }] })],
    [
      '/crm/associations/2026-09/contacts/companies/batch/read',
      '/crm/v4/associations/contacts/companies/batch/read',
      post({ inputs: [{ id: '953' }] }),
    ],
    ['/crm/associations/2026-09/deals/contacts/labels', '/crm/v4/associations/deals/contacts/labels', {}],
    ['/crm/properties/2026-09/tickets', '/crm/v3/properties/tickets', {}],
    ['/crm-object-schemas/2026-09/schemas', '/crm/v3/schemas', {}],
    ['/crm/owners/2026-09', '/crm/v3/owners', {}],
    ['/crm/pipelines/2026-09/tickets', '/crm/v3/pipelines/tickets', {}],
    ['/account-info/2026-09/details', '/account-info/v3/details', {}],
    ['/crm/limits/2026-09/records', '/crm/v3/limits/records', {}],
    ['/crm/object-library/2026-09/enablement', '/crm/v3/object-library/enablement', {}],
    ['/deal-splits/2026-09/batch/read', '/crm/v3/objects/deals/splits/batch/read', post({ inputs: [{ id: '953' }] })],
  ])('%s answers as %s, and as its 2026-03 version', async (dated, older, init) => {
    const answer = await body(dated, init);
    expect(answer.status).toBeLessThan(300);
    expect(await body(older, init)).toEqual(answer);
    expect(await body(dated.replace('2026-09', '2026-03'), init)).toEqual(answer);
  });

  it('knows only versions that are supported', async () => {
    for (const version of ['2025-09', '2026-09-beta', 'v9']) {
      expect((await sandbox.fetch(`/crm/objects/${version}/contacts`)).status).toBe(404);
    }
  });

  it.each([
    ['contacts', ['contact', '0-1', 'CONTACT']],
    ['line_items', ['line_item', '0-8']],
    ['goals', ['goal_targets', 'goal_target', '0-74']],
    ['deal_splits', ['deal_split', '0-72']],
    ['vehicles', ['p_vehicles', 'p48000111_vehicles', '2-3465401']],
    ['Wartungs_Plan', ['p_Wartungs_Plan', 'p48000111_wartungs_plan', '2-3465402']],
  ])('takes every name of %s', async (name, others) => {
    const expected = await body(`/crm/objects/2026-09/${name}`);
    expect(expected.status).toBe(200);
    for (const other of others) expect(await body(`/crm/objects/2026-09/${other}`)).toEqual(expected);
  });

  it('has every object type that a CRM extraction asks for, each with records', async () => {
    for (const type of sandbox.portal.types.all()) {
      const answer = await sandbox.fetch(`/crm/objects/2026-09/${type.name}?limit=1`);
      expect([type.name, await answer.json()]).toMatchObject([type.name, { results: [{ archived: false }] }]);
    }
  });

  it('refuses unknown object types with 400, and unknown paths and records with 404', async () => {
    expect(await (await sandbox.fetch('/crm/objects/2026-09/unicorns')).json()).toMatchObject({
      status: 'error',
      message: 'Unable to infer object type from: unicorns',
    });
    expect((await sandbox.fetch('/crm/v3/nothing')).status).toBe(404);
    expect((await sandbox.fetch('/crm/objects/2026-09/contacts/1')).status).toBe(404);
  });

  it('tells the time to the second in each answer', async () => {
    const answer = await sandbox.fetch('/crm/owners/2026-09');
    expect(answer.headers.get('date')).toBe('Sun, 01 Nov 2026 12:00:00 GMT');
    expect(answer.headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  it('answers too long a URL with an HTML page, not JSON', async () => {
    const path = '/crm/objects/2026-09/contacts?properties=';
    const fits = await sandbox.fetch(path + 'a'.repeat(16_000 - path.length));
    const tooLong = await sandbox.fetch(path + 'a'.repeat(16_001 - path.length));
    expect([fits.status, tooLong.status]).toEqual([200, 414]);
    expect(tooLong.headers.get('content-type')).toBe('text/html');
    expect(await tooLong.text()).toMatch(/^<html>/);
    expect((await sandbox.fetch(path + 'a'.repeat(100_000))).status).toBe(414);
  });

  it('describes the account', async () => {
    expect(await (await sandbox.fetch('/account-info/2026-09/details')).json()).toMatchObject({
      portalId: 48_000_111,
      timeZone: 'America/New_York',
      utcOffset: '-05:00',
      utcOffsetMilliseconds: -18_000_000,
    });
  });

  it('counts the records of each object', async () => {
    const answer = (await (await sandbox.fetch('/crm/limits/2026-09/records')).json()) as {
      hubspotDefinedObjectTypes: { objectTypeId: string; usage: number }[];
      customObjectTypes: object;
    };
    expect(answer.hubspotDefinedObjectTypes).toContainEqual(expect.objectContaining({ objectTypeId: '0-1', usage: 6 }));
    expect(answer.customObjectTypes).toMatchObject({ overallUsage: 12, byObjectType: [{ usage: 6 }, { usage: 6 }] });
  });

  it('says which objects of the library are switched on', async () => {
    sandbox.switches.set({ disabledObjects: ['0-410'] });
    const answer = (await (await sandbox.fetch('/crm/object-library/2026-09/enablement')).json()) as object;
    expect(answer).toMatchObject({ enablementByObjectTypeId: { '0-410': false, '0-421': true } });
    expect(await (await sandbox.fetch('/crm/v3/object-library/enablement/0-410')).json()).toEqual({
      enablement: false,
    });
  });

  it('gives the splits of a deal', async () => {
    const { portal } = sandbox;
    const [split] = portal.truth('deal_splits', { properties: ['hs_deal_id'] }).live;
    const id = split?.properties.hs_deal_id;
    const answer = await sandbox.fetch('/deal-splits/2026-09/batch/read', post({ inputs: [{ id }] }));
    const { results } = (await answer.json()) as { results: { id: string; splits: { id: string }[] }[] };
    expect(results[0]?.splits.map((one) => one.id)).toContain(split?.id);
  });
});
