import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/index.js';
import { type Sandbox, startSandbox } from './server.js';

// HubSpot's own client decodes every answer into its typed models: what it cannot read, HubSpot would not have sent.
describe("HubSpot's own client", () => {
  let sandbox: Sandbox;
  let client: Client;

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 30, contacts: 250 }, limits: 'off' });
    client = new Client({ accessToken: sandbox.token, basePath: sandbox.url });
  });
  afterAll(() => sandbox.close());

  const liveIds = (objectType: string) => sandbox.portal.truth(objectType).live.map((record) => record.id);

  it.each(['contacts', 'companies', 'deals', 'tickets'] as const)('reads typed pages of %s', async (name) => {
    const page = await client.crm[name].basicApi.getPage(5);
    expect(page.results).toHaveLength(5);
    const [first] = page.results;
    expect(first?.createdAt).toBeInstanceOf(Date);
    expect(first?.archived).toBe(false);
    expect(first?.properties.hs_object_id).toBe(first?.id);
    expect(page.paging?.next?.after).toBe(String(Number(page.results.at(-1)?.id) + 1));
  });

  it('reads all contacts with getAll', async () => {
    const contacts = await client.crm.contacts.getAll(100, undefined, ['email', 'annualrevenue']);
    expect(contacts.map((contact) => contact.id)).toEqual(liveIds('contacts'));
    expect(contacts[0]?.properties.email).toContain('@');
  });

  it('reads custom objects by their fully qualified name', async () => {
    const name = `p${sandbox.portal.account.portalId}_vehicles`;
    const page = await client.crm.objects.basicApi.getPage(name, 100, undefined, ['vin'], undefined, ['contacts']);
    expect(page.results.map((vehicle) => vehicle.id)).toEqual(liveIds('vehicles'));
    const linked = page.results.find((vehicle) => vehicle.associations?.contacts !== undefined);
    expect(linked?.associations?.contacts?.results[0]?.type).toContain('vehicles_to_contact');
  });

  it('searches page by page', async () => {
    const request = (after?: string) => ({
      filterGroups: [
        { filters: [{ propertyName: 'lastmodifieddate', operator: FilterOperatorEnum.Gte, value: '1000' }] },
      ],
      sorts: ['-lastmodifieddate'],
      properties: ['email'],
      limit: 100,
      ...(after !== undefined && { after }),
    });
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await client.crm.contacts.searchApi.doSearch(request(after));
      expect(page.total).toBe(liveIds('contacts').length);
      found.push(...page.results.map((contact) => contact.id));
      after = page.paging?.next?.after;
    } while (after !== undefined);
    expect([...found].sort()).toEqual(liveIds('contacts').sort());
  });

  it('reads a batch, and says which ids are missing', async () => {
    const [first, second] = liveIds('companies');
    const inputs = [{ id: second as string }, { id: first as string }, { id: '4' }];
    const batch = await client.crm.companies.batchApi.read({ inputs, properties: ['name'], propertiesWithHistory: [] });
    expect(batch.results.map((company) => company.id)).toEqual([first, second]);
    expect(batch).toMatchObject({ status: 'COMPLETE', numErrors: 1, errors: [{ context: { ids: ['4'] } }] });
  });

  it('reads property metadata of every type', async () => {
    const { results } = await client.crm.properties.coreApi.getAll('contacts');
    const types = new Set(results.map((property) => property.type));
    for (const type of ['string', 'number', 'date', 'datetime', 'enumeration', 'bool', 'phone_number', 'json']) {
      expect(types).toContain(type);
    }
    const stage = results.find((property) => property.name === 'lifecyclestage');
    expect(stage?.options[0]).toMatchObject({ value: 'subscriber', label: 'Subscriber' });
  });

  it('reads owners, deactivated ones apart', async () => {
    const active = await client.crm.owners.ownersApi.getPage();
    const archived = await client.crm.owners.ownersApi.getPage(undefined, undefined, 100, true);
    expect(active.results.map((owner) => owner.archived)).toEqual(Array(10).fill(false));
    expect(archived.results.map((owner) => owner.archived)).toEqual([true, true]);
    expect(active.results[0]?.teams?.[0]).toHaveProperty('name');
    expect(archived.results[0]?.userIdIncludingInactive).toBeGreaterThan(0);
  });

  it('reads pipelines with their stages', async () => {
    const { results } = await client.crm.pipelines.pipelinesApi.getAll('deals');
    expect(results.map((pipeline) => pipeline.id)).toEqual(['default', '75642391']);
    expect(results[0]?.stages.map((stage) => stage.displayOrder)).toEqual([0, 1, 2, 3, 4]);
  });

  it('reads the schemas of custom objects', async () => {
    const { results } = await client.crm.schemas.coreApi.getAll();
    expect(results.map((schema) => schema.name)).toEqual(['vehicles', 'Wartungs_Plan']);
    expect(results[1]?.labels.plural).toBe('Wartungspläne & Verträge');
    expect(results[0]?.properties.map((property) => property.name)).toContain('vin');
  });

  it('reads associations with labels', async () => {
    const inputs = liveIds('contacts').map((id) => ({ id }));
    const { results } = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs });
    const labels = new Set(
      results.flatMap((one) => one.to.flatMap((to) => to.associationTypes.map((type) => type.label))),
    );
    expect(labels).toEqual(new Set([null, 'Primary', 'Decision maker']));
    const { results: types } = await client.crm.associations.v4.schema.definitionsApi.getAll('contacts', 'companies');
    expect(types.map((type) => type.typeId).slice(0, 2)).toEqual([279, 1]);
  });

  it('refreshes an OAuth token and reads with it', async () => {
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    const oauth = new Client({ basePath: sandbox.url });
    const token = await oauth.oauth.tokensApi.create(
      'refresh_token',
      undefined,
      undefined,
      clientId,
      clientSecret,
      refreshToken,
    );
    expect(token.expiresIn).toBe(1_800);
    oauth.setAccessToken(token.accessToken);
    await expect(oauth.crm.deals.basicApi.getPage(1)).resolves.toMatchObject({ results: [{ archived: false }] });
  });
});
