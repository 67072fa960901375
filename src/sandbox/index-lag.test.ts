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
      results: { id: string; updatedAt: string; archived: boolean; properties: { firstname: string } }[];
      paging?: { next: { after: string } };
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

  it('does not know new records, and still knows archived and merged ones, alive where told to show them', async () => {
    await start({ indexLagMs: 10_000, deadHits: 'shown', mergeInto: 'survivor' });
    const other = sandbox.portal.create('contacts', { firstname: 'other' });
    const ids = async () => (await search()).results.map((row) => row.id);
    expect(await ids()).toEqual([id]);
    time += 10_000;
    expect(await ids()).toEqual([id, other]);
    const third = sandbox.portal.create('contacts', {});
    sandbox.portal.archive('contacts', other);
    sandbox.portal.merge('contacts', third, id);
    expect(await ids()).toEqual([id, other]);
    expect((await search()).results.map((row) => row.archived)).toEqual([false, false]);
    time += 10_000;
    expect(await ids()).toEqual([third]);
  });

  describe('of records that are gone meanwhile', () => {
    const LAG = 10_000;
    /** Nine contacts the index knows, the first made by `start`; the index does not know yet that 2 to 5 are gone. */
    const bury = async (options: SandboxOptions = {}) => {
      await start({ indexLagMs: LAG, ...options });
      const { portal } = sandbox;
      const ids = [
        id,
        ...Array.from({ length: 8 }, (_, index) => portal.create('contacts', { firstname: `${index}` })),
      ];
      time += LAG;
      const [second, third, fourth, fifth] = ids.slice(1) as [string, string, string, string];
      portal.archive('contacts', second);
      portal.erase('contacts', third);
      portal.merge('contacts', fourth, fifth);
      if (portal.rules.mergeInto === 'survivor') portal.archive('contacts', fourth);
      return ids;
    };

    it.each(['survivor', 'new-record'] as const)(
      'finds, counts and pages them, but leaves them out (%s)',
      async (mergeInto) => {
        const ids = await bury({ mergeInto });
        const pages = [];
        for (let after: string | undefined = '0'; after !== undefined; after = pages.at(-1)?.paging?.next.after) {
          pages.push(await search({ limit: 2, after }));
        }
        expect(pages.map((page) => page.total)).toEqual([9, 9, 9, 9, 9]);
        expect(pages.map((page) => page.paging?.next.after)).toEqual(['2', '4', '6', '8', undefined]);
        // One short page, one empty page with more to follow, another short one, and the rest.
        expect(pages.map((page) => page.results.map((row) => row.id))).toEqual([
          [ids[0]],
          [],
          [ids[5]],
          [ids[6], ids[7]],
          [ids[8]],
        ]);
        time += LAG;
        const { total, results } = await search();
        expect(results.map((row) => row.id).slice(0, 5)).toEqual([ids[0], ...ids.slice(5)]);
        expect(total).toBe(results.length);
      },
    );

    it('shows those alive in the version the index has, as before', async () => {
      const ids = await bury();
      sandbox.portal.edit('contacts', ids[0] as string, { firstname: 'newer' });
      const { results } = await search({ limit: 2 });
      expect(results.map((row) => row.properties.firstname)).toEqual(['first']);
    });

    it('can end where hits are missing', async () => {
      await bury({ omittedCursor: 'dropped' });
      expect((await search({ limit: 2 })).paging).toBeUndefined();
      expect((await search({ limit: 2, after: '2' })).paging).toBeUndefined();
      expect((await search({ limit: 2, after: '6' })).paging).toEqual({ next: { after: '8' } });
    });
  });

  it('can count wrongly, but never below none', async () => {
    await start({ totalOff: 2 });
    expect([(await search()).total, (await search()).results.length]).toEqual([3, 1]);
    sandbox.switches.set({ totalOff: -2 });
    expect((await search()).total).toBe(0);
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
