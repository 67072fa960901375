import { REFERENCE_TIME } from './sample/kit.js';
import { type SandboxOptions, startSandbox } from './server.js';

const everything = async (options: SandboxOptions) => {
  const { portal, close } = await startSandbox(options);
  await close();
  return Object.fromEntries(
    portal.types.all().map((type) => [type.name, portal.truth(type.id, { properties: 'all' })]),
  );
};

describe('sample data', () => {
  it('is the same for a seed, and another for another', async () => {
    const first = await everything({ seed: 5, counts: { '*': 4 } });
    expect(await everything({ seed: 5, counts: { '*': 4 } })).toEqual(first);
    expect(await everything({ seed: 6, counts: { '*': 4 } })).not.toEqual(first);
  });

  it('has records of every object, archived and merged ones, chains, ties, and texts of all kinds', async () => {
    const data = await everything({});
    for (const [name, { live }] of Object.entries(data)) expect([name, live.length > 0]).toEqual([name, true]);
    const { live, archived, merged } = data.contacts as NonNullable<(typeof data)[string]>;
    expect([archived.length, merged.length]).toEqual([10, 8]);
    const chains = live.filter((record) => record.properties.hs_merged_object_ids?.includes(';'));
    expect(chains.length).toBeGreaterThan(0);
    expect(new Set(live.map((record) => record.updatedAt)).size).toBeLessThan(live.length);
    const texts = live.map((record) => `${record.properties.message}${record.properties.firstname}`).join('');
    for (const part of ['\n', '"', '✓', '佐']) expect([part, texts.includes(part)]).toEqual([part, true]);
    expect(live.some((record) => record.properties.message === '')).toBe(true);
    expect(live.some((record) => record.properties.phone === null)).toBe(true);
  });

  it('is over before anyone looks', async () => {
    const data = await everything({ counts: { '*': 50 } });
    for (const { live, archived, merged } of Object.values(data)) {
      for (const record of [...live, ...archived, ...merged]) {
        expect(record.createdAt <= record.updatedAt).toBe(true);
        expect(Date.parse(record.archivedAt ?? record.updatedAt)).toBeLessThan(REFERENCE_TIME);
      }
    }
  });

  it('keeps stages within their pipeline', async () => {
    const sandbox = await startSandbox({ counts: { '*': 0, deals: 50 } });
    const pipelines = sandbox.portal.pipelines.get('0-3') ?? [];
    for (const deal of sandbox.portal.truth('deals', { properties: ['pipeline', 'dealstage'] }).live) {
      const pipeline = pipelines.find((one) => one.id === deal.properties.pipeline);
      expect(pipeline?.stages.map((stage) => stage.id)).toContain(deal.properties.dealstage);
    }
    await sandbox.close();
  });

  it('makes further properties of the measured shape, up to hundreds', async () => {
    const sandbox = await startSandbox({
      counts: { '*': 0, contacts: 100 },
      extraProperties: { contacts: 900 },
      limits: 'off',
    });
    const names = sandbox.portal
      .properties(sandbox.portal.type('contacts'))
      .all()
      .map((property) => property.name)
      .filter((name) => name.startsWith('extra_'));
    expect(names).toHaveLength(900);
    const inputs = sandbox.portal.truth('contacts').live.map(({ id }) => ({ id }));
    const init = { method: 'POST', body: JSON.stringify({ inputs, properties: names.slice(0, 100) }) };
    const size = (await (await sandbox.fetch('/crm/objects/2026-09/contacts/batch/read', init)).text()).length;
    expect(size / inputs.length).toBeGreaterThan(5_000);
    expect(size / inputs.length).toBeLessThan(6_400);
    await sandbox.close();
  });

  it('starts quickly with 20,000 contacts of 100 further properties', async () => {
    const before = performance.now();
    const sandbox = await startSandbox({ counts: { contacts: 20_000 }, extraProperties: { contacts: 100 } });
    expect(performance.now() - before).toBeLessThan(5_000);
    await sandbox.close();
  });

  it('refuses counts of object types that do not exist', async () => {
    await expect(startSandbox({ counts: { unicorns: 3 } })).rejects.toThrow('unicorns');
    await expect(startSandbox({ extraProperties: { unicorns: 3 } })).rejects.toThrow('unicorns');
  });
});
