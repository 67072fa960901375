import { type Sandbox, type SandboxOptions, startSandbox } from './server.js';

interface Row {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  archivedAt?: string;
}

describe('the life of a record', () => {
  let time: number;
  let sandbox: Sandbox;

  const start = async (options: SandboxOptions = {}) => {
    time = Date.parse('2026-11-01T12:00:00.123Z');
    sandbox = await startSandbox({ counts: { '*': 0, contacts: 30 }, clock: () => time, limits: 'off', ...options });
  };
  afterEach(() => sandbox.close());

  const rows = async (path: string, init?: RequestInit) => {
    const body = (await (await sandbox.fetch(path, init)).json()) as { results: Row[] };
    return body.results;
  };
  const listed = (archived: boolean) =>
    rows(
      `/crm/objects/2026-09/contacts?limit=100&archived=${archived}&properties=email,firstname,hs_merged_object_ids`,
    );
  const searched = () =>
    rows('/crm/objects/2026-09/contacts/search', { method: 'POST', body: JSON.stringify({ limit: 200 }) });
  const batch = (id: string, archived = false) =>
    sandbox.fetch(`/crm/objects/2026-09/contacts/batch/read?archived=${archived}`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ id }], properties: ['firstname'] }),
    });
  const idsOf = (list: Row[]) => list.map((row) => row.id);

  it('shows a new record and its edits at once in lists, with milliseconds in all three modified fields', async () => {
    await start();
    const id = sandbox.portal.create('contacts', { email: 'new@example.com' });
    time += 5;
    sandbox.portal.edit('contacts', id, { firstname: 'Zoë' });
    const row = (await listed(false)).at(-1);
    expect(row).toMatchObject({
      id,
      createdAt: '2026-11-01T12:00:00.123Z',
      updatedAt: '2026-11-01T12:00:00.128Z',
      archived: false,
      properties: { email: 'new@example.com', firstname: 'Zoë', lastmodifieddate: '2026-11-01T12:00:00.128Z' },
    });
    expect(row).not.toHaveProperty('archivedAt');
  });

  it('keeps the history of values, newest first', async () => {
    await start();
    const id = sandbox.portal.create('contacts', { firstname: 'Ann' });
    time += 1_000;
    sandbox.portal.edit('contacts', id, { firstname: 'Anna' });
    const [row] = await rows(`/crm/v3/objects/contacts?propertiesWithHistory=firstname&after=${id}`);
    expect(row).toMatchObject({
      propertiesWithHistory: {
        firstname: [
          { value: 'Anna', timestamp: '2026-11-01T12:00:01.123Z' },
          { value: 'Ann', timestamp: '2026-11-01T12:00:00.123Z' },
        ],
      },
    });
  });

  it('archives without touching the modified date, and shows the record in archived lists only', async () => {
    await start();
    const [before] = await listed(false);
    const id = before?.id as string;
    sandbox.portal.archive('contacts', id);
    expect(idsOf(await listed(false))).not.toContain(id);
    expect(idsOf(await searched())).not.toContain(id);
    expect((await listed(true)).find((row) => row.id === id)).toMatchObject({
      archived: true,
      archivedAt: '2026-11-01T12:00:00.123Z',
      updatedAt: before?.updatedAt,
    });
    expect((await batch(id)).status).toBe(207);
    expect((await batch(id, true)).status).toBe(200);
  });

  describe.each(['/crm/objects/2026-09', '/crm/v3/objects'])('the archive under %s', (base) => {
    const archive = async (type: string) => {
      const answer = await sandbox.fetch(`${base}/${type}?archived=true&limit=100`);
      return { status: answer.status, body: (await answer.json()) as { results?: Row[] } };
    };
    const archivedOf = (type: string) => {
      const id = sandbox.portal.create(type, {});
      sandbox.portal.archive(type, id);
      return id;
    };

    it('of meetings cannot be listed, but read by id', async () => {
      await start();
      const id = archivedOf('meetings');
      for (const name of ['meetings', '0-47']) {
        expect(await archive(name)).toEqual({
          status: 400,
          body: {
            status: 'error',
            message: 'Paging through deleted objects is not yet supported',
            correlationId: expect.any(String),
          },
        });
      }
      const read = await sandbox.fetch(`${base}/meetings/batch/read?archived=true`, {
        method: 'POST',
        body: JSON.stringify({ inputs: [{ id }] }),
      });
      expect(await read.json()).toMatchObject({ results: [{ id, archived: true }] });
      expect((await sandbox.fetch(`${base}/meetings?archived=false`)).status).toBe(200);
    });

    it('of e-mails is empty', async () => {
      await start();
      archivedOf('emails');
      expect(await archive('emails')).toEqual({ status: 200, body: { results: [] } });
    });

    it('is refused, empty or whole for whichever objects are named', async () => {
      await start({ archiveRefused: ['0-1', 'vehicles'], archiveEmpty: ['contact', 'deals'] });
      const [meeting, email] = [archivedOf('meetings'), archivedOf('emails')];
      archivedOf('deals');
      expect((await archive('contacts')).status).toBe(400);
      expect((await archive('p_vehicles')).status).toBe(400);
      expect((await archive('deals')).body.results).toEqual([]);
      expect(idsOf((await archive('meetings')).body.results ?? [])).toEqual([meeting]);
      expect(idsOf((await archive('emails')).body.results ?? [])).toEqual([email]);
    });
  });

  it.each([false, true])('restores, setting the modified date: %s', async (restoreBumps) => {
    await start({ restoreBumps });
    const [before] = await listed(false);
    const id = before?.id as string;
    sandbox.portal.archive('contacts', id);
    time += 1_000;
    sandbox.portal.restore('contacts', id);
    const after = (await listed(false)).find((row) => row.id === id);
    expect(after).toMatchObject({
      archived: false,
      updatedAt: restoreBumps ? '2026-11-01T12:00:01.123Z' : before?.updatedAt,
    });
    expect(after).not.toHaveProperty('archivedAt');
    expect(idsOf(await listed(true))).not.toContain(id);
  });

  it.each([
    ['full', (a: string, b: string) => `${a};${b}`],
    ['direct', (_: string, b: string) => b],
  ] as const)('merges chains, the survivor naming its losers (%s)', async (mergeChain, expected) => {
    await start({ mergeChain, mergeInto: 'survivor', mergedReads: 'missing' });
    const { portal } = sandbox;
    const [a, b, c] = idsOf(await listed(false)) as [string, string, string];
    portal.merge('contacts', b, a);
    time += 1_000;
    portal.merge('contacts', c, b);
    const live = await listed(false);
    expect(live.find((row) => row.id === c)).toMatchObject({
      updatedAt: '2026-11-01T12:00:01.123Z',
      properties: { hs_merged_object_ids: expected(a, b) },
    });
    for (const loser of [a, b]) {
      expect(idsOf(live)).not.toContain(loser);
      expect(idsOf(await searched())).not.toContain(loser);
      expect(idsOf(await listed(true))).not.toContain(loser);
      expect((await batch(loser)).status).toBe(207);
    }
    const merged = portal.truth('contacts').merged.filter((record) => [a, b].includes(record.id));
    expect(merged.map((record) => record.mergedInto)).toEqual([c, c]);
  });

  it.each([
    ['full', (a: string, b: string, ab: string, c: string) => `${c};${a};${b};${ab}`],
    ['direct', (_: string, __: string, ab: string, c: string) => `${c};${ab}`],
  ] as const)('merges into a record of its own that names both (%s)', async (mergeChain, expected) => {
    await start({ mergeChain });
    const { portal } = sandbox;
    const made = (firstname: string) => portal.create('contacts', { firstname });
    const [a, b, c] = [made('Ann'), made('Bob'), made('Cy')];
    const ab = portal.merge('contacts', a, b);
    expect(Number(ab)).toBeGreaterThan(Number(c));
    expect((await listed(false)).find((row) => row.id === ab)?.properties).toMatchObject({
      firstname: 'Ann',
      hs_merged_object_ids: `${a};${b}`,
    });
    const all = portal.merge('contacts', c, ab);
    const live = await listed(false);
    expect(live.find((row) => row.id === all)?.properties).toMatchObject({
      firstname: 'Cy',
      hs_merged_object_ids: expected(a, b, ab, c),
    });
    const gone = [a, b, c, ab];
    const seen = idsOf([...live, ...(await searched()), ...(await listed(true))]);
    expect(seen.filter((id) => gone.includes(id))).toEqual([]);
  });

  it('answers reads of merged-away ids with the record they went into, unless told not to', async () => {
    await start();
    const { portal } = sandbox;
    const [a, b] = idsOf(await listed(false)) as [string, string];
    const merged = portal.merge('contacts', b, a);
    const one = (id: string) => sandbox.fetch(`/crm/objects/2026-09/contacts/${id}`);
    for (const id of [a, b, merged]) {
      const answer = await batch(id);
      expect(answer.status).toBe(200);
      expect(idsOf(((await answer.json()) as { results: Row[] }).results)).toEqual([merged]);
      expect(await (await one(id)).json()).toMatchObject({ id: merged });
    }
    sandbox.switches.set({ mergedReads: 'missing' });
    expect([(await batch(a)).status, (await one(a)).status]).toEqual([207, 404]);
  });

  it('moves the associations of what was merged to what it went into', async () => {
    await start();
    const { portal } = sandbox;
    const [a, b] = idsOf(await listed(false)) as [string, string];
    const company = portal.create('companies', { name: 'Acme' });
    portal.associate('contacts', a, 'companies', company, { label: 'Primary' });
    const merged = portal.merge('contacts', b, a);
    const truth = portal.truth('companies', { associations: ['contacts'] });
    expect(truth.live[0]?.associations).toEqual({ contacts: [merged] });
  });

  it('erases without a trace', async () => {
    await start();
    const [id] = idsOf(await listed(false)) as [string];
    sandbox.portal.erase('contacts', id);
    expect(idsOf([...(await listed(false)), ...(await listed(true)), ...(await searched())])).not.toContain(id);
    expect(sandbox.portal.truth('contacts').erased).toEqual([id]);
  });

  it('forgets archived records when the recycle bin is told to', async () => {
    await start({ recycleBinMs: 90 * 86_400_000 });
    const [id] = idsOf(await listed(false)) as [string];
    sandbox.portal.archive('contacts', id);
    time += 90 * 86_400_000;
    expect(idsOf(await listed(true))).toContain(id);
    time += 1;
    expect(idsOf(await listed(true))).not.toContain(id);
  });

  it('recalculates without setting the modified date', async () => {
    await start();
    const { portal } = sandbox;
    const [before] = await listed(false);
    const id = before?.id as string;
    const deal = portal.create('deals', { dealname: 'Big one' });
    portal.associate('contacts', id, 'deals', deal);
    portal.edit('contacts', id, { firstname: 'Silent' }, { silent: true });
    const [row] = await rows('/crm/v3/objects/contacts?limit=1&properties=num_associated_deals,firstname');
    expect(row).toMatchObject({
      updatedAt: before?.updatedAt,
      properties: { num_associated_deals: '1', firstname: 'Silent' },
    });
  });

  it('refuses impossible changes, and leaves the record as it was', async () => {
    await start();
    const { portal } = sandbox;
    const id = portal.create('contacts', { firstname: 'Ann' });
    expect(() => portal.edit('contacts', id, { firstname: 'X', nonsense: '1' })).toThrow('nonsense');
    expect(() => portal.edit('contacts', id, { hs_object_id: '1' })).toThrow('fills hs_object_id');
    expect(() => portal.restore('contacts', id)).toThrow('no archived record');
    expect(() => portal.merge('contacts', id, id)).toThrow('into itself');
    portal.edit('contacts', id, { lastname: 'Y' });
    expect(portal.record('contacts', id)?.properties).toMatchObject({ firstname: 'Ann', lastname: 'Y' });
  });
});
