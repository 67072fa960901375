import type { CallCounts, CallRecord } from './http/call.js';
import type { Truth } from './portal/truth.js';
import { type Sandbox, startSandbox } from './server.js';

interface Reply {
  id: string;
  ids: string[];
  objectTypeId: string;
}

interface Calls {
  counts: CallCounts;
  last: CallRecord[];
}

describe('the admin door', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox({ counts: { '*': 0, contacts: 60 }, limits: 'off' });
  });
  afterEach(() => sandbox.close());

  // Without a token: the door does not ask for one.
  const get = async <T>(path: string) => (await (await fetch(`${sandbox.url}/__sandbox/${path}`)).json()) as T;
  const truth = (path: string) => get<Truth>(`truth/${path}`);
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, ...((await answer.json()) as Reply) };
  };

  it('changes records, and shows what is true', async () => {
    const { id } = await post('create', { objectType: 'contacts', properties: { firstname: 'Ann' } });
    const { ids } = await post('create', { objectType: 'contacts', count: 2 });
    await post('edit', { objectType: 'contacts', id, properties: { firstname: 'Anna' }, at: 1_000 });
    expect(await get(`record/contacts/${id}`)).toMatchObject({
      properties: { firstname: 'Anna' },
      updatedAt: '1970-01-01T00:00:01.000Z',
    });
    const { id: whole } = await post('merge', { objectType: 'contacts', survivor: id, loser: ids[0] });
    await post('archive', { objectType: 'contacts', id: ids[1] });
    const { live, archived, merged } = await truth('contacts?properties=hs_merged_object_ids');
    expect(live.at(-1)).toMatchObject({ id: whole, properties: { hs_merged_object_ids: `${id};${ids[0]}` } });
    expect(archived.at(-1)).toMatchObject({ id: ids[1], archived: true });
    expect(merged.slice(-2)).toMatchObject([
      { id, mergedInto: whole },
      { id: ids[0], mergedInto: whole },
    ]);
    await post('restore', { objectType: 'contacts', id: ids[1] });
    await post('erase', { objectType: 'contacts', ids: [ids[1]] });
    expect((await truth('contacts')).erased).toEqual([ids[1]]);
  });

  it('edits many records at once, with one timestamp', async () => {
    const { ids } = await post('edit', { objectType: 'contacts', count: 25, properties: { city: 'Bulk' }, at: 5_000 });
    expect(new Set(ids).size).toBe(25);
    const { live } = await truth('contacts?properties=city');
    const edited = live.filter((record) => record.properties.city === 'Bulk');
    expect(edited.map((record) => record.id)).toEqual(ids);
    expect(new Set(edited.map((record) => record.updatedAt))).toEqual(new Set(['1970-01-01T00:00:05.000Z']));
  });

  it('changes associations, properties and object types', async () => {
    const { id: company } = await post('create', { objectType: 'companies', properties: { name: 'Acme' } });
    const [contact] = sandbox.portal.truth('contacts').live;
    const pair = { fromType: 'contacts', from: contact?.id, toType: 'companies', to: company };
    await post('associate', { ...pair, label: 'Primary' });
    const linked = async () => (await truth('companies?associations=contacts')).live.at(-1)?.associations?.contacts;
    expect(await linked()).toContain(contact?.id);
    await post('dissociate', pair);
    expect(await linked()).toEqual([]);

    await post('addProperty', { objectType: 'contacts', property: { name: 'shoe_size', type: 'number' } });
    await post('changeProperty', { objectType: 'contacts', name: 'shoe_size', property: { type: 'string' } });
    expect(sandbox.portal.properties(sandbox.portal.type('contacts')).get('shoe_size').type).toBe('string');
    await post('archiveProperty', { objectType: 'contacts', name: 'shoe_size' });
    const archived = await sandbox.fetch('/crm/properties/2026-09/contacts?archived=true');
    expect(await archived.json()).toMatchObject({ results: [{ name: 'shoe_size', archived: true }] });
    await post('restoreProperty', { objectType: 'contacts', name: 'shoe_size' });

    const labels = { singular: 'Boat', plural: 'Boats' };
    const added = await post('addObjectType', { name: 'Boats!', labels, primaryDisplayProperty: 'name' });
    expect((await sandbox.fetch(`/crm/objects/2026-09/${added.objectTypeId}`)).status).toBe(200);
  });

  describe('of collections', () => {
    const FORMS = '/marketing/v3/forms';
    const formTruth = () => get<{ live: object[]; archived: object[] }>(`collection-truth?path=${FORMS}`);
    const answered = async (path: string) => {
      const { results } = (await (await sandbox.fetch(path)).json()) as { results: { id: string }[] };
      return results.map(({ id }) => id);
    };

    it('changes items, and shows what is true', async () => {
      expect(await get<string[]>('collections')).toContain(FORMS);
      await post('collection/put', {
        path: FORMS,
        id: '3001',
        members: { name: 'New', formType: 'hubspot' },
        at: 1_000,
      });
      await post('collection/put', { path: FORMS, id: '3001', members: { name: 'Newer' }, at: 2_000 });
      const { live } = await formTruth();
      expect(live.at(-1)).toMatchObject({
        id: '3001',
        name: 'Newer',
        formType: 'hubspot',
        createdAt: '1970-01-01T00:00:01.000Z',
        updatedAt: '1970-01-01T00:00:02.000Z',
      });
      expect(await answered(FORMS)).toContain('3001');
      expect((await post('collection/archive', { path: FORMS, id: '3001', at: 3_000 })).ids).toEqual(['3001']);
      expect((await formTruth()).archived).toMatchObject([{ id: '3001', deletedAt: '1970-01-01T00:00:03.000Z' }]);
      expect(await answered(FORMS)).not.toContain('3001');
      await post('collection/erase', { path: FORMS, ids: ['3001', '2001'] });
      const { live: left, archived } = await formTruth();
      expect([left, archived]).toEqual([live.filter((form) => !['2001', '3001'].includes((form as Reply).id)), []]);
    });

    it('puts records into lists, and takes them out', async () => {
      const list = async () => {
        const { live } = await get<{ live: object[] }>('collection-truth?path=/crm/lists/:date/all');
        return live[0] as { listId: string; updatedAt: string; additionalProperties: Record<string, string> };
      };
      const { listId, updatedAt } = await list();
      await post('memberships/add', { list: listId, records: ['1', '2'], at: 5_000 });
      expect(await list()).toMatchObject({
        updatedAt,
        additionalProperties: { hs_list_size: '2', hs_last_record_added_at: '5000' },
      });
      await post('memberships/remove', { list: listId, records: ['1'], at: 6_000 });
      expect((await list()).additionalProperties).toMatchObject({
        hs_list_size: '1',
        hs_last_record_removed_at: '6000',
      });
      const members = await sandbox.fetch(`/crm/lists/2026-09/${listId}/memberships`);
      expect(await members.json()).toMatchObject({
        results: expect.arrayContaining([expect.objectContaining({ recordId: '2' })]),
      });
    });

    it('refuses a token without the scope, which a lower tier cannot grant, with its name', async () => {
      await post('scopes', { scopes: ['crm.objects.contacts.read', 'automation'] });
      const answer = await sandbox.fetch('/marketing/campaigns/2026-09');
      expect([answer.status, await answer.json()]).toEqual([
        403,
        expect.objectContaining({
          category: 'MISSING_SCOPES',
          message: expect.stringContaining("hasn't been granted all required scopes"),
          errors: [expect.objectContaining({ context: { requiredGranularScopes: ['marketing.campaigns.read'] } })],
        }),
      ]);
      expect((await sandbox.fetch('/automation/v4/flows')).status).toBe(200);
    });
  });

  it('counts calls by kind, status and object, and not its own', async () => {
    await sandbox.fetch('/crm/objects/2026-09/contacts');
    await sandbox.fetch('/crm/v3/objects/0-1?limit=999');
    await sandbox.fetch('/crm/owners/2026-09');
    const { counts, last } = await get<Calls>('calls?last=2');
    expect(counts).toMatchObject({
      total: 3,
      byKind: { list: 2, owners: 1 },
      byStatus: { 200: 2, 400: 1 },
      byObjectType: { contacts: 2 },
    });
    expect(last.map((call) => [call.n, call.kind, call.status])).toEqual([
      [2, 'list', 400],
      [3, 'owners', 200],
    ]);
    await post('calls/reset', {});
    expect((await get<Calls>('calls')).counts.total).toBe(0);
  });

  it('switches limits, faults, lag, latency, scopes, clock and settings while running', async () => {
    const status = async () => (await sandbox.fetch('/crm/objects/2026-09/contacts')).status;
    await post('limits', { enabled: true, burst: 1 });
    expect([await status(), await status()]).toEqual([200, 429]);
    await post('clock', { advanceMs: 10_000 });
    expect(await status()).toBe(200);
    await post('limits', { enabled: false });
    await post('faults', { rules: [{ nth: 1, fault: { type: 'status', status: 502 } }] });
    expect([await status(), await status()]).toEqual([502, 200]);
    await post('scopes', { scopes: ['tickets'] });
    expect(await status()).toBe(403);
    await post('scopes', { scopes: 'all' });
    await post('lag', { maxMs: 500, seed: 3 });
    await post('latency', { ms: 1 });
    await post('settings', { inlineAssociations: 7, listCursor: 'last-id', archiveRefused: ['deals'] });
    await post('settings', { searchBodyLimit: 10 });
    await post('rules', { mergeInto: 'survivor' });
    expect((await sandbox.fetch('/crm/objects/2026-09/deals?archived=true')).status).toBe(400);
    expect((await sandbox.fetch('/crm/objects/2026-09/meetings?archived=true')).status).toBe(200);
    expect(await get('settings')).toMatchObject({
      settings: {
        indexLagMs: { maxMs: 500, seed: 3 },
        latencyMs: 1,
        inlineAssociations: 7,
        listCursor: 'last-id',
        searchBodyLimit: 10,
      },
      rules: { mergeInto: 'survivor' },
      limits: { enabled: false, burst: 1 },
      faults: [{ matched: 5, struck: 1 }],
    });
  });

  it.each([
    ['create', { objectType: 'unicorns' }, 'unicorns'],
    ['edit', { objectType: 'contacts', properties: {} }, 'id or ids'],
    ['edit', { objectType: 'contacts', id: '1', properties: {} }, 'no live record 1'],
    ['limits', { bursts: 3 }, 'there is no bursts'],
    ['faults', { rules: [{ nth: 1 }] }, 'needs a fault'],
    ['clock', { advanceMs: '5' }, 'advanceMs must be a number'],
    ['collection/put', { path: '/marketing/v4/forms', id: '1', members: {} }, 'no collection at /marketing/v4/forms'],
    ['collection/put', { path: '/marketing/v3/forms', id: '1' }, 'members must be an object'],
    ['collection/archive', { path: '/marketing/v3/forms', id: '1' }, 'no item 1 in /marketing/v3/forms'],
    ['memberships/add', { list: '1', records: ['1'] }, 'there is no list 1'],
    ['memberships/add', { list: '901', records: '1' }, 'records must be a list of strings'],
  ])('says what is wrong with %s %j', async (path, body, message) => {
    expect(await post(path, body)).toMatchObject({ status: 400, error: expect.stringContaining(message) });
  });

  it('says what there is', async () => {
    expect(await get('')).toMatchObject({ POST: expect.arrayContaining(['merge', 'faults', 'calls/reset']) });
    expect(await post('nothing', {})).toMatchObject({ status: 404 });
  });
});
