import { type Sandbox, startSandbox } from './server.js';

interface Page {
  results: { id: string; properties: Record<string, string | null>; associations?: Record<string, Linked> }[];
  paging?: { next: { after: string; link: string } };
}
interface Linked {
  results: { id: string; type: string }[];
  paging?: { next: { after: string; link: string } };
}

describe('lists', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox({
      counts: { '*': 0, contacts: 260, companies: 5, deals: 20, line_items: 30 },
      limits: 'off',
      wholeSeconds: 'long',
    });
  });
  afterEach(() => sandbox.close());

  const page = async (path: string) => (await (await sandbox.fetch(path)).json()) as Page;
  const all = async (query: string) => {
    const ids: string[] = [];
    for (let after = ''; ; ) {
      const { results, paging } = await page(`/crm/objects/2026-09/contacts?${query}${after && `&after=${after}`}`);
      ids.push(...results.map((row) => row.id));
      if (paging === undefined) return ids;
      after = encodeURIComponent(paging.next.after);
    }
  };
  const liveIds = () => sandbox.portal.truth('contacts').live.map((record) => record.id);

  it('gives ten rows by default, at most 100, 50 with history', async () => {
    expect((await page('/crm/objects/2026-09/contacts')).results).toHaveLength(10);
    expect((await sandbox.fetch('/crm/objects/2026-09/contacts?limit=101')).status).toBe(400);
    expect((await sandbox.fetch('/crm/objects/2026-09/contacts?limit=51&propertiesWithHistory=email')).status).toBe(
      400,
    );
    expect((await page('/crm/objects/2026-09/contacts?limit=50&propertiesWithHistory=email')).results).toHaveLength(50);
  });

  it('goes through all records in the order of their ids, as numbers', async () => {
    const ids = await all('limit=100');
    expect(ids).toEqual(liveIds());
    expect(ids.map((id) => id.length)).toContain(3);
    expect(ids.map((id) => id.length)).toContain(4);
  });

  it('shows default properties, or those asked for; id and times always; unknown names never', async () => {
    const [usual] = (await page('/crm/objects/2026-09/contacts?limit=1')).results;
    expect(Object.keys(usual?.properties ?? {})).toEqual([
      'createdate',
      'email',
      'firstname',
      'hs_object_id',
      'lastmodifieddate',
      'lastname',
    ]);
    const [asked] = (await page('/crm/objects/2026-09/contacts?limit=1&properties=city,nope&properties=phone')).results;
    expect(Object.keys(asked?.properties ?? {})).toEqual([
      'city',
      'createdate',
      'hs_object_id',
      'lastmodifieddate',
      'phone',
    ]);
    const [deal] = (await page('/crm/objects/2026-09/deals?limit=1&properties=amount')).results;
    expect(Object.keys(deal?.properties ?? {})).toEqual([
      'amount',
      'createdate',
      'hs_lastmodifieddate',
      'hs_object_id',
    ]);
  });

  it('shows edits, archived records and new properties on pages that were read before', async () => {
    const { portal } = sandbox;
    const path = '/crm/objects/2026-09/contacts?limit=100&properties=firstname,shoe_size,num_associated_deals';
    const [first, second] = (await page(path)).results;
    portal.edit('contacts', first?.id as string, { firstname: 'Edited' });
    portal.addProperty('contacts', { name: 'shoe_size', type: 'number' });
    portal.edit('contacts', second?.id as string, { shoe_size: '44' });
    const changed = await page(path);
    expect(changed.results[0]?.properties.firstname).toBe('Edited');
    expect(changed.results[1]?.properties.shoe_size).toBe('44');
    portal.archive('contacts', first?.id as string);
    expect((await page(path)).results[0]?.id).toBe(second?.id);
    portal.archiveProperty('contacts', 'shoe_size');
    expect((await page(path)).results[0]?.properties).not.toHaveProperty('shoe_size');
  });

  it('names the last id plus one as its cursor, with which the next page may begin', async () => {
    const { portal } = sandbox;
    const first = await page('/crm/objects/2026-09/contacts?limit=100');
    const last = Number(first.results.at(-1)?.id);
    expect(first.paging?.next.after).toBe(String(last + 1));
    const next = async (after: number | string) =>
      (await page(`/crm/objects/2026-09/contacts?limit=1&after=${after}`)).results[0]?.id;
    // Any number will do, whether a record has it or not.
    expect(await next(last)).toBe(String(last));
    const ids = liveIds().map(Number);
    expect(await next(last + 1)).toBe(String(ids.find((id) => id > last)));
    expect(await next(0)).toBe(String(ids[0]));
    expect(await next('9'.repeat(20))).toBeUndefined();
    const created = portal.create('contacts', {});
    expect(await next(created)).toBe(created);
    expect(await next(Number(created) + 1)).toBeUndefined();
  });

  it('names the last id, where told to, with which the next page never begins', async () => {
    sandbox.switches.set({ listCursor: 'last-id' });
    const first = await page('/crm/objects/2026-09/contacts?limit=100');
    expect(first.paging?.next.after).toBe(first.results.at(-1)?.id);
    const [one, two] = liveIds();
    expect((await page(`/crm/objects/2026-09/contacts?limit=1&after=${one}`)).results[0]?.id).toBe(two);
    expect(await all('limit=100')).toEqual(liveIds());
  });

  it('knows that no page follows once what followed is gone', async () => {
    const { portal } = sandbox;
    const [after, ...last] = liveIds().slice(-3);
    const path = `/crm/objects/2026-09/contacts?limit=1&after=${Number(after) + 1}`;
    expect(await page(path)).toHaveProperty('paging');
    portal.archive('contacts', last[1] as string);
    expect(await page(path)).not.toHaveProperty('paging');
    portal.create('contacts', {});
    expect(await page(path)).toHaveProperty('paging');
  });

  it('gives the same page compressed and not', async () => {
    const path = '/crm/objects/2026-09/contacts?limit=100&properties=message,city';
    const plain = await sandbox.fetch(path, { headers: { 'accept-encoding': 'identity' } });
    const packed = await sandbox.fetch(path);
    expect([plain.headers.get('content-encoding'), packed.headers.get('content-encoding')]).toEqual([null, 'gzip']);
    const text = await plain.text();
    expect(await packed.text()).toBe(text);
    expect(await (await sandbox.fetch(path)).text()).toBe(text);
    expect(/[\u0370-\uffff]/.test(text)).toBe(true);
    sandbox.switches.set({ gzip: false });
    expect((await sandbox.fetch(path)).headers.get('content-encoding')).toBeNull();
  });

  it('shows exactly the values that the portal holds', async () => {
    const { results } = await page(
      '/crm/objects/2026-09/contacts?limit=100&properties=message,firstname,email,hs_ai_summary',
    );
    for (const row of results)
      expect(sandbox.portal.record('contacts', row.id)?.properties).toMatchObject(row.properties);
  });

  it('shows associated ids without labels, twice where two types connect a pair', async () => {
    const { portal } = sandbox;
    const [contact, company] = [portal.create('contacts', {}), portal.create('companies', {})];
    portal.associate('contacts', contact, 'companies', company, { label: 'Primary' });
    const path = `/crm/objects/2026-09/contacts?after=${contact}&associations=companies,deals`;
    expect((await page(path)).results[0]?.associations).toEqual({
      companies: {
        results: [
          { id: company, type: 'contact_to_company_unlabeled' },
          { id: company, type: 'contact_to_company' },
        ],
      },
    });
    portal.dissociate('contacts', contact, 'companies', company, { label: 'Primary' });
    expect((await page(path)).results[0]?.associations?.companies?.results).toHaveLength(1);
    portal.archive('companies', company);
    expect((await page(path)).results[0]).not.toHaveProperty('associations');
  });

  it('calls line items by two words, and custom objects by their qualified name', async () => {
    const { portal } = sandbox;
    const vehicle = portal.create('vehicles', { vin: 'X' });
    const deal = portal
      .truth('deals', { associations: ['line_items'] })
      .live.find((one) => one.associations?.line_items?.length);
    portal.associate('deals', deal?.id as string, 'vehicles', vehicle);
    const { results } = await page('/crm/objects/2026-09/deals?limit=100&associations=line_items,p_vehicles');
    const found = results.find((row) => row.id === deal?.id)?.associations;
    expect(Object.keys(found ?? {})).toEqual(['line items', `p${portal.account.portalId}_vehicles`]);
  });

  it('pages associations within the row beyond a hundred', async () => {
    const { portal } = sandbox;
    const [hub] = (await page('/crm/objects/2026-09/companies?limit=1&associations=contacts')).results;
    const inline = hub?.associations?.contacts;
    const ids = new Set(inline?.results.map((one) => one.id));
    expect(ids.size).toBe(100);
    const rest = (await (
      await fetch(inline?.paging?.next.link as string, { headers: { authorization: `Bearer ${sandbox.token}` } })
    ).json()) as {
      results: { toObjectId: number }[];
    };
    for (const { toObjectId } of rest.results) ids.add(String(toObjectId));
    const truth = portal.truth('companies', { associations: ['contacts'] }).live.find((one) => one.id === hub?.id);
    expect([...ids]).toEqual(truth?.associations?.contacts);
  });

  it('links the rest of the associations by names that paths take', async () => {
    const { portal } = sandbox;
    sandbox.switches.set({ inlineAssociations: 1 });
    const contact = portal.create('contacts', {});
    for (const type of ['goals', 'vehicles']) {
      for (const id of [portal.create(type), portal.create(type)]) portal.associate('contacts', contact, type, id);
    }
    const query = `after=${contact}&associations=goal_targets,p_vehicles`;
    const [row] = (await page(`/crm/objects/2026-09/contacts?${query}`)).results;
    const links = Object.values(row?.associations ?? {}).map(({ paging }) => paging?.next.link ?? '');
    expect(links).toHaveLength(2);
    for (const link of links) {
      const { results } = await page(link.slice(sandbox.url.length));
      expect([link, results.length]).toEqual([link, 1]);
    }
  });

  it('takes only its own cursors when they are opaque, and none that have expired', async () => {
    sandbox.switches.set({ listCursor: 'opaque' });
    expect(await all('limit=100')).toEqual(liveIds());
    expect((await sandbox.fetch('/crm/objects/2026-09/contacts?after=1000')).status).toBe(400);
    const { paging } = await page('/crm/objects/2026-09/contacts');
    const next = `/crm/objects/2026-09/contacts?after=${paging?.next.after}`;
    expect((await sandbox.fetch(next)).status).toBe(200);
    expect((await sandbox.fetch(next.replace('contacts', 'deals'))).status).toBe(400);
    sandbox.switches.expireCursors();
    expect((await sandbox.fetch(next)).status).toBe(400);
  });

  it('refuses cursors and limits that are none', async () => {
    for (const query of ['after=abc', 'limit=0', 'limit=ten', 'after=-1']) {
      expect((await sandbox.fetch(`/crm/objects/2026-09/contacts?${query}`)).status).toBe(400);
    }
  });
});
