import { type Sandbox, startSandbox } from './server.js';

interface Batch {
  results: { from: { id: string }; to: { toObjectId: number; associationTypes: object[] }[]; paging?: Paging }[];
  errors?: object[];
}
interface Paging {
  next: { after: string };
}

describe('associations', () => {
  let sandbox: Sandbox;
  let company: string;
  let contacts: string[];

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', associationPage: 3 });
    const { portal } = sandbox;
    company = portal.create('companies', { name: 'Acme' });
    contacts = Array.from({ length: 8 }, () => portal.create('contacts', {}));
    for (const contact of contacts) portal.associate('companies', company, 'contacts', contact);
    portal.associate('contacts', contacts[0] as string, 'companies', company, { label: 'Decision maker' });
  });
  afterAll(() => sandbox.close());

  const post = (path: string, inputs: object[]) =>
    sandbox.fetch(path, { method: 'POST', body: JSON.stringify({ inputs }) });
  const batch = async (inputs: object[], from = 'companies', to = 'contacts') =>
    (await (await post(`/crm/associations/2026-09/${from}/${to}/batch/read`, inputs)).json()) as Batch;

  it('gives ids as numbers, with all types that connect the pair', async () => {
    const { results } = await batch([{ id: contacts[0] }], 'contacts', 'companies');
    expect(results).toEqual([
      {
        from: { id: contacts[0] },
        to: [
          {
            toObjectId: Number(company),
            associationTypes: [
              { category: 'HUBSPOT_DEFINED', typeId: 279, label: null },
              { category: 'USER_DEFINED', typeId: expect.any(Number), label: 'Decision maker' },
            ],
          },
        ],
      },
    ]);
  });

  it('calls a label by its inverse from the other side', async () => {
    const { results } = await batch([{ id: company }]);
    expect(results[0]?.to[0]?.associationTypes).toContainEqual(
      expect.objectContaining({ label: 'Has decision maker' }),
    );
  });

  it('pages the targets of each record by a cursor of its own', async () => {
    const found: number[] = [];
    let after: string | undefined;
    do {
      const { results } = await batch([{ id: company, ...(after !== undefined && { after }) }]);
      found.push(...(results[0]?.to.map((to) => to.toObjectId) ?? []));
      after = results[0]?.paging?.next.after;
      if (after !== undefined) expect(Buffer.from(after, 'base64').toString()).toBe(`0-1-${found.at(-1)}`);
    } while (after !== undefined);
    expect(found.map(String)).toEqual(contacts);
  });

  it('answers 207 for records without associations, archived ones and strangers', async () => {
    const { portal } = sandbox;
    const lonely = portal.create('contacts', {});
    const archived = portal.create('contacts', {});
    portal.associate('contacts', archived, 'companies', company);
    portal.archive('contacts', archived);
    const inputs = [{ id: lonely }, { id: archived }, { id: '1' }, { id: contacts[1] }];
    const answer = await post('/crm/v4/associations/contacts/companies/batch/read', inputs);
    expect(answer.status).toBe(207);
    const body = (await answer.json()) as Batch;
    expect(body.results.map((one) => one.from.id)).toEqual([contacts[1]]);
    expect(body).toMatchObject({ numErrors: 3 });
    expect(body.errors?.[0]).toMatchObject({
      subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
      context: { fromObjectId: [lonely] },
    });
  });

  it('takes 1,000 ids and no more', async () => {
    const inputs = Array.from({ length: 1_001 }, (_, index) => ({ id: String(index + 1) }));
    const path = '/crm/associations/2026-09/contacts/companies/batch/read';
    expect((await post(path, inputs.slice(1))).status).toBe(207);
    expect((await post(path, inputs)).status).toBe(400);
  });

  it('can take fewer ids', async () => {
    sandbox.switches.set({ associationInputs: 2 });
    const path = '/crm/associations/2026-09/contacts/companies/batch/read';
    const inputs = contacts.slice(0, 3).map((id) => ({ id }));
    expect((await post(path, inputs.slice(1))).status).toBe(200);
    const refused = await post(path, inputs);
    expect([refused.status, await refused.json()]).toMatchObject([400, { category: 'VALIDATION_ERROR' }]);
    sandbox.switches.set({ associationInputs: 1_000 });
  });

  it('can say with 200, too, what has no associations', async () => {
    sandbox.switches.set({ associationErrors: 200 });
    const answer = await post('/crm/associations/2026-09/contacts/companies/batch/read', [{ id: '1' }]);
    expect([answer.status, await answer.json()]).toMatchObject([200, { results: [], numErrors: 1, errors: [{}] }]);
    sandbox.switches.set({ associationErrors: 207 });
  });

  it('gives the associations of one record, labelled in v4 and dated paths, plain in v3', async () => {
    const read = async (base: string) =>
      (await sandbox.fetch(`${base}/contacts/${contacts[0]}/associations/companies`)).json();
    const dated = await read('/crm/objects/2026-03');
    expect(dated).toMatchObject({ results: [{ toObjectId: Number(company) }] });
    expect(await read('/crm/v4/objects')).toEqual(dated);
    expect(await read('/crm/v3/objects')).toMatchObject({
      results: [
        { id: company, type: 'contact_to_company_unlabeled' },
        { id: company, type: 'decision_maker_contact_to_company' },
      ],
    });
  });

  it('lists the labels of a pair', async () => {
    const answer = await sandbox.fetch('/crm/associations/2026-09/contacts/0-2/labels');
    expect(await answer.json()).toEqual({
      results: [
        { category: 'HUBSPOT_DEFINED', typeId: 279, label: null },
        { category: 'HUBSPOT_DEFINED', typeId: 1, label: 'Primary' },
        { category: 'USER_DEFINED', typeId: expect.any(Number), label: 'Decision maker' },
      ],
    });
  });

  it('does not set the modified date of either record', () => {
    const { portal } = sandbox;
    const [one, other] = [portal.create('contacts', {}, { at: 1_000 }), portal.create('companies', {}, { at: 1_000 })];
    portal.associate('contacts', one, 'companies', other);
    expect(portal.record('contacts', one)?.updatedAt).toBe('1970-01-01T00:00:01.000Z');
    expect(portal.record('companies', other)?.updatedAt).toBe('1970-01-01T00:00:01.000Z');
  });
});
