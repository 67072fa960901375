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
    ['0-1', ['contacts'], ['contact', 'CONTACT', 'Contacts']],
    ['0-8', ['line_items'], ['line_item']],
    ['0-47', ['meetings'], ['meeting', 'meeting_event']],
    ['0-74', ['goal_targets'], ['goals', 'goal', 'goal_target']],
    ['0-101', ['commerce_payments'], ['payments']],
    ['0-145', ['partner_clients'], ['partner_client']],
    ['2-3465401', ['p_vehicles', 'p48000111_vehicles'], ['vehicles']],
    ['2-3465402', ['p_Wartungs_Plan', 'p48000111_Wartungs_Plan'], ['Wartungs_Plan']],
  ])('takes %s by that id and %j, and by %j only where any name will do', async (id, proven, unproven) => {
    const list = (name: string) => body(`/crm/objects/2026-09/${name}`);
    const expected = await list(id);
    expect(expected.status).toBe(200);
    for (const name of proven) expect(await list(name)).toEqual(expected);
    for (const name of unproven) expect((await list(name)).status).toBe(400);
    sandbox.switches.set({ names: 'any' });
    for (const name of [id, ...proven, ...unproven]) expect(await list(name)).toEqual(expected);
    sandbox.switches.set({ names: 'proven' });
  });

  it('logs calls by the usual plural, whatever the path says', async () => {
    sandbox.calls.reset();
    for (const name of ['goal_targets', '0-74', 'goal', '0-721']) await sandbox.fetch(`/crm/objects/2026-09/${name}`);
    expect(sandbox.calls.counts().byObjectType).toEqual({ goals: 3, contracts: 1 });
  });

  it('has every object type that a CRM extraction asks for, each with records', async () => {
    const types = sandbox.portal.types.all().filter((type) => type.readable);
    expect(types.map((type) => type.name)).toEqual(
      expect.arrayContaining(['contracts', 'projects', 'partner_services']),
    );
    for (const type of types) {
      for (const name of [type.id, ...type.pathNames]) {
        const answer = await sandbox.fetch(`/crm/objects/2026-09/${name}?limit=1`);
        expect([name, await answer.json()]).toMatchObject([name, { results: [{ archived: false }] }]);
      }
    }
  });

  it.each([
    ['unicorns', 'Unable to infer object type from: unicorns'],
    ['0-99999', 'Invalid object or event type id: 0-99999'],
    ['2-1', 'Invalid object or event type id: 2-1'],
    // Not an object: no list, no search, no properties.
    ['deal_splits', 'Unable to infer object type from: deal_splits'],
    ['0-72', 'Invalid object or event type id: 0-72'],
  ])('refuses %s as an object type with 400 and no category', async (name, message) => {
    const refused = { status: 'error', message, correlationId: expect.any(String) };
    const paths: [string, RequestInit][] = [
      [`/crm/objects/2026-09/${name}`, {}],
      [`/crm/objects/2026-09/${name}/search`, post({})],
      [`/crm/objects/2026-09/${name}/batch/read`, post({ inputs: [] })],
      [`/crm/properties/2026-09/${name}`, {}],
      [`/crm/pipelines/2026-09/${name}`, {}],
      [`/crm/associations/2026-09/contacts/${name}/batch/read`, post({ inputs: [] })],
      [`/crm/objects/2026-09/contacts?associations=companies,${name}`, {}],
      [`/crm/objects/2026-09/contacts/${contact}?associations=${name}`, {}],
    ];
    for (const [path, init] of paths) {
      const answer = await sandbox.fetch(path, init);
      expect([path, answer.status, await answer.json()]).toEqual([path, 400, refused]);
    }
    sandbox.switches.set({ unknownAssociations: 'ignored' });
    expect((await sandbox.fetch(`/crm/objects/2026-09/contacts?associations=${name}`)).status).toBe(200);
    sandbox.switches.set({ unknownAssociations: 'refused' });
  });

  it('refuses to read an object that is switched off', async () => {
    sandbox.switches.set({ disabledObjects: ['0-421'] });
    const paths: [string, RequestInit][] = [
      ['/crm/objects/2026-09/appointments', {}],
      ['/crm/objects/2026-09/0-421/search', post({})],
      ['/crm/objects/2026-09/appointments/batch/read', post({ inputs: [] })],
      ['/crm/properties/2026-09/appointments', {}],
    ];
    for (const [path, init] of paths) {
      const answer = await sandbox.fetch(path, init);
      expect([answer.status, await answer.json()]).toEqual([
        400,
        {
          status: 'error',
          message: 'Object type 0-421 is not enabled for this portal',
          correlationId: expect.any(String),
        },
      ]);
    }
    sandbox.switches.set({ disabledObjects: [] });
    expect((await sandbox.fetch('/crm/objects/2026-09/appointments')).status).toBe(200);
  });

  it('answers unknown paths and records with 404', async () => {
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

  it('lists deal splits as an object only where it is told to', async () => {
    const list = '/crm/v3/objects/deal_splits?limit=2&properties=hs_deal_id';
    expect((await sandbox.fetch(list)).status).toBe(400);
    sandbox.switches.set({ dealSplits: 'object', names: 'any' });
    const { results } = (await (await sandbox.fetch(list.replace('splits', 'split'))).json()) as { results: object[] };
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({ properties: { hs_deal_id: expect.any(String) }, archived: false });
    sandbox.switches.set({ dealSplits: 'by-deal', names: 'proven' });
  });

  it('gives the splits of a deal', async () => {
    const { portal } = sandbox;
    const [deal, lonely] = [portal.create('deals', { dealname: 'Shared' }), portal.create('deals', {})];
    const values = { hs_deal_split_percentage: '0.6', hubspot_owner_id: '61020000', hs_deal_split_amount: '60' };
    const at = Date.parse('2026-10-01T00:00:00.000Z');
    const split = portal.create('deal_splits', { hs_deal_id: deal, ...values }, { at });
    const other = portal.create('deal_splits', { hs_deal_id: deal });
    portal.archive('deal_splits', other);
    const inputs = [{ id: deal }, { id: lonely }, { id: '1' }];
    const answer = await sandbox.fetch('/deal-splits/2026-09/batch/read', post({ inputs }));
    const times = { createdAt: '2026-10-01T00:00:00Z', updatedAt: '2026-10-01T00:00:00Z' };
    expect(await answer.json()).toMatchObject({
      status: 'COMPLETE',
      results: [
        { id: deal, splits: [{ id: split, properties: values, ...times, archived: false }] },
        { id: lonely, splits: [] },
        { id: '1', splits: [] },
      ],
    });
    expect(portal.truth('deal_splits', { properties: ['hs_deal_id'] }).live.at(-1)).toMatchObject({
      id: split,
      properties: { hs_deal_id: deal },
    });
  });
});
