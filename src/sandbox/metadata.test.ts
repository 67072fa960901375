import { type Sandbox, startSandbox } from './server.js';

interface Owner {
  id: string;
  type: string;
  archived: boolean;
}
interface Pipeline {
  id: string;
  createdAt: string;
  updatedAt: string;
  stages: { id: string; createdAt: string; updatedAt: string; writePermissions: string }[];
}

describe('metadata', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ counts: { '*': 3, vehicles: 30 }, limits: 'off' });
  });
  afterAll(() => sandbox.close());

  const results = async <T>(path: string) => ((await (await sandbox.fetch(path)).json()) as { results: T[] }).results;

  it('has owners that are people, and one that is a queue', async () => {
    const owners = await results<Owner>('/crm/owners/2026-09');
    expect(owners.map((owner) => owner.type).sort()).toEqual([...Array(9).fill('PERSON'), 'QUEUE']);
    const queue = owners.find((owner) => owner.type === 'QUEUE') as Owner;
    expect(queue).toMatchObject({ firstName: 'Support queue', email: expect.any(String), archived: false });
    for (const missing of ['lastName', 'userId', 'userIdIncludingInactive']) expect(queue).not.toHaveProperty(missing);
    expect(await (await sandbox.fetch(`/crm/owners/2026-09/${queue.id}`)).json()).toEqual(queue);
    for (const person of owners.filter((owner) => owner !== queue)) {
      expect(person).toMatchObject({ lastName: expect.any(String), userId: expect.any(Number) });
    }
  });

  it.each([
    ['deals', ['default']],
    ['tickets', ['0']],
    ['leads', ['lead-pipeline-id']],
    ['orders', ['14a2e10e-5471-408a-906e-c51f3b04369e']],
    ['p_vehicles', []],
  ])('dates the pipelines of %s that HubSpot made, %j, at the epoch, others by their making', async (type, given) => {
    const pipelines = await results<Pipeline>(`/crm/pipelines/2026-09/${type}`);
    const atEpoch = { createdAt: '1970-01-01T00:00:00Z', updatedAt: '1970-01-01T00:00:00Z' };
    expect(pipelines.length).toBeGreaterThan(0);
    for (const pipeline of pipelines) {
      const isGiven = given.includes(pipeline.id);
      for (const one of [pipeline, ...pipeline.stages]) {
        if (isGiven) expect(one).toMatchObject(atEpoch);
        else expect(one.createdAt.slice(0, 2)).toBe('20');
      }
      for (const stage of pipeline.stages) expect(stage.writePermissions).toBe('CRM_PERMISSIONS_ENFORCEMENT');
    }
    expect(pipelines.filter((pipeline) => given.includes(pipeline.id))).toHaveLength(given.length);
  });

  it('has a pipeline of a custom object, in whose stages its records are', async () => {
    const [fleet, ...others] = await results<Pipeline>('/crm/pipelines/2026-09/2-3465401');
    expect(others).toEqual([]);
    const { live } = sandbox.portal.truth('vehicles', { properties: ['hs_pipeline', 'hs_pipeline_stage'] });
    const stages = fleet?.stages.map((stage) => stage.id) ?? [];
    expect(new Set(live.map((vehicle) => vehicle.properties.hs_pipeline))).toEqual(new Set([fleet?.id]));
    expect(new Set(live.map((vehicle) => vehicle.properties.hs_pipeline_stage))).toEqual(new Set(stages));
    expect(await results('/crm/pipelines/2026-09/p_Wartungs_Plan')).toEqual([]);
  });

  it('says of custom objects whether they may hold sensitive properties', async () => {
    const schemas = await results<object>('/crm-object-schemas/2026-09/schemas');
    expect(schemas).toHaveLength(2);
    for (const schema of schemas) expect(schema).toMatchObject({ allowsSensitiveProperties: false });
  });
});
