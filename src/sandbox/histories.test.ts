import type { HistoryTruth } from './portal/history/truth.js';
import { type Sandbox, type SandboxOptions, startSandbox } from './server.js';

interface Item {
  value: string;
  timestamp: string;
  sourceType: string;
  updatedByUserId?: number | null;
}

interface Row {
  id: string;
  properties: Record<string, string | null>;
  propertiesWithHistory: Record<string, Item[]>;
}

const START = Date.UTC(2026, 10, 1, 12, 0, 0, 123);

describe('histories', () => {
  let sandbox: Sandbox;
  let time: number;

  const start = async (options: SandboxOptions = {}) => {
    time = START;
    sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => time, ...options });
  };
  afterEach(() => sandbox.close());

  const read = async (type: string, id: string, name: string, query = ''): Promise<Row> => {
    const body = JSON.stringify({ inputs: [{ id }], propertiesWithHistory: [name] });
    const path = `/crm/objects/2026-09/${type}/batch/read${query}`;
    const { results } = (await (await sandbox.fetch(path, { method: 'POST', body })).json()) as { results: [Row] };
    return results[0];
  };
  const items = async (type: string, id: string, name: string) =>
    (await read(type, id, name)).propertiesWithHistory[name] as Item[];
  const valuesOf = async (type: string, id: string, name: string) =>
    (await items(type, id, name)).map(({ value }) => value);
  const later = (ms = 1_000) => {
    time += ms;
  };
  /** Writes each of the values a second after the one before. */
  const edit = (type: string, id: string, name: string, ...values: (string | null)[]) => {
    for (const value of values) {
      later();
      sandbox.portal.edit(type, id, { [name]: value });
    }
  };
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
  const truth = (type: string, id: string, name: string, capped = false) => {
    const { live, archived, merged } = sandbox.portal.historyTruth(type, { capped });
    return [...live, ...archived, ...merged].find((record) => record.id === id)?.versions[name] ?? [];
  };

  describe('of one property', () => {
    it.each([
      ['contacts', 'city', 45],
      ['deals', 'description', 20],
      ['vehicles', 'hubspot_owner_id', 20],
    ])('of %s keep the newest versions only, and the truth all', async (type, name, cap) => {
      await start();
      const id = sandbox.portal.create(type, { [name]: '1' });
      edit(type, id, name, ...numbers(2, cap));
      const path = type === 'vehicles' ? 'p_vehicles' : type;
      expect(await valuesOf(path, id, name)).toEqual(numbers(1, cap).reverse());
      edit(type, id, name, ...numbers(cap + 1, cap + 5));
      expect(await valuesOf(path, id, name)).toEqual(numbers(6, cap + 5).reverse());
      expect(truth(type, id, name).map(({ value }) => value)).toEqual(numbers(1, cap + 5).reverse());
      expect(truth(type, id, name, true)).toEqual(await items(path, id, name));
    });

    it('keep as many as the rules say', async () => {
      await start({ historyCap: { contacts: 3, others: 2 } });
      const [contact, deal] = ['contacts', 'deals'].map((type) => sandbox.portal.create(type, {}));
      for (const value of numbers(1, 5)) {
        sandbox.portal.edit('contacts', contact as string, { city: value });
        sandbox.portal.edit('deals', deal as string, { dealname: value });
      }
      expect(await valuesOf('contacts', contact as string, 'city')).toEqual(['5', '4', '3']);
      expect(await valuesOf('deals', deal as string, 'dealname')).toEqual(['5', '4']);
    });

    it('have the newer of two versions of one time first, and what was cleared as an empty text', async () => {
      await start();
      const id = sandbox.portal.create('deals', { dealname: 'A' });
      sandbox.portal.edit('deals', id, { dealname: 'B' });
      sandbox.portal.edit('deals', id, { dealname: null });
      expect(await items('deals', id, 'dealname')).toMatchObject([
        { value: '', timestamp: '2026-11-01T12:00:00.123Z' },
        { value: 'B', timestamp: '2026-11-01T12:00:00.123Z' },
        { value: 'A', timestamp: '2026-11-01T12:00:00.123Z' },
      ]);
      expect(await items('deals', id, 'description')).toEqual([]);
    });

    it('say who wrote a version, alike whenever one asks; not everything was written by a user', async () => {
      await start();
      const id = sandbox.portal.create('contacts', { city: '0' });
      edit('contacts', id, 'city', ...numbers(1, 40));
      const found = await items('contacts', id, 'city');
      later();
      expect(await items('contacts', id, 'city')).toEqual(found);
      const users = (type: string) =>
        found.filter(({ sourceType }) => sourceType === type).map(({ updatedByUserId }) => typeof updatedByUserId);
      expect(new Set(users('CRM_UI'))).toEqual(new Set(['number']));
      expect(new Set(users('IMPORT'))).toEqual(new Set(['undefined']));
      const byWorkflow = found.filter(({ sourceType }) => sourceType === 'AUTOMATION_PLATFORM');
      expect(new Set(byWorkflow.map(({ updatedByUserId }) => updatedByUserId))).toEqual(new Set([null]));
      for (const { sourceType, ...item } of found) {
        expect(sourceType).toMatch(/^(CRM_UI|IMPORT|API|INTEGRATION|AUTOMATION_PLATFORM)$/);
        expect(item).toMatchObject({ value: expect.any(String), sourceId: expect.any(String) });
      }
    });

    it('name one source for all that a change has written', async () => {
      await start();
      const id = sandbox.portal.create('contacts', { city: 'Ghent', firstname: 'Ann' });
      const [city] = await items('contacts', id, 'city');
      expect(await items('contacts', id, 'firstname')).toEqual([{ ...city, value: 'Ann' }]);
    });

    it('of what is calculated have the time of the read, also in lists', async () => {
      await start({ counts: { '*': 0, deals: 1 } });
      const [deal] = sandbox.portal.truth('deals').live;
      const id = deal?.id as string;
      sandbox.portal.edit('deals', id, { hs_is_closed: 'maybe' }, { silent: true });
      for (const at of ['2026-11-01T12:00:07.123Z', '2026-11-01T12:00:14.123Z']) {
        later(7_000);
        const list = await sandbox.fetch('/crm/objects/2026-09/deals?propertiesWithHistory=hs_is_closed');
        const { results } = (await list.json()) as { results: [Row] };
        const [newest, older] = results[0].propertiesWithHistory.hs_is_closed as Item[];
        expect(newest).toEqual({ value: 'maybe', timestamp: at, sourceType: 'CALCULATED' });
        expect(Date.parse(older?.timestamp ?? at)).toBeLessThan(START);
      }
      expect(sandbox.portal.historyTruth('deals').calculated).toContain('hs_is_closed');
    });

    it('of the modified date have every time at which it moved', async () => {
      await start();
      const id = sandbox.portal.create('contacts', {});
      edit('contacts', id, 'city', 'Ghent');
      later();
      sandbox.portal.edit('contacts', id, { city: 'Bruges' }, { silent: true });
      edit('contacts', id, 'city', 'Ypres');
      const times = ['2026-11-01T12:00:03.123Z', '2026-11-01T12:00:01.123Z', '2026-11-01T12:00:00.123Z'];
      const expected = times.map((at) => ({ value: at, timestamp: at, sourceType: 'CALCULATED' }));
      for (const name of ['lastmodifieddate', 'hs_lastmodifieddate']) {
        expect(await items('contacts', id, name)).toEqual(expected);
      }
      expect(await valuesOf('contacts', id, 'createdate')).toEqual(['2026-11-01T12:00:00.123Z']);
      expect(await valuesOf('contacts', id, 'hs_object_id')).toEqual([id]);
    });
  });

  it('of archived records are read with archived=true', async () => {
    await start();
    const id = sandbox.portal.create('meetings', { hs_meeting_title: 'A' });
    edit('meetings', id, 'hs_meeting_title', 'B');
    sandbox.portal.archive('meetings', id);
    expect(await read('meetings', id, 'hs_meeting_title')).toBeUndefined();
    const row = await read('meetings', id, 'hs_meeting_title', '?archived=true');
    expect(row.propertiesWithHistory.hs_meeting_title?.map(({ value }) => value)).toEqual(['B', 'A']);
    expect(truth('meetings', id, 'hs_meeting_title')).toEqual(row.propertiesWithHistory.hs_meeting_title);
  });

  describe.each(['new-record', 'survivor'] as const)('after a merge (%s)', (mergeInto) => {
    /** Two contacts: the survivor was in Ghent, then in Bruges; the loser in Mons, between. */
    const merged = async () => {
      await start({ mergeInto });
      const survivor = sandbox.portal.create('contacts', { city: 'Ghent', country: 'Belgium' });
      later();
      const loser = sandbox.portal.create('contacts', { city: 'Mons', jobtitle: 'Baker' });
      edit('contacts', survivor, 'city', 'Bruges');
      edit('contacts', loser, 'country', 'France');
      const before = truth('contacts', loser, 'city');
      later();
      const id = sandbox.portal.merge('contacts', survivor, loser);
      return { id, loser, before };
    };

    it('have the versions of both in the order of time, the survivor’s value the newest', async () => {
      const { id, loser, before } = await merged();
      const cities = await items('contacts', id, 'city');
      const past = [
        { value: 'Bruges', timestamp: '2026-11-01T12:00:02.123Z' },
        { value: 'Mons', timestamp: '2026-11-01T12:00:01.123Z' },
        { value: 'Ghent', timestamp: '2026-11-01T12:00:00.123Z' },
      ];
      const made = { value: 'Bruges', timestamp: '2026-11-01T12:00:04.123Z', sourceType: 'MERGE_OBJECTS' };
      expect(cities).toMatchObject(mergeInto === 'survivor' ? past : [made, ...past]);
      expect(cities.find(({ value }) => value === 'Mons')).toEqual(before[0]);
      expect(await items('contacts', id, 'country')).toMatchObject([
        { value: 'Belgium', timestamp: '2026-11-01T12:00:04.123Z', sourceType: 'MERGE_OBJECTS' },
        { value: 'France', timestamp: '2026-11-01T12:00:03.123Z' },
        { value: 'Belgium', timestamp: '2026-11-01T12:00:00.123Z' },
      ]);
      expect(await valuesOf('contacts', id, 'jobtitle')).toEqual(['', 'Baker']);
      expect(truth('contacts', id, 'city')).toEqual(cities);
      expect(truth('contacts', loser, 'city')).toEqual(before);
      expect((await read('contacts', id, 'jobtitle')).properties.jobtitle).toBeNull();
    });

    it('have the survivor’s version before the loser’s of the same time', async () => {
      await start({ mergeInto });
      const [survivor, loser] = ['Ghent', 'Mons'].map((city) => sandbox.portal.create('contacts', { city }));
      later();
      const id = sandbox.portal.merge('contacts', survivor as string, loser as string);
      expect((await valuesOf('contacts', id, 'city')).slice(-2)).toEqual(['Ghent', 'Mons']);
      expect(await valuesOf('contacts', id, 'city')).toHaveLength(mergeInto === 'survivor' ? 2 : 3);
    });

    it('stay as they are when there are further changes, and further merges', async () => {
      const { id } = await merged();
      const names = ['city', 'country', 'jobtitle'];
      const histories = await Promise.all(names.map((name) => items('contacts', id, name)));
      edit('contacts', id, 'country', 'Spain');
      expect((await items('contacts', id, 'country')).slice(1)).toEqual(histories[1]);
      const third = sandbox.portal.create('contacts', { city: 'Paris' });
      later();
      const last = sandbox.portal.merge('contacts', third, id);
      const merges = sandbox.portal.truth('contacts', { properties: 'all' });
      expect(merges.live.map((record) => record.id)).toEqual([last]);
      expect(await items('contacts', last, 'city')).toEqual(expect.arrayContaining(histories[0] as Item[]));
      expect((await valuesOf('contacts', last, 'city'))[0]).toBe('Paris');
      const ids = await valuesOf('contacts', last, 'hs_merged_object_ids');
      expect(ids[0]).toBe(merges.live[0]?.properties.hs_merged_object_ids);
      // Its own merges only, not those of the record that it took in.
      expect(ids).toHaveLength(mergeInto === 'survivor' ? 1 : 2);
      expect(await items('contacts', last, 'message')).toEqual([]);
    });
  });

  describe('of the sample data', () => {
    const HISTORIES = ['contacts', 'companies', 'deals', 'tickets', 'vehicles'];

    it('end with the value that the record has, and are in the order of time', async () => {
      await start({ counts: {} });
      for (const type of HISTORIES) {
        const { live, archived, calculated } = sandbox.portal.historyTruth(type);
        const values = sandbox.portal.truth(type, { properties: 'all' });
        const records = [...values.live, ...values.archived];
        const histories = [...live, ...archived];
        expect(histories.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
        for (const [index, { properties, createdAt, updatedAt }] of records.entries()) {
          for (const [name, value] of Object.entries(properties)) {
            const versions = histories[index]?.versions[name] ?? [];
            expect([name, versions[0]?.value ?? '']).toEqual([name, value ?? '']);
            if (calculated.includes(name) || versions.length === 0) continue;
            const times = versions.map(({ timestamp }) => timestamp);
            expect(times).toEqual([...times].sort().reverse());
            expect((times[0] as string) <= updatedAt).toBe(true);
            // What went into a record may be older than it.
            if (properties.hs_merged_object_ids === null) expect((times.at(-1) as string) >= createdAt).toBe(true);
          }
        }
      }
    });

    it('tell of deals that moved through the stages of their pipeline', async () => {
      await start({ counts: {} });
      const { live } = sandbox.portal.historyTruth('deals', { properties: ['dealstage', 'pipeline', 'createdate'] });
      const pipelines = new Map(sandbox.portal.pipelines.get('0-3')?.map((one) => [one.id, one.stages]));
      const lengths = live.map(({ versions }) => versions.dealstage?.length ?? 0);
      expect(Math.max(...lengths)).toBeGreaterThan(3);
      expect(lengths.filter((length) => length > 1).length).toBeGreaterThan(live.length / 2);
      for (const { versions } of live) {
        const stages = versions.dealstage ?? [];
        if (versions.pipeline?.length !== 1) continue;
        const known = pipelines.get(versions.pipeline[0]?.value ?? '')?.map((stage) => stage.id) ?? [];
        expect(known).toEqual(expect.arrayContaining(stages.map(({ value }) => value)));
        expect(new Set(stages.map(({ timestamp }) => timestamp)).size).toBe(stages.length);
        expect(stages.at(-1)?.timestamp).toBe(versions.createdate?.[0]?.timestamp);
        expect(stages.every(({ value }, index) => value !== stages[index + 1]?.value)).toBe(true);
      }
    });

    it('have the versions of what was merged, also by two merges', async () => {
      await start({ counts: {} });
      const { live, merged } = sandbox.portal.historyTruth('deals', {
        properties: ['dealname', 'hs_merged_object_ids'],
      });
      expect(merged.length).toBeGreaterThan(2);
      for (const loser of merged) {
        const survivor = live.find(({ id }) => id === loser.mergedInto);
        expect(survivor?.versions.hs_merged_object_ids?.[0]?.value.split(';')).toContain(loser.id);
        expect(survivor?.versions.dealname).toEqual(expect.arrayContaining([...(loser.versions.dealname ?? [])]));
      }
    });

    it('stay as they are when a record is changed', async () => {
      await start({ counts: { '*': 0, deals: 30 } });
      const stages = () => sandbox.portal.historyTruth('deals', { properties: ['dealstage'] }).live;
      const before = stages();
      later();
      sandbox.portal.edit(
        'deals',
        before.map(({ id }) => id),
        { dealstage: 'closedwon' },
      );
      expect(stages().map(({ versions }) => versions.dealstage?.slice(1))).toEqual(
        before.map(({ versions }) => versions.dealstage),
      );
    });
  });

  it('can be had by the door, with the cap and without', async () => {
    await start({ historyCap: { contacts: 2, others: 2 } });
    const id = sandbox.portal.create('contacts', { city: 'Ghent', firstname: 'Ann' });
    edit('contacts', id, 'city', 'Bruges', 'Ypres');
    const door = async (query: string) =>
      (await (await fetch(`${sandbox.url}/__sandbox/history-truth/contacts${query}`)).json()) as HistoryTruth;
    const all = await door('');
    expect(all).toEqual(JSON.parse(JSON.stringify(sandbox.portal.historyTruth('contacts'))));
    expect(all).toMatchObject({ cap: 2, calculated: ['num_associated_deals'], archived: [], merged: [] });
    expect(all.live[0]?.versions.city?.map(({ value }) => value)).toEqual(['Ypres', 'Bruges', 'Ghent']);
    const shown = await door('?properties=city&capped=true');
    expect(Object.keys(shown.live[0]?.versions ?? {})).toEqual(['city']);
    expect(shown.live[0]?.versions.city).toEqual(await items('contacts', id, 'city'));
  });

  it('say when a property was made', async () => {
    await start();
    sandbox.portal.addProperty('contacts', { name: 'shoe_size' });
    const answer = await sandbox.fetch('/crm/properties/2026-09/contacts/shoe_size');
    expect(await answer.json()).toMatchObject({ createdAt: '2026-11-01T12:00:00.123Z' });
  });
});
