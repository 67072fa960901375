import { type Sandbox, startSandbox } from './server.js';

describe('older paths', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 3 }, limits: 'off' });
  });
  afterAll(() => sandbox.close());

  const body = async <T>(path: string, init?: RequestInit) => (await (await sandbox.fetch(path, init)).json()) as T;

  it('give the properties as an array, without archived and sensitive ones', async () => {
    const { results } = await body<{ results: object[] }>('/crm/v3/properties/tickets');
    expect(await body('/properties/v2/tickets/properties')).toEqual(results);
    const ofForms = await body<{ name: string }[]>('/properties/v2/form/properties');
    expect(ofForms.map(({ name }) => name)).toEqual(['hs_object_id', 'hs_createdate', 'hs_lastmodifieddate']);
    expect((await sandbox.fetch('/properties/v2/unicorns/properties')).status).toBe(400);
  });

  it('give pipelines under other names, their times in milliseconds', async () => {
    const { results } = await body<{ results: object[] }>('/crm-pipelines/v1/pipelines/deals');
    expect(results[1]).toMatchObject({
      pipelineId: '75642391',
      label: 'Partner Pipeline',
      displayOrder: 1,
      active: true,
      default: false,
      objectType: 'DEAL',
      objectTypeId: '0-3',
      createdAt: expect.any(Number),
    });
    expect(results[0]).toMatchObject({
      pipelineId: 'default',
      default: true,
      updatedAt: 0,
      stages: expect.arrayContaining([
        expect.objectContaining({
          stageId: 'closedwon',
          metadata: { isClosed: 'true', probability: '1.0' },
          updatedAt: 0,
        }),
      ]),
    });
  });

  it('search lists, in pages by offset', async () => {
    const search = (sent: object) =>
      body<{ lists: { listId: string }[] }>('/crm/v3/lists/search', { method: 'POST', body: JSON.stringify(sent) });
    const all = await search({ count: 1000 });
    expect(all).toMatchObject({ hasMore: false, offset: 12, total: 12 });
    const [first, second] = [await search({ count: 8 }), await search({ count: 8, offset: 8 })];
    expect([first, second]).toMatchObject([
      { hasMore: true, offset: 8 },
      { hasMore: false, offset: 12 },
    ]);
    expect([...first.lists, ...second.lists]).toEqual(all.lists);
  });
});
