import { type Sandbox, type SandboxOptions, startSandbox } from './server.js';

describe('the search index', () => {
  let time: number;
  let sandbox: Sandbox;
  let id: string;

  const start = async (options: SandboxOptions) => {
    time = Date.parse('2026-11-01T12:00:00Z');
    sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => time, ...options });
    id = sandbox.portal.create('contacts', { firstname: 'first' });
    time += 60_000;
  };
  afterEach(() => sandbox.close());

  const search = async (body: object = {}) => {
    const init = { method: 'POST', body: JSON.stringify({ properties: ['firstname'], limit: 200, ...body }) };
    const answer = await sandbox.fetch('/crm/objects/2026-09/contacts/search', init);
    return (await answer.json()) as {
      total: number;
      results: { id: string; updatedAt: string; properties: { firstname: string } }[];
    };
  };
  const shown = async () => (await search()).results.find((row) => row.id === id);
  const modifiedSince = async (at: number) => {
    const filters = [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: String(at) }];
    return (await search({ filterGroups: [{ filters }] })).total;
  };

  it('shows a record as it was, while lists show it as it is', async () => {
    await start({ indexLagMs: 10_000 });
    const before = await shown();
    const edited = time;
    sandbox.portal.edit('contacts', id, { firstname: 'second' });
    time += 9_999;
    expect(await shown()).toEqual(before);
    expect(await modifiedSince(edited)).toBe(0);
    const list = await (await sandbox.fetch('/crm/objects/2026-09/contacts?properties=firstname')).json();
    expect(list).toMatchObject({ results: [{ properties: { firstname: 'second' } }] });
    time += 1;
    expect((await shown())?.properties.firstname).toBe('second');
    expect(await modifiedSince(edited)).toBe(1);
  });

  it('does not know new records, and still knows archived and merged ones', async () => {
    await start({ indexLagMs: 10_000 });
    const other = sandbox.portal.create('contacts', { firstname: 'other' });
    const ids = async () => (await search()).results.map((row) => row.id);
    expect(await ids()).toEqual([id]);
    time += 10_000;
    expect(await ids()).toEqual([id, other]);
    const third = sandbox.portal.create('contacts', {});
    sandbox.portal.archive('contacts', other);
    sandbox.portal.merge('contacts', third, id);
    expect(await ids()).toEqual([id, other]);
    time += 10_000;
    expect(await ids()).toEqual([third]);
  });

  it('lags per change, differently and repeatably, when the lag is random', async () => {
    const order = async () => {
      await start({ indexLagMs: { maxMs: 20_000, seed: 7 } });
      const made = Array.from({ length: 20 }, () => sandbox.portal.create('contacts', {}));
      const seen: string[] = [];
      for (let second = 0; second <= 20; second++) {
        for (const row of (await search()).results) if (!seen.includes(row.id) && row.id !== id) seen.push(row.id);
        time += 1_000;
      }
      return { made, seen };
    };
    const first = await order();
    expect([...first.seen].sort()).toEqual([...first.made].sort());
    expect(first.seen).not.toEqual(first.made);
    await sandbox.close();
    expect(await order()).toEqual(first);
  });

  it('takes a function of type, record and change, and can be switched while running', async () => {
    await start({ indexLagMs: (_, __, change) => (change === 1 ? 60_000 : 1_000) });
    sandbox.portal.edit('contacts', id, { firstname: 'slow' });
    time += 2_000;
    expect((await shown())?.properties.firstname).toBe('first');
    sandbox.portal.edit('contacts', id, { firstname: 'quick' });
    time += 1_000;
    expect((await shown())?.properties.firstname).toBe('quick');
    sandbox.portal.edit('contacts', id, { firstname: 'last' });
    sandbox.switches.set({ indexLagMs: 0 });
    expect((await shown())?.properties.firstname).toBe('last');
  });
});
