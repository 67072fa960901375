import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess, type SyncOptions, type SyncResult } from '../support/processes/in-process.js';

const CONTACTS = { object_type: 'contacts', properties: ['firstname', 'email'], associations: ['companies'] };
const MINUTE = 60_000;

let sandbox: Sandbox;
let ahead = 0;
let onCall: (url: string, body: string) => void = () => {};

async function start(options: SandboxOptions = {}): Promise<void> {
  ahead = 0;
  onCall = () => {};
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: 250, companies: 20 },
    limits: 'off',
    clock: () => Date.now() + ahead,
    onCall: (call) => onCall(call.url, call.body),
    ...options,
  });
}

afterEach(() => sandbox.close());

function read(state: JsonObject | null, options: SyncOptions & { entry?: object } = {}): Promise<SyncResult> {
  const objects = [{ ...CONTACTS, ...options.entry }];
  return readInProcess(sandbox, 'contacts', state, {
    ...options,
    config: { objects, ...options.config } as JsonObject,
  });
}

const liveIds = () => sandbox.portal.truth('contacts').live.map((record) => record.id);
const idsOf = ({ records }: SyncResult) => records.map((data) => String(data.id));
const own = (state: JsonObject | null) => state?.hubflake as { sent?: { sent: string } } & JsonObject;
const kinds = () => sandbox.calls.counts().byKind;

/** The state behind which a sync was killed: the last one that came before message `n`. */
function stateBefore({ events }: SyncResult, n: number): JsonObject | null {
  const states = events.slice(0, n).flatMap((event) => (event.type === 'state' ? [event.state] : []));
  return states.at(-1) ?? null;
}

describe('the memory of what was sent', () => {
  test('keeps 25,000 records of one instant from being sent again, in well under a megabyte', async () => {
    await start({ counts: { '*': 0, contacts: 26_300 } });
    const first = await read(null);
    ahead += 120 * MINUTE;
    const ids = liveIds();
    const changed = ids.slice(0, 25_000);
    sandbox.portal.edit('contacts', changed, { firstname: 'Bulk' }, { at: Date.now() + ahead });
    const second = await read(first.state);
    expect(new Set(idsOf(second))).toEqual(new Set(changed));
    expect(second.records).toHaveLength(changed.length);
    expect(JSON.stringify(second.state).length).toBeLessThan(750_000);
    const third = await read(second.state);
    expect(third.records).toEqual([]);
    expect(third.events.length).toBeGreaterThan(0);
  });

  test('notices an association that changed on a record within the overlap', async () => {
    await start();
    const [id] = liveIds() as [string];
    const first = await read(null);
    sandbox.portal.edit('contacts', id, { firstname: 'Once' });
    const second = await read(first.state);
    expect(idsOf(second)).toEqual([id]);
    const linked = second.records[0]?.companies as string[];
    const company = sandbox.portal.truth('companies').live.find((each) => !linked.includes(each.id))?.id as string;
    sandbox.portal.associate('contacts', id, 'companies', company);
    const third = await read(second.state);
    expect(idsOf(third)).toEqual([id]);
    expect(third.records[0]?.companies).toContain(company);
    expect(idsOf(await read(third.state))).toEqual([]);
  });

  test('is not believed when a sync was killed, nor carried by any state but the closing one', async () => {
    await start();
    const ids = liveIds();
    const first = await read(null);
    sandbox.portal.edit('contacts', ids.slice(0, 3), { firstname: 'Twice' });
    const whole = await read(first.state);
    const states = whole.events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    expect(states.map((state) => own(state).sent !== undefined)).toEqual([
      ...Array.from({ length: states.length - 1 }, () => false),
      true,
    ]);
    // Killed behind a record: one that was sent is archived and restored meanwhile, which changes nothing of it.
    const resumed = await read(stateBefore(whole, 4));
    expect(idsOf(resumed).sort()).toEqual(ids.slice(0, 3).sort());
  });

  test.each([1, 2, 3])(
    'is not believed either of a run killed behind message %d, and what it sent is undone',
    async (n) => {
      await start();
      const [id] = liveIds() as [string];
      sandbox.portal.edit('contacts', id, { firstname: 'Linked' });
      const first = await read(null);
      const before = first.records.find((data) => data.id === id)?.companies as string[];
      const company = sandbox.portal.truth('companies').live.find((each) => !before.includes(each.id))?.id as string;
      sandbox.portal.associate('contacts', id, 'companies', company);
      const killed = await read(first.state, { killAfter: n });
      sandbox.portal.dissociate('contacts', id, 'companies', company);
      const rest = await read(killed.state);
      const held = [...killed.records, ...rest.records].filter((data) => data.id === id);
      if (killed.records.length > 0) expect(held[0]?.companies).toContain(company);
      expect((held.at(-1)?.companies ?? before) as string[]).toEqual(before);
    },
  );

  test('forgets a record whose tombstone went out, so that it comes back alive though nothing of it has changed', async () => {
    await start();
    const [id] = liveIds() as [string];
    sandbox.portal.edit('contacts', id, { firstname: 'There and back' });
    let sync = await read(null);
    for (const archived of [true, false, true, false]) {
      if (archived) sandbox.portal.archive('contacts', id);
      else sandbox.portal.restore('contacts', id);
      sync = await read(sync.state);
      expect(sync.records.map((data) => [data.id, data.archived])).toEqual([[id, archived]]);
      sync = await read(sync.state);
      expect(sync.records).toEqual([]);
    }
  });

  test('of an older version than was sent asks the record itself instead of the late index', async () => {
    await start({ indexLagMs: 5 * MINUTE });
    const [id] = liveIds() as [string];
    sandbox.portal.edit('contacts', id, { firstname: 'Old' });
    ahead += 6 * MINUTE;
    sandbox.portal.edit('contacts', id, { firstname: 'New' });
    const first = await read(null);
    expect(first.records.filter((data) => data.id === id)).toHaveLength(1);
    expect((await read(first.state)).records).toEqual([]);
  });

  test('of earlier states, which have none, is no error', async () => {
    await start();
    const first = await read(null);
    const { sent: _, archive, ...rest } = own(first.state) as JsonObject & { archive: JsonObject };
    const { scan: __, ...before } = archive;
    const old = { ...first.state, hubflake: { ...rest, merges: {}, archive: { ...before, ids: ['1', '2'] } } };
    const [id] = liveIds() as [string];
    sandbox.portal.edit('contacts', id, { firstname: 'Later' });
    expect(idsOf(await read(old as JsonObject))).toContain(id);
  });
});

describe('archived records', () => {
  test('20,000 of them are remembered: any that is restored comes back alive', async () => {
    await start({ counts: { '*': 0, contacts: 20_500 } });
    sandbox.portal.archive('contacts', liveIds().slice(0, 20_000));
    const first = await read(null);
    expect(JSON.stringify(first.state).length).toBeLessThan(300_000);
    const archived = sandbox.portal.truth('contacts').archived.map((record) => record.id);
    const restored = [archived[0], archived[9_999], archived.at(-1)] as string[];
    sandbox.portal.restore('contacts', restored);
    const second = await read(first.state);
    expect(second.records.map((data) => [data.id, data.archived])).toEqual(restored.map((id) => [id, false]));
  });

  test.each([true, false])(
    'a record that is archived again between the list and the look at it is there once it is restored again; restoring sets its time: %s',
    async (restoreBumps) => {
      await start({ restoreBumps });
      const { portal } = sandbox;
      const [emitted, unknown] = liveIds() as [string, string];
      portal.archive('contacts', unknown);
      let { state } = await read(null);
      portal.archive('contacts', emitted);
      ({ state } = await read(state));
      const both = [emitted, unknown];
      portal.restore('contacts', both);
      onCall = (url, body) => {
        if (url.includes('/batch/read') && body.includes(unknown)) portal.archive('contacts', both);
      };
      ({ state } = await read(state));
      onCall = () => {};
      ahead += 3 * 60 * MINUTE;
      portal.restore('contacts', both);
      const { records } = await read(state);
      expect(records.map(({ id, archived }) => [id, archived])).toEqual(both.map((id) => [id, false]));
    },
  );

  test('an erased record is asked for twice, and then no more', async () => {
    await start();
    const [id] = liveIds() as [string];
    sandbox.portal.archive('contacts', id);
    let { state } = await read(null);
    sandbox.portal.erase('contacts', id);
    const asked = [];
    for (let sync = 0; sync < 4; sync += 1) {
      const before = kinds().batchRead ?? 0;
      const result = await read(state);
      expect(result.records).toEqual([]);
      state = result.state;
      asked.push((kinds().batchRead ?? 0) - before);
    }
    expect(asked).toEqual([1, 1, 0, 0]);
  });

  test('a record that is restored while the first load runs, behind its reader, is there at its end', async () => {
    await start();
    const { portal } = sandbox;
    const [restored, archived] = liveIds() as [string, string];
    portal.archive('contacts', restored);
    let lists = 0;
    onCall = (url) => {
      if (!url.includes('archived=false')) return;
      lists += 1;
      if (lists !== 3) return;
      portal.restore('contacts', restored);
      portal.archive('contacts', archived);
    };
    const { records } = await read(null);
    const last = new Map(records.map((data) => [data.id, data.archived]));
    expect([last.get(restored), last.get(archived)]).toEqual([false, true]);
    expect(last.size).toBe(liveIds().length + 1);
  });

  test('a record that a killed first load had sent, archived before it goes on, is told', async () => {
    await start();
    // Two pages of them: a state goes out between.
    sandbox.portal.archive('contacts', liveIds().slice(0, 150));
    const killed = await read(null, { killAfter: 20 });
    const [sent] = idsOf(killed) as [string];
    sandbox.portal.archive('contacts', sent);
    const rest = await read(killed.state);
    expect(rest.records.filter((data) => data.id === sent).map((data) => data.archived)).toEqual([true]);
  });

  test('a scan goes on where it was interrupted, and is followed by one of its own', async () => {
    await start({ counts: { '*': 0, contacts: 900 } });
    const first = await read(null);
    const ids = liveIds();
    sandbox.portal.archive('contacts', ids.slice(0, 450));
    const whole = await read(first.state);
    expect(whole.records).toHaveLength(450);
    const position = (state: JsonObject) =>
      ((own(state).archive as JsonObject).scan as { after: string | null } | null)?.after ?? null;
    const states = whole.events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    const interrupted = states.find((state) => position(state) !== null) as JsonObject;
    const urls: string[] = [];
    onCall = (url) => {
      if (url.includes('archived=true')) urls.push(url);
    };
    sandbox.portal.restore('contacts', ids[0] as string);
    const rest = await read(interrupted);
    expect(urls[0]).toContain(`after=${position(interrupted)}`);
    const live = rest.records.filter((data) => data.archived === false);
    expect(live.map((data) => data.id)).toEqual([ids[0]]);
  });

  test.each([
    ['off', undefined, undefined],
    ['mark', true, undefined],
    ['cdc', true, 'a time'],
  ])('deletes: %s', async (deletes, archived, deletedAt) => {
    await start();
    const [id, survivor, loser] = liveIds() as [string, string, string];
    const config = { deletes };
    const first = await read(null, { config });
    sandbox.portal.archive('contacts', id);
    sandbox.portal.merge('contacts', survivor, loser);
    const second = await read(first.state, { config });
    for (const gone of [id, loser]) {
      const data = second.records.find((each) => each.id === gone);
      expect(data?.archived).toBe(archived);
      expect(data?._ab_cdc_deleted_at === undefined).toBe(deletedAt === undefined);
    }
  });

  test('deletes_every puts scans so many minutes apart', async () => {
    await start();
    const config = { deletes_every: 60 };
    const [id] = liveIds() as [string];
    const first = await read(null, { config });
    sandbox.portal.archive('contacts', id);
    const second = await read(first.state, { config });
    expect(idsOf(second)).toEqual([]);
    ahead += 61 * MINUTE;
    expect(idsOf(await read(second.state, { config }))).toEqual([id]);
  });

  test.each(['full', 'direct'] as const)(
    'a chain of merges names its last survivor: HubSpot lists it %s',
    async (mergeChain) => {
      await start({ mergeChain });
      const [a, b, c] = liveIds() as [string, string, string];
      let sync = await read(null);
      const ab = sandbox.portal.merge('contacts', b, a);
      sync = await read(sync.state);
      const abc = sandbox.portal.merge('contacts', c, ab);
      sync = await read(sync.state);
      const told = sync.records.filter((data) => data.archived === true).map((data) => [data.id, data.merged_into]);
      expect(told.sort()).toEqual(
        [
          // What is known to be in the one that goes away now is told again.
          [a, abc],
          [b, abc],
          [ab, abc],
          [c, abc],
        ].sort(),
      );
      expect((await read(sync.state)).records).toEqual([]);
    },
  );

  test('what was merged into a record that was archived before anyone saw it is told, too', async () => {
    await start();
    const [survivor, loser] = liveIds() as [string, string];
    const first = await read(null);
    const merged = sandbox.portal.merge('contacts', survivor, loser);
    sandbox.portal.archive('contacts', merged);
    const second = await read(first.state);
    expect(second.records.map((data) => [data.id, data.archived, data.merged_into]).sort()).toEqual(
      [
        [merged, true, null],
        [survivor, true, merged],
        [loser, true, merged],
      ].sort(),
    );
  });
});

describe('filters', () => {
  test('hold for increments and for restored records', async () => {
    await start();
    const ids = liveIds();
    const [archived, other] = ids as [string, string];
    sandbox.portal.edit('contacts', ids.slice(0, 50), { firstname: 'Wanted' });
    sandbox.portal.edit('contacts', other, { firstname: 'Not wanted' });
    const wanted = (value: string) => ({ filters: [{ propertyName: 'firstname', operator: 'EQ', value }] });
    const entry = { filter_groups: [wanted('Wanted'), wanted('Also')] };
    sandbox.portal.archive('contacts', [archived, other]);
    let sync = await read(null, { entry });
    expect(sync.records.filter((data) => data.archived === false)).toHaveLength(48);
    sandbox.portal.restore('contacts', [archived, other]);
    sync = await read(sync.state, { entry });
    // A row of the other may say that it is archived; no row is made for it.
    expect(sync.records.map((data) => [data.id, data.archived, data.matches_filters]).sort()).toEqual([
      [archived, false, true],
      [other, false, false],
    ]);
    sandbox.portal.edit('contacts', other, { firstname: 'Also' });
    sandbox.portal.edit('contacts', ids[100] as string, { firstname: 'Neither' });
    const { records } = await read(sync.state, { entry });
    expect(records.map((data) => [data.id, data.matches_filters])).toEqual([
      [other, true],
      [ids[100], false],
    ]);
  });
});

test('what changed behind the position of an interrupted pass is right when the next sync ends', async () => {
  await start({ counts: { '*': 0, contacts: 700 } });
  const first = await read(null);
  const ids = liveIds();
  const [behind] = ids as [string];
  sandbox.portal.edit('contacts', ids, { firstname: 'Before' });
  ahead += 1 * MINUTE;
  const killed = await read(first.state, { killAfter: 450, entry: { associations: [] } });
  expect((own(killed.state).pass as { ranges: { after: string }[] }).ranges[0]?.after).not.toBe('0');
  sandbox.portal.edit('contacts', behind, { firstname: 'Behind' });
  const rest = await read(killed.state, { entry: { associations: [] } });
  const last = new Map([...killed.records, ...rest.records].map((data) => [data.id, data]));
  expect(last.size).toBe(ids.length);
  expect(last.get(behind)?.properties).toMatchObject({ firstname: 'Behind' });
});

describe('a long pass', () => {
  test('is read in ranges of ids, without a loss or a repeat, while records go on changing, and killed anywhere', async () => {
    await start({ counts: { '*': 0, contacts: 25_600 } });
    const { portal } = sandbox;
    const first = await read(null);
    ahead += 120 * MINUTE;
    const ids = liveIds();
    portal.edit('contacts', ids, { firstname: 'Bulk' }, { at: Date.now() + ahead });
    // The pass that follows an interrupted one does not reach back so far: what a position leaves out stays out.
    ahead += 120 * MINUTE;
    sandbox.calls.reset();
    const ranges = new Set<string>();
    let searches = 0;
    onCall = (url, body) => {
      if (!url.includes('/search')) return;
      searches += 1;
      ranges.add(/"LTE","value":"(\d+)"/.exec(body)?.[1] ?? 'the end');
      if (searches % 10 === 0) portal.edit('contacts', ids[0] as string, { firstname: `Edit ${searches}` });
    };
    const whole = await read(first.state);
    expect(ranges.size).toBeGreaterThan(2);
    expect(new Set(idsOf(whole))).toEqual(new Set(ids));
    expect(whole.records).toHaveLength(ids.length);
    expect(kinds().search).toBeLessThanOrEqual(Math.ceil(ids.length / 200) + 5);
    expect(kinds().associations).toBeLessThanOrEqual(Math.ceil(ids.length / 1000) + 2);

    const killed = 9_000;
    const state = stateBefore(whole, killed);
    const sent = whole.events
      .slice(0, killed)
      .flatMap((event) => (event.type === 'record' ? [String(event.data.id)] : []));
    const left = (own(state).pass as { ranges: { after: string; upTo: string | null }[] }).ranges;
    expect(left.length).toBeGreaterThan(1);
    const rest = await read(state);
    expect(new Set([...sent, ...idsOf(rest)])).toEqual(new Set(ids));
  });
});
