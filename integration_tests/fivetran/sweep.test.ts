import fc from 'fast-check';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import { SeveralTables, syncs } from '../support/schedules/several-streams.js';

/** What a sweep does to the tables of Fivetran's layout that are fed by one reading: it brings associations of records that do not change. */

const HOUR = 60;
const OF_DEALS = ['deal', 'deal_stage', 'deal_company', 'deal_contact', 'merged_deal'];
const TABLES = [...OF_DEALS, 'engagement', 'engagement_contact', 'engagement_note'];
const CONFIG: JsonObject = {
  layout: 'fivetran',
  sweep_every: 24,
  objects: [
    { object_type: 'deals', properties: ['dealname', 'dealstage'], history: [] },
    { object_type: 'notes', properties: ['hs_timestamp'] },
  ],
};

let played: Played;
let onCall = () => {};
const others: Record<string, string[]> = {};

afterEach(() => played.sandbox.close());

const portal = () => played.sandbox.portal;
const ids = (type: string) =>
  portal()
    .truth(type)
    .live.map(({ id }) => id);
const linksIn = (rows: readonly JsonObject[], from: string, to: string) =>
  [...new Set(rows.map((row) => `${row[from]} ${row[to]}`))].sort();
const linked = (type: string, to: string) =>
  portal()
    .truth(type, { associations: [to] })
    .live.flatMap(({ id, associations }) => (associations?.[to] ?? []).map((other) => `${id} ${other}`))
    .sort();

function expectTruth(tables: SeveralTables): void {
  const deals = tables.rows('deal').filter(({ _fivetran_deleted: gone }) => gone !== true);
  expect(deals.map(({ deal_id: id, property_dealname: name }) => `${id} ${name}`).sort()).toEqual(
    portal()
      .truth('deals', { properties: ['dealname'] })
      .live.map(({ id, properties }) => `${id} ${properties.dealname}`)
      .sort(),
  );
  expect(linksIn(tables.rows('deal_company'), 'deal_id', 'company_id')).toEqual(linked('deals', 'companies'));
  expect(linksIn(tables.rows('deal_contact'), 'deal_id', 'contact_id')).toEqual(linked('deals', 'contacts'));
  if (!tables.streams.includes('engagement')) return;
  expect(linksIn(tables.rows('engagement_contact'), 'engagement_id', 'contact_id')).toEqual(
    linked('notes', 'contacts'),
  );
  expect(
    tables
      .rows('engagement')
      .map(({ id }) => String(id))
      .sort(),
  ).toEqual(ids('notes').sort());
}

async function begin(deals: number, names: readonly string[] = TABLES): Promise<SeveralTables> {
  played = await startPlayed({ onCall: () => onCall() });
  others.companies = Array.from({ length: 5 }, () => portal().create('companies', {}));
  others.contacts = Array.from({ length: 5 }, () => portal().create('contacts', {}));
  for (let n = 0; n < deals; n += 1) {
    const deal = portal().create('deals', { dealname: `Deal ${n}`, dealstage: 'a' });
    portal().associate('deals', deal, 'contacts', others.contacts[n % 5] as string);
    if (n % 4 === 0)
      portal().associate('notes', portal().create('notes', {}), 'contacts', others.contacts[n % 5] as string);
  }
  const tables = new SeveralTables(played.sandbox, names, CONFIG);
  played.wait(1);
  await tables.sync();
  expectTruth(tables);
  return tables;
}

test('associations, values and erased records come with a sweep; histories and stages do not come again', async () => {
  const tables = await begin(1_250);
  played.wait(25 * HOUR);
  const first = await tables.sync();
  // There was nothing to compare with.
  expect(first.get('deal')).toHaveLength(1_250);
  expect(first.get('deal_contact')).toHaveLength(2 * 1_250);
  expect(first.get('deal_stage')).toEqual([]);
  played.wait(25 * HOUR);
  const none = await tables.sync();
  for (const [name, records] of none) expect([name, records]).toEqual([name, []]);
  const [deal, other, erased] = [ids('deals')[15], ids('deals')[1_100], ids('deals')[700]] as [string, string, string];
  portal().associate('deals', deal, 'companies', others.companies?.[0] as string);
  for (const contact of others.contacts ?? []) {
    if (linked('deals', 'contacts').includes(`${other} ${contact}`))
      portal().dissociate('deals', other, 'contacts', contact);
  }
  portal().edit('deals', other, { dealname: 'Silent' }, { silent: true });
  portal().erase('deals', erased);
  portal().erase('notes', ids('notes')[3] as string);
  played.wait(25 * HOUR);
  const came = await tables.sync();
  expectTruth(tables);
  expect(came.get('deal')?.length).toBeLessThanOrEqual(20);
  expect(came.get('deal_company')?.length).toBeLessThan(65);
  expect(came.get('deal_contact')?.length).toBeLessThan(65);
  expect(came.get('deal_stage')).toEqual([]);
});

test('where the day has no calls left, wherever that is, no stream fails, and the next run goes on', async () => {
  // Of one object, so that its increment comes before all that is swept.
  const tables = await begin(1_250, OF_DEALS);
  const { limits } = played.sandbox;
  played.wait(2 * HOUR);
  await tables.sync();
  played.wait(2 * HOUR);
  const before = limits.usage().used;
  await tables.sync();
  const least = limits.usage().used - before;
  let interrupted = 0;
  for (let calls = least; interrupted === calls - least; calls += 1) {
    const deal = ids('deals')[interrupted * 45] ?? '';
    portal().edit('deals', deal, { dealname: `Silent ${calls}` }, { silent: true });
    portal().associate('deals', deal, 'companies', others.companies?.[0] as string);
    played.wait(25 * HOUR);
    const used = limits.usage().used;
    onCall = () => {
      if (limits.usage().used < used + calls) return;
      Object.assign(limits.settings, { enabled: true, daily: 0 });
      interrupted += 1;
      onCall = () => undefined;
    };
    await tables.sync();
    onCall = () => undefined;
    Object.assign(limits.settings, { enabled: false, daily: 650_000 });
    await tables.sync();
    expectTruth(tables);
  }
  // Each page, and each call for a thousand associations.
  expect(interrupted).toBeGreaterThan(13);
});

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constantFrom('link' as const, 'unlink' as const, 'rename' as const),
      one: fc.nat(99),
      to: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constantFrom('erase' as const, 'archive' as const, 'merge' as const, 'edit' as const),
      one: fc.nat(99),
      to: fc.nat(9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('wait' as const), one: fc.constantFrom(1, 25), to: fc.nat(9) }) },
  { weight: 4, arbitrary: syncs(300, TABLES.length) },
);

test('whatever drifts, and wherever runs are killed, tables end as the portal is', async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(step, { minLength: 3, maxLength: 16 }), async (steps) => {
        const tables = await begin(130);
        played.wait(25 * HOUR);
        await tables.sync();
        for (const each of steps) {
          played.wait(1);
          if (each.is === 'sync') await tables.sync(each.kill);
          else if (each.is === 'wait') played.wait(each.one * HOUR);
          else {
            const deals = ids('deals');
            const deal = deals[each.one % deals.length] as string;
            const [type, to] = each.to % 2 ? ['companies', others.companies] : ['contacts', others.contacts];
            const other = to?.[each.to % 5] as string;
            const isLinked = linked('deals', type).includes(`${deal} ${other}`);
            if (each.is === 'link' && !isLinked) portal().associate('deals', deal, type, other);
            if (each.is === 'unlink' && isLinked) portal().dissociate('deals', deal, type, other);
            if (each.is === 'rename') portal().edit('deals', deal, { dealname: `S${each.to}` }, { silent: true });
            if (each.is === 'erase') portal().erase('deals', deal);
            if (each.is === 'archive') portal().archive('deals', deal);
            if (each.is === 'merge') portal().merge('deals', deal, deals[(each.one + 1) % deals.length] as string);
            if (each.is === 'edit') portal().edit('deals', deal, { dealstage: `s${each.to}` });
          }
        }
        // One that was interrupted comes to its end first.
        for (let sweeps = 0; sweeps < 2; sweeps += 1) {
          played.wait(25 * HOUR);
          await tables.sync();
        }
        expectTruth(tables);
      })
      .afterEach(() => played.sandbox.close()),
    randomRuns(12),
  );
});
