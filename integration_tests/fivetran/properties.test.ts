import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readTogether } from './reading.js';
import { answerOf, plain, Rows } from './rows.js';

/** Properties and options of every object, of which those that are gone are taken away. */

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const listed = (object: string) => answerOf(played.sandbox, `/crm/properties/2026-09/${object}`);
const rowsOf = (table: Rows, object: string) => Object.values(table.all).filter((row) => row.hubspot_object === object);

test.each([
  ['contact', 'contacts'],
  ['company', 'companies'],
  ['line_item', 'line_items'],
  ['tax', 'taxes'],
])('those of a %s', async (singular, object) => {
  const [properties, options] = [new Rows(played.sandbox, 'property'), new Rows(played.sandbox, 'property_option')];
  await properties.sync();
  await options.sync();
  const there = await listed(object);
  const wanted = there.map((each) => ({
    hubspot_object: singular,
    name: each.name,
    label: each.label,
    description: each.description ?? null,
    type: each.type,
    field_type: each.fieldType,
    group_name: each.groupName,
    calculated: each.calculated ?? null,
    hubspot_defined: each.hubspotDefined ?? null,
    show_currency_symbol: each.showCurrencySymbol ?? null,
    created_at: plain(each.createdAt),
    updated_at: plain(each.updatedAt),
    _fivetran_id: null,
  }));
  const byName = (rows: readonly JsonObject[]) =>
    rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();
  expect(byName(rowsOf(properties, singular))).toEqual(byName(wanted as JsonObject[]));
  const choices = there.flatMap(({ name, options: all }) =>
    (all as JsonObject[]).map(({ value, label, displayOrder, hidden }) => ({
      ...{ hubspot_object: singular, name, value, label, display_order: displayOrder, hidden, property_id: null },
    })),
  );
  expect(byName(rowsOf(options, singular))).toEqual(byName(choices as JsonObject[]));
  expect([await properties.sync(), await options.sync()]).toEqual([[], []]);
});

test('a custom object has its own name', async () => {
  const custom = played.sandbox.portal.types.all().find((type) => type.custom);
  const properties = new Rows(played.sandbox, 'property');
  await properties.sync();
  expect(rowsOf(properties, String(custom?.name).replace(/^p\d+_/, '')).length).toBe(
    (await listed(String(custom?.fullyQualifiedName))).length,
  );
});

test('a property that is archived takes its row and its options with it, and no other', async () => {
  const { portal } = played.sandbox;
  const tier = { name: 'tier', type: 'enumeration' as const, label: 'Tier', options: [{ value: 'a', label: 'A' }] };
  portal.addProperty('deals', tier);
  portal.addProperty('tickets', tier);
  const tables = ['property', 'property_option'].map((name) => new Rows(played.sandbox, name));
  const off = new Rows(played.sandbox, 'property', { deletes: 'off' });
  for (const table of [...tables, off]) await table.sync();
  const [properties, options] = tables as [Rows, Rows];
  expect(options.at('deal', 'tier', 'a')).toMatchObject({ label: 'A' });
  const counts = tables.map(({ all }) => Object.keys(all).length);
  portal.archiveProperty('deals', 'tier');
  played.wait(10);
  expect(await properties.sync()).toEqual([{ hubspot_object: 'deal', name: 'tier', _hubflake_removes: true }]);
  expect(await options.sync()).toEqual([{ hubspot_object: 'deal', name: 'tier', value: 'a', _hubflake_removes: true }]);
  expect(tables.map(({ all }) => Object.keys(all).length)).toEqual(counts.map((count) => count - 1));
  expect(properties.at('ticket', 'tier')).toBeDefined();
  expect(await off.sync()).toEqual([]);
});

test('an object that the token may not read any more loses no rows', async () => {
  const properties = new Rows(played.sandbox, 'property');
  await properties.sync();
  const before = properties.all;
  // With the scopes for custom objects it is known which objects there are.
  const known = ['crm.schemas.custom.read', 'crm.objects.custom.read'];
  for (const scopes of [['crm.objects.contacts.read'], ['crm.objects.contacts.read', ...known]]) {
    played.sandbox.access.setScopes(scopes);
    expect(await properties.sync()).toEqual([]);
    expect(properties.all).toEqual(before);
  }
});

test('both tables take one call an object', async () => {
  const { sandbox } = played;
  sandbox.calls.reset();
  const { records } = await readTogether(sandbox, ['property', 'property_option']);
  const objects = new Set(records.get('property')?.map((row) => row.hubspot_object));
  expect(sandbox.calls.counts().byKind.properties).toBe(objects.size);
});
