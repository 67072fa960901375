import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/protocol/messages.js';
import type { Truth } from '../../src/sandbox/portal/truth.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { readSeveral, SeveralTables, syncs, waits } from '../support/schedules/several-streams.js';

/** Histories of properties: every version that HubSpot showed is in the table, once, and an increment reads those of changed records only. */

const NAMES = ['dealstage', 'amount', 'dealname'];
const BOTH = ['deals', 'deals_property_history'];

const MINUTES_A_YEAR = 365 * 24 * 60;

let played: Played;

afterEach(() => played.sandbox.close());

const config = (more: JsonObject = {}, entry: JsonObject = {}): JsonObject => ({
  layout: 'columns',
  objects: [{ object_type: 'deals', properties: NAMES, associations: [], history: NAMES, ...entry }],
  ...more,
});

const portal = () => played.sandbox.portal;
const counts = () => played.sandbox.calls.counts().byKind;

/** Every version of the properties, of live records and those of `others` that are archived, as `id property time value`. */
function versions(others: ReadonlySet<string> = new Set()): string[] {
  const truth = portal().historyTruth('deals', { properties: NAMES, capped: true });
  return [...truth.live, ...truth.archived.filter(({ id }) => others.has(id))]
    .flatMap(({ id, versions: of }) =>
      Object.entries(of).flatMap(([name, items]) =>
        items
          // Of two of one time, the one that is listed first, which is the newer.
          .filter(({ timestamp }, index) => items.findIndex((item) => item.timestamp === timestamp) === index)
          .map(({ timestamp, value }) => `${id} ${name} ${timestamp} ${value}`),
      ),
    )
    .sort();
}

const lineOf = ({ id, property, timestamp, value }: JsonObject) => `${id} ${property} ${timestamp} ${value ?? ''}`;
const linesIn = (rows: readonly JsonObject[]) => rows.map(lineOf).sort();

test('a first load has all versions, an increment those set since, of the records that the object itself finds', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 120 } });
  // The sample's records were modified until later than the clock of these tests begins.
  played.wait(MINUTES_A_YEAR);
  const tables = new SeveralTables(played.sandbox, BOTH, config());
  await tables.sync();
  // 120 records are three pages of 50, for both streams.
  expect(counts().list).toBe(3 + 2);
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(versions());
  expect(tables.rows('deals')).toHaveLength(portal().truth('deals').live.length);
  played.wait(200);
  const ids = portal()
    .truth('deals')
    .live.slice(0, 60)
    .map(({ id }) => id);
  portal().edit('deals', ids, { amount: '7', dealstage: 'closedwon' });
  const before = counts();
  const came = await tables.sync();
  expect(linesIn(came.get('deals_property_history') ?? [])).toHaveLength(120);
  expect((counts().batchRead ?? 0) - (before.batchRead ?? 0)).toBe(2);
  expect((counts().search ?? 0) - (before.search ?? 0)).toBe(1);
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(versions());
  const again = await tables.sync();
  expect(again.get('deals_property_history')).toEqual([]);
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('edit' as const),
      deal: fc.nat(30),
      name: fc.constantFrom(...NAMES),
      value: fc.nat(5),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constantFrom('archive' as const, 'restore' as const, 'erase' as const),
      deal: fc.nat(30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('create' as const), value: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('merge' as const), deal: fc.nat(30), into: fc.nat(30) }) },
  { weight: 2, arbitrary: waits },
  { weight: 5, arbitrary: syncs(400, 2) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test.each([false, true])(
  'whatever happens, and wherever runs are killed, tables have every version and every deal; restoring sets the modified date: %s',
  async (restoreBumps) => {
    played = await startPlayed({ counts: { '*': 0, deals: 0 }, restoreBumps });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), fc.boolean(), async (steps, validity) => {
        played.wait(20_000);
        const { live, archived } = portal().truth('deals');
        portal().erase(
          'deals',
          [...live, ...archived].map(({ id }) => id),
        );
        for (let n = 0; n < 25; n += 1)
          portal().create('deals', { dealname: `Deal ${n}`, dealstage: 'a', amount: '1' });
        const tables = new SeveralTables(played.sandbox, BOTH, config({ validity }));
        const lasting = new Set<string>();
        const seen = new Set<string>();
        for (const each of steps) {
          played.wait(1);
          await take(each, tables);
          if (each.is !== 'sync' || each.kill) continue;
          for (const { id } of portal().truth('deals').live) seen.add(id);
          for (const line of versions(seen)) lasting.add(line);
        }
        played.wait(1);
        await tables.sync();
        const rows = linesIn(tables.rows('deals_property_history'));
        expect(rows).toEqual(expect.arrayContaining(versions(seen)));
        // What a complete sync has seen stays, also of records that are gone by now.
        expect(rows).toEqual(expect.arrayContaining([...lasting]));
        const alive = tables.rows('deals').filter(({ archived: isGone }) => isGone !== true);
        const shown = (deal: JsonObject) => NAMES.map((name) => String(deal[name] ?? ''));
        const truth = portal().truth('deals', { properties: NAMES });
        const untold = untoldIn(truth);
        const known = alive.filter(({ id }) => !untold.has(String(id)));
        expect(new Map(known.map((deal) => [deal.id, shown(deal)]))).toEqual(
          new Map(truth.live.map(({ id, properties }) => [id, shown(properties as JsonObject)])),
        );
      }),
      randomRuns(40),
    );
  },
);

/** What HubSpot tells nobody of: erased records, and those that were merged into one of them. */
function untoldIn({ erased, merged }: Truth): Set<string> {
  const untold = new Set(erased);
  for (let before = -1; before < untold.size; ) {
    before = untold.size;
    for (const { id, mergedInto } of merged) if (untold.has(String(mergedInto))) untold.add(id);
  }
  return untold;
}

async function take(each: Step, tables: SeveralTables): Promise<void> {
  const { live, archived } = portal().truth('deals');
  const one = (n: number, of = live) => of[n % Math.max(1, of.length)]?.id;
  switch (each.is) {
    case 'edit': {
      const id = one(each.deal);
      if (id) portal().edit('deals', id, { [each.name]: String(each.value) });
      return;
    }
    case 'create':
      portal().create('deals', { dealname: 'New', amount: String(each.value) });
      return;
    case 'archive':
    case 'erase': {
      const id = one(each.deal);
      if (id) portal()[each.is]('deals', id);
      return;
    }
    case 'restore': {
      const id = one(each.deal, archived);
      if (id) portal().restore('deals', id);
      return;
    }
    case 'merge': {
      const [id, into] = [one(each.deal), one(each.into)];
      if (id && into && id !== into) portal().merge('deals', into, id);
      return;
    }
    case 'wait':
      return played.wait(each.minutes);
    case 'sync':
      await tables.sync(each.kill);
  }
}

test.each([true, false])(
  'what was archived at the first load has all its versions once it is restored; its modified date is set: %s',
  async (restoreBumps) => {
    played = await startPlayed({ counts: { '*': 0, deals: 20 }, restoreBumps });
    played.wait(MINUTES_A_YEAR);
    const [deal] = portal().truth('deals').live;
    const id = deal?.id as string;
    portal().archive('deals', id);
    played.wait(200);
    const tables = new SeveralTables(played.sandbox, BOTH, config());
    await tables.sync();
    const ofDeal = () => linesIn(tables.rows('deals_property_history').filter((row) => row.id === id));
    expect(ofDeal()).toEqual([]);
    played.wait(200);
    portal().restore('deals', id);
    played.wait(200);
    for (let after = 1; after < 12; after += 1) await tables.sync({ after, shares: [1, 1] }).catch(() => undefined);
    await tables.sync();
    expect(ofDeal()).toEqual(versions().filter((line) => line.startsWith(`${id} `)));
    expect(ofDeal().length).toBeGreaterThan(2);
  },
);

test('where HubSpot has dropped versions since the last sync, that is said and counted', async () => {
  played = await startPlayed({ counts: { '*': 0 } });
  const id = portal().create('deals', { dealname: 'Busy', dealstage: 'a', amount: '1' });
  const tables = new SeveralTables(played.sandbox, BOTH, config());
  await tables.sync();
  played.wait(3000);
  const edit = (times: number) => {
    for (let n = 0; n < times; n += 1) {
      played.wait(1);
      portal().edit('deals', id, { amount: String(n) });
    }
  };
  edit(19);
  await tables.sync();
  expect(tables.incomplete.get('deals_property_history')).toBeUndefined();
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(versions());
  played.wait(3000);
  edit(23);
  await tables.sync();
  expect(tables.incomplete.get('deals_property_history')).toBe(1);
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(expect.arrayContaining(versions()));
});

test('a calculated property is read where it is named, and comes again where its value is another one', async () => {
  played = await startPlayed({ counts: { '*': 0 } });
  const id = portal().create('deals', { dealname: 'One', dealstage: 'a', num_associated_contacts: '0' });
  const histories = (names: JsonValue) => config({}, { history: names });
  const every = new SeveralTables(played.sandbox, BOTH, histories(true));
  await every.sync();
  const properties = new Set(every.rows('deals_property_history').map(({ property }) => property));
  expect(properties.has('dealname')).toBe(true);
  expect(['num_associated_contacts', 'hs_lastmodifieddate'].filter((name) => properties.has(name))).toEqual([]);
  const named = new SeveralTables(played.sandbox, BOTH, histories(['num_associated_contacts']));
  await named.sync();
  const values = () => named.rows('deals_property_history').map(({ value }) => value);
  expect(values()).toEqual(['0']);
  played.wait(200);
  portal().edit('deals', id, { dealname: 'Two' });
  expect((await named.sync()).get('deals_property_history')).toEqual([]);
  played.wait(200);
  portal().edit('deals', id, { num_associated_contacts: '2' });
  await named.sync();
  expect(values()).toEqual(['0', '2']);
});

test('with validity each record tells from when to when its value held, and one of them is current', async () => {
  played = await startPlayed({ counts: { '*': 0 } });
  const id = portal().create('deals', { dealname: 'One', dealstage: 'a', amount: '1' });
  const tables = new SeveralTables(played.sandbox, BOTH, config({ validity: true }));
  await tables.sync();
  played.wait(200);
  // From here on the lookback does not reach the first version any more.
  await tables.sync();
  played.wait(200);
  portal().edit('deals', id, { dealstage: 'b' });
  const came = (await tables.sync()).get('deals_property_history');
  // The one before ends where this one begins.
  expect(came?.map(({ value, is_current: isCurrent }) => [value, isCurrent])).toEqual([
    ['a', false],
    ['b', true],
  ]);
  const [before, now] = came ?? [];
  expect(before?.valid_to).toBe(now?.valid_from);
  expect(now?.valid_to).toBeNull();
});

test('what was set before a record was archived, and is in no search, is there', async () => {
  played = await startPlayed({ counts: { '*': 0 } });
  const id = portal().create('deals', { dealname: 'One', dealstage: 'a', amount: '1' });
  const tables = new SeveralTables(played.sandbox, BOTH, config());
  await tables.sync();
  played.wait(3000);
  portal().edit('deals', id, { dealstage: 'b' });
  played.wait(1);
  portal().archive('deals', id);
  // A day until the next sync is more than the lookback.
  played.wait(24 * 60);
  const came = (await tables.sync()).get('deals_property_history');
  expect(came?.map(({ property, value }) => [property, value])).toEqual([['dealstage', 'b']]);
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(versions(new Set([id])));
});

test('a property that is added to a history is read from the start, and one that the portal makes is not', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 120 } });
  played.wait(MINUTES_A_YEAR);
  const tables = new SeveralTables(played.sandbox, BOTH, config({}, { history: ['amount'] }));
  await tables.sync();
  const lists = () => counts().list ?? 0;
  let before = lists();
  tables.config.objects = config().objects ?? null;
  await tables.sync();
  expect(linesIn(tables.rows('deals_property_history'))).toEqual(versions());
  // Three pages with histories, and the archived ones of both readings.
  expect(lists() - before).toBeGreaterThanOrEqual(3);
  tables.config.objects = [{ object_type: 'deals', properties: NAMES, associations: [], history: true }];
  await tables.sync();
  played.wait(10);
  portal().addProperty('deals', { name: 'new_one', type: 'string' } as never);
  before = lists();
  await tables.sync();
  expect(lists() - before).toBe(1);
});

test.each([
  ['contacts', ['vid', 'property', 'timestamp'], { vid: 'number', timestamp: 'number', 'source-type': 'string' }],
  [
    'companies',
    ['companyId', 'property', 'timestamp'],
    { companyId: 'string', timestamp: 'string', sourceType: 'string' },
  ],
  ['deals', ['dealId', 'property', 'timestamp'], { dealId: 'string', timestamp: 'string', sourceType: 'string' }],
  ['engagements_calls', ['id', 'property', 'timestamp'], { id: 'string', timestamp: 'string', sourceType: 'string' }],
  ['vehicles', ['id', 'property', 'timestamp'], { id: 'string', timestamp: 'string', sourceType: 'string' }],
])('%s have a history as source-hubspot names it, by include', async (object, key, types) => {
  played = await startPlayed({ counts: { '*': 0, contacts: 5, companies: 5, deals: 5, calls: 5, vehicles: 5 } });
  const name = `${object}_property_history`;
  for (const include of [['history'], [name]]) {
    const read = await readSeveral(played.sandbox, [name], new Map(), { config: { include } });
    expect(read.errors).toEqual([]);
    expect(read.entries.get(name)?.source_defined_primary_key).toEqual(key.map((field) => [field]));
    const records = (read.events.get(name) ?? []).flatMap((event) => (event.type === 'record' ? [event.data] : []));
    expect(records.length).toBeGreaterThan(5);
    for (const [field, type] of Object.entries(types))
      expect([field, typeof records[0]?.[field]]).toEqual([field, type]);
  }
});

test('the cursor that source-hubspot sees of contacts is in milliseconds in every state, also of a run that goes on from one', async () => {
  played = await startPlayed({ counts: { '*': 0, contacts: 60 } });
  played.wait(MINUTES_A_YEAR);
  const name = 'contacts_property_history';
  let state: JsonValue = null;
  let last = 0;
  for (let run = 0; run < 3; run += 1) {
    const states = new Map([[name, state as JsonObject | null]]);
    const { events } = await readSeveral(played.sandbox, [name], states, { config: { include: ['history'] } });
    const out = (events.get(name) ?? []).flatMap((event) => (event.type === 'state' ? [event.state] : []));
    for (const { timestamp } of out) expect(timestamp).toMatch(/^\d{13}$/);
    const reached = Number(out.at(-1)?.timestamp);
    expect(reached).toBeGreaterThan(last);
    [last, state] = [reached, out.at(-1) ?? null];
    played.wait(200);
    const [contact] = portal().truth('contacts').live;
    portal().edit('contacts', contact?.id as string, { firstname: `Run ${run}` });
    played.wait(200);
  }
});

test('histories that a configuration cannot have are refused with the reason', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 1 } });
  const none = new Map<string, null>();
  const owners = { config: { objects: [{ object_type: 'owners', history: true }] } };
  await expect(readSeveral(played.sandbox, ['owners'], none, owners)).rejects.toThrow(
    'objects[0].history: HubSpot keeps no past values of owners',
  );
  const unknown = { config: config({}, { history: ['dealstag'] }) };
  const { errors } = await readSeveral(played.sandbox, BOTH, none, unknown);
  expect(errors).toEqual([
    expect.stringContaining('history of deals: deals have no property "dealstag". Did you mean "dealstage"?'),
  ]);
});
