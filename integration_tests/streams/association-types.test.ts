import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';

/** The types of associations: a call for each two objects in either order. */

const SCOPES = ['crm.objects.contacts.read', 'crm.objects.companies.read', 'crm.objects.orders.read'];
const CUSTOM = ['crm.objects.custom.read', 'crm.schemas.custom.read'];

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
  played.sandbox.access.setScopes([...SCOPES, ...CUSTOM]);
});
afterEach(() => played.sandbox.close());

const read = (state: JsonObject | null, options: object = {}) =>
  readInProcess(played.sandbox, 'association_types', state, { config: { include: ['association_types'] }, ...options });
const pairOf = ({ fromObjectType, toObjectType }: JsonObject) => `${fromObjectType} ${toObjectType}`;

test('are read of contacts, companies, deals and tickets with all objects, and of custom objects with one another', async () => {
  const { portal } = played.sandbox;
  const results = portal.linkTypes.between(portal.type('contacts'), portal.type('companies'));
  const { records, error } = await read(null);
  expect(error).toBeNull();
  const pairs = new Set(records.map(pairOf));
  const custom = portal.types.all().flatMap((type) => (type.custom ? type.fullyQualifiedName : []));
  expect(custom.length).toBeGreaterThan(1);
  expect(pairs.has(`contacts companies`) && pairs.has('companies contacts') && pairs.has('contacts contacts')).toBe(
    true,
  );
  expect(pairs.has(`orders contacts`) && pairs.has('contacts calls')).toBe(true);
  expect(pairs.has(`${custom[0]} ${custom[1]}`)).toBe(true);
  expect([...pairs].filter((pair) => /deals|tickets|orders orders|orders p\d/.test(pair))).toEqual([]);
  const found = records.filter((each) => pairOf(each) === 'contacts companies');
  expect(found.map(({ category, typeId, label }) => ({ category, typeId, label }))).toEqual(
    results.map(({ category, typeId, label }) => ({ category, typeId, label })),
  );
  expect(found).toContainEqual(expect.objectContaining({ typeId: 279, category: 'HUBSPOT_DEFINED', label: null }));
});

test('a new label comes alone; what cannot be read stays, and goes with its object', async () => {
  const { portal, access } = played.sandbox;
  const first = await read(null);
  played.wait(10);
  portal.linkTypes.addLabel(portal.type('contacts'), portal.type('companies'), 'Billing', 'Billed by');
  const second = await read(first.state);
  expect(second.records.map((each) => [pairOf(each), each.label, each.archived]).sort()).toEqual([
    ['companies contacts', 'Billed by', false],
    ['contacts companies', 'Billing', false],
  ]);
  played.wait(10);
  access.setScopes([...SCOPES.slice(0, 1), ...CUSTOM]);
  const third = await read(second.state);
  expect([third.records, third.error]).toEqual([[], null]);
  access.setScopes([...SCOPES, ...CUSTOM]);
  played.sandbox.faults.set([{ contains: '/0-1/0-2/labels', fault: { type: 'error', status: 400 } }]);
  const fourth = await read(third.state);
  expect([fourth.records, fourth.error]).toEqual([[], null]);
  const [kept, gone] = portal.types.all().filter(({ custom }) => custom);
  const schema = { name: kept?.name, objectTypeId: kept?.id, fullyQualifiedName: kept?.fullyQualifiedName };
  const text = JSON.stringify({ results: [schema] });
  played.sandbox.faults.set([{ contains: '/crm-object-schemas/', fault: { type: 'body', text } }]);
  const fifth = await read(fourth.state);
  const lost = (each: JsonObject) => pairOf(each).split(' ').includes(String(gone?.fullyQualifiedName));
  expect(fifth.records.every((each) => each.archived === true && lost(each))).toBe(true);
  expect(fifth.records).toHaveLength(first.records.filter(lost).length);
});

test('in columns, and as a refresh that is killed and goes on', async () => {
  const config = { include: ['association_types'], layout: 'columns' };
  const whole = await read(null, { config });
  const keys = (records: readonly JsonObject[]) =>
    records.map((each) => `${each.from_object_type}>${each.to_object_type} ${each.category} ${each.type_id}`).sort();
  const killed = await read(null, { config, mode: 'full_refresh', killAfter: 20 });
  const rest = await read(killed.state, { config, mode: 'full_refresh' });
  expect([...new Set(keys([...killed.records, ...rest.records]))].sort()).toEqual(keys(whole.records));
});
