import fc from 'fast-check';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { readSeveral, SeveralTables, syncs, waits } from '../support/schedules/several-streams.js';

/** Tables that one reading of deals feeds, and those of engagements, end as the portal is, wherever runs are killed. */

const OF_DEALS = ['deal', 'deal_company', 'deal_contact', 'merged_deal', 'deal_stage', 'deal_property_history'];
const OF_ENGAGEMENTS = ['engagement', 'engagement_call', 'engagement_note', 'engagement_contact', 'ticket_engagement'];
const TABLES = [...OF_DEALS, ...OF_ENGAGEMENTS];
const PROPERTIES = ['dealname', 'dealstage', 'amount'];

let played: Played;
afterEach(() => played.sandbox.close());

const portal = () => played.sandbox.portal;
const config: JsonObject = {
  layout: 'fivetran',
  objects: [
    { object_type: 'deals', properties: PROPERTIES },
    { object_type: 'calls', properties: ['hs_call_title'] },
    { object_type: 'notes', properties: ['hs_note_body'] },
  ],
};

/** What the tables should hold. */
function truth() {
  const deals = portal().truth('deals', { properties: PROPERTIES, associations: ['companies', 'contacts'] });
  const [calls, notes] = ['calls', 'notes'].map((type) =>
    portal().truth(type, { associations: ['contacts', 'tickets'] }),
  );
  const activities = [...(calls?.live ?? []), ...(notes?.live ?? [])];
  const pairs = (records: typeof activities, other: string) =>
    records.flatMap(({ id, associations }) => (associations?.[other] ?? []).map((to) => `${id} ${to}`)).sort();
  return {
    deals: new Map(
      deals.live.map(({ id, properties }) => [Number(id), PROPERTIES.map((name) => String(properties[name] ?? ''))]),
    ),
    stages: new Map(
      deals.live.flatMap(({ id, properties: { dealstage } }) => (dealstage ? [[Number(id), dealstage]] : [])),
    ),
    merged: deals.merged.map(({ id, mergedInto }) => `${mergedInto} ${id}`),
    deal_company: pairs(deals.live as never, 'companies'),
    deal_contact: pairs(deals.live as never, 'contacts'),
    engagement: activities.map(({ id }) => Number(id)).sort((a, b) => a - b),
    engagement_contact: pairs(activities, 'contacts'),
    ticket_engagement: pairs(activities, 'tickets'),
  };
}

const distinct = (pairs: string[]) => [...new Set(pairs)].sort();

/** The same of the tables. */
function held(tables: SeveralTables, erased: ReadonlySet<string>) {
  const live = tables
    .rows('deal')
    .filter(({ _fivetran_deleted: gone, deal_id: id }) => gone === false && !erased.has(`deal ${id}`));
  const alive = new Set(live.map(({ deal_id: id }) => id));
  const active = tables
    .rows('deal_stage')
    .filter(({ _fivetran_active: is, deal_id: id }) => is === true && alive.has(id ?? null));
  const pairs = (name: string, from: string, to: string) =>
    distinct(
      tables
        .rows(name)
        .filter((row) => !erased.has(`${from.replace('_id', '')} ${row[from]}`))
        .map((row) => `${row[from]} ${row[to]}`),
    );
  return {
    deals: new Map(
      live.map((row) => [
        row.deal_id,
        [row.property_dealname, row.deal_pipeline_stage_id, row.property_amount].map((value) => String(value ?? '')),
      ]),
    ),
    stages: new Map(active.filter(({ value }) => value !== null).map(({ deal_id: id, value }) => [id, value])),
    merged: tables.rows('merged_deal').map(({ deal_id: id, merged_deal_id: gone }) => `${id} ${gone}`),
    deal_company: pairs('deal_company', 'deal_id', 'company_id'),
    deal_contact: pairs('deal_contact', 'deal_id', 'contact_id'),
    engagement: tables
      .rows('engagement')
      .map(({ id }) => Number(id))
      .filter((id) => !erased.has(`engagement ${id}`))
      .sort((a, b) => a - b),
    engagement_contact: pairs('engagement_contact', 'engagement_id', 'contact_id'),
    ticket_engagement: pairs('ticket_engagement', 'engagement_id', 'ticket_id'),
  };
}

const TYPES = ['deals', 'deals', 'calls', 'notes'] as const;
const type = fc.constantFrom(...TYPES);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('edit' as const), type, one: fc.nat(30), value: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constantFrom('link' as const, 'unlink' as const),
      type,
      one: fc.nat(30),
      other: fc.nat(9),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constantFrom('archive' as const, 'restore' as const, 'create' as const),
      type,
      one: fc.nat(30),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('merge' as const), one: fc.nat(30), other: fc.nat(30) }) },
  { weight: 2, arbitrary: waits },
  { weight: 5, arbitrary: syncs(600, 11) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const others: { companies: string[]; contacts: string[]; tickets: string[] } = {
  companies: [],
  contacts: [],
  tickets: [],
};

async function take(each: Step, tables: SeveralTables): Promise<void> {
  if (each.is === 'wait') return played.wait(each.minutes);
  if (each.is === 'sync') return void (await tables.sync(each.kill));
  if (each.is === 'merge') {
    const { live } = portal().truth('deals');
    const [one, other] = [live[each.one % live.length]?.id, live[each.other % live.length]?.id];
    if (one && other && one !== other) portal().merge('deals', one, other);
    return;
  }
  const { live, archived } = portal().truth(each.type);
  const of = each.is === 'restore' ? archived : live;
  const id = of[each.one % Math.max(1, of.length)]?.id;
  if (each.is === 'create') portal().create(each.type, {});
  if (id === undefined || each.is === 'create') return;
  const touch = () => portal().edit(each.type, id, {});
  switch (each.is) {
    case 'edit':
      return portal().edit(
        each.type,
        id,
        each.type === 'deals'
          ? { dealstage: `s${each.value}`, amount: String(each.value) }
          : { hubspot_owner_id: String(each.value) },
      );
    case 'archive':
      return portal().archive(each.type, id);
    case 'restore':
      return portal().restore(each.type, id);
    case 'link':
    case 'unlink': {
      const to =
        each.type === 'deals' ? (each.other % 2 ? 'companies' : 'contacts') : each.other % 2 ? 'tickets' : 'contacts';
      const other = others[to][each.other % others[to].length] ?? '';
      const isThere = portal().linkedIds(portal().type(each.type), Number(id), portal().type(to)).includes(other);
      if (each.is === 'link' && !isThere) portal().associate(each.type, id, to, other);
      if (each.is === 'unlink' && isThere) portal().dissociate(each.type, id, to, other);
      // What is associated with a record that is not modified is found by a sweep only.
      return touch();
    }
  }
}

test('whatever happens, and wherever runs are killed, tables end as the portal is', async () => {
  played = await startPlayed({});
  const { create } = { create: (of: string) => Array.from({ length: 5 }, () => portal().create(of, {})) };
  Object.assign(others, { companies: create('companies'), contacts: create('contacts'), tickets: create('tickets') });
  const erased = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      played.wait(20_000);
      for (const each of ['deals', 'calls', 'notes']) {
        const { live, archived, merged } = portal().truth(each);
        const ids = [...live, ...archived, ...merged].map(({ id }) => id);
        portal().erase(each, ids);
        for (const id of ids) erased.add(`${each === 'deals' ? 'deal' : 'engagement'} ${id}`);
        for (let n = 0; n < 12; n += 1) {
          const id = portal().create(each, each === 'deals' ? { dealname: `Deal ${n}`, dealstage: 'a' } : {});
          portal().associate(each, id, 'contacts', others.contacts[n % 5] ?? '');
        }
      }
      played.wait(1);
      const tables = new SeveralTables(played.sandbox, TABLES, config);
      for (const each of steps) {
        played.wait(1);
        await take(each, tables);
      }
      played.wait(1);
      await tables.sync();
      const { merged, ...rest } = held(tables, erased);
      const { merged: known, ...expected } = truth();
      expect(rest).toEqual(expected);
      expect(known).toEqual(expect.arrayContaining(merged));
      // Each value of a property, and each stage, ends where the next one begins.
      for (const [name, of] of [
        ['deal_stage', ['deal_id']],
        ['deal_property_history', ['deal_id', 'name']],
      ] as const) {
        const groups = new Map<string, JsonObject[]>();
        for (const row of tables.rows(name)) {
          const key = of.map((field) => row[field]).join(' ');
          groups.set(key, [...(groups.get(key) ?? []), row]);
        }
        for (const rows of groups.values()) {
          if (rows.some(({ deal_id: id }) => erased.has(`deal ${id}`) || !expected.deals.has(Number(id)))) continue;
          expect(rows.filter(({ _fivetran_active: isActive }) => isActive === true)).toHaveLength(1);
        }
      }
    }),
    randomRuns(40),
  );
});

test.each([3, 9, 14, 25, 40])(
  'a first load of several pages that is killed behind %s00 messages has every association in the end',
  async (share) => {
    played = await startPlayed({ counts: { '*': 0, deals: 2_300, companies: 40, contacts: 40 } });
    played.wait(365 * 24 * 60);
    const of = ['deal', 'deal_company', 'deal_contact', 'merged_deal'];
    const tables = new SeveralTables(played.sandbox, of, {
      layout: 'fivetran',
      objects: [{ object_type: 'deals', history: [] }],
    });
    await tables.sync({ after: 100 * share, shares: [0.9, 1, 0.7, 0.2] });
    const [id = ''] = portal()
      .truth('deals')
      .live.map((deal) => deal.id);
    portal().archive('deals', id);
    await tables.sync({ after: 60 * share, shares: [1, 0.8, 1, 1] });
    await tables.sync();
    const { deal_company, deal_contact, deals } = held(tables, new Set());
    const { live } = portal().truth('deals', { associations: ['companies', 'contacts'] });
    const pairs = (other: string) =>
      live.flatMap((deal) => (deal.associations?.[other] ?? []).map((to) => `${deal.id} ${to}`)).sort();
    expect(deals.size).toBe(live.length);
    expect(deal_company).toEqual(pairs('companies'));
    expect(deal_contact).toEqual(pairs('contacts'));
  },
);

test('a state that cannot be read fails its own table, and not the others of the reading', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 5 } });
  const states = new Map([['deal_stage', { hubflake: { version: 99 } }]]);
  const options = { config: { layout: 'fivetran', objects: [{ object_type: 'deals' }] } };
  const { errors, events } = await readSeveral(played.sandbox, ['deal', 'deal_stage', 'deal_company'], states, options);
  expect(errors).toEqual([expect.stringContaining('deal_stage: The state of "deal_stage" has version 99')]);
  expect(events.get('deal')?.length).toBeGreaterThan(5);
});

test('a table whose destination fails does not stop the others that the reading feeds', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 250, companies: 20 } });
  played.wait(365 * 24 * 60);
  const config = { layout: 'fivetran', objects: [{ object_type: 'deals' }] };
  const of = ['deal', 'deal_company', 'deal_stage'];
  const { errors, events } = await readSeveral(played.sandbox, of, new Map(), { config, failing: 'deal_company' });
  expect(errors).toEqual([expect.stringMatching(/^deal_company: .*deal_company is refused/)]);
  const deals = (events.get('deal') ?? []).filter(({ type }) => type === 'record');
  expect(deals).toHaveLength(portal().truth('deals').live.length);
  expect(events.get('deal_company')).toHaveLength(10);
});

test('a table whose destination goes on failing stops none of the others, in no run', async () => {
  played = await startPlayed({ counts: { '*': 0, deals: 250, companies: 20 } });
  played.wait(365 * 24 * 60);
  const config = { layout: 'fivetran', objects: [{ object_type: 'deals' }] };
  const of = ['deal_company', 'deal', 'deal_stage'];
  const states = new Map<string, JsonObject>();
  portal().create('deals', { dealname: 'The first one' });
  for (const run of ['first', 'second', 'third']) {
    const { errors, events } = await readSeveral(played.sandbox, of, states, { config, failing: 'deal_company' });
    expect(errors).toEqual([expect.stringMatching(/^deal_company: .*deal_company is refused/)]);
    for (const [name, all] of events) {
      const last = all.flatMap((event) => (event.type === 'state' ? [event.state] : [])).at(-1);
      if (last) states.set(name, last);
    }
    const deals = (events.get('deal') ?? []).flatMap((event) => (event.type === 'record' ? [event.data] : []));
    expect(deals.map(({ property_dealname: name }) => name)).toContain(`The ${run} one`);
    if (run !== 'first') expect(deals.length).toBeLessThan(5);
    played.wait(200);
    const next = run === 'first' ? 'second' : 'third';
    portal().create('deals', { dealname: `The ${next} one` });
    played.wait(1);
  }
});

test.each(['first load', 'increment'])(
  'associations that HubSpot refuses in a %s fail their own table',
  async (when) => {
    played = await startPlayed({ counts: { '*': 0, deals: 30, companies: 20, contacts: 20 } });
    played.wait(365 * 24 * 60);
    const config = { layout: 'fivetran', objects: [{ object_type: 'deals' }] };
    const of = ['deal', 'deal_company', 'deal_contact'];
    const states = new Map<string, JsonObject>();
    const read = async () => {
      const { errors, events } = await readSeveral(played.sandbox, of, states, { config });
      for (const [name, all] of events) {
        const last = all.flatMap((event) => (event.type === 'state' ? [event.state] : [])).at(-1);
        if (last) states.set(name, last);
      }
      const count = (name: string) => events.get(name)?.filter(({ type }) => type === 'record').length ?? 0;
      return { errors, counts: of.map(count) };
    };
    if (when === 'increment') await read();
    played.wait(200);
    portal().edit(
      'deals',
      portal()
        .truth('deals')
        .live.map(({ id }) => id),
      { amount: '1' },
    );
    const fault = { type: 'error', status: 403, category: 'FORBIDDEN' } as const;
    const urls = ['deals/companies', '0-3/0-2'].map((pair) => ({ contains: `/${pair}/batch/read`, fault }));
    played.sandbox.faults.set(urls);
    const refused = await read();
    expect(refused.errors).toEqual([expect.stringMatching(/^deal_company: /)]);
    expect(refused.counts[0]).toBeGreaterThan(20);
    expect(refused.counts[1]).toBe(0);
    expect(refused.counts[2]).toBeGreaterThan(20);
    played.sandbox.faults.set([]);
    played.wait(1);
    // It goes on where it was, and the others do not read all that again.
    const again = await read();
    expect(again.errors).toEqual([]);
    expect(again.counts[1]).toBeGreaterThan(20);
  },
);
