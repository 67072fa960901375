import { parseSourceConfig } from '../../src/config/source.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { Portal } from '../../src/streams/portal.js';
import { readStreams } from '../../src/streams/read.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { EventSink, readInProcess } from '../support/processes/in-process.js';

/** Properties, their options and groups, of every object that the token may read: a call for each. */

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const read = (name: string, state: JsonObject | null, config: object = {}) =>
  readInProcess(played.sandbox, name, state, { config: { include: [name], ...config } });

/** What HubSpot answers of an object. */
async function listed(path: string): Promise<JsonObject[]> {
  return ((await (await played.sandbox.fetch(path)).json()) as { results: JsonObject[] }).results;
}

const of = (records: readonly JsonObject[], objectType: string) =>
  records.filter((each) => each.objectType === objectType);
const namesOf = (records: readonly JsonObject[]) => records.map(({ name }) => name).sort();

test('properties have all members, of standard and custom objects, and their options are rows', async () => {
  const custom = String(played.sandbox.portal.types.all().find((type) => type.custom)?.fullyQualifiedName);
  const types = ['contacts', 'deals', 'line_items', custom];
  const truth = await Promise.all(types.map((type) => listed(`/crm/properties/2026-09/${type}`)));
  const groupsThere = await listed('/crm/properties/2026-09/contacts/groups');
  const { records, error } = await read('properties', null);
  expect(error).toBeNull();
  for (const [index, type] of types.entries()) {
    const found = new Map(of(records, type).map((each) => [each.name, each]));
    const there = truth[index] ?? [];
    expect([type, [...found.keys()].sort()]).toEqual([type, namesOf(there)]);
    for (const item of there) {
      for (const [member, value] of Object.entries(item)) {
        if (member === 'archived' || /At$/.test(member)) continue;
        expect([type, item.name, member, found.get(String(item.name))?.[member]]).toEqual([
          type,
          item.name,
          member,
          value,
        ]);
      }
    }
  }
  const options = await read('property_options', null);
  const given = (truth[1] ?? []).flatMap(({ name, options: all }) =>
    (all as JsonObject[]).map(({ value }) => `${name} ${value}`),
  );
  expect(given.length).toBeGreaterThan(20);
  const found = of(options.records, 'deals').map(({ propertyName, value }) => `${propertyName} ${value}`);
  expect(found.sort()).toEqual(given.sort());
  const groups = await read('property_groups', null);
  expect(namesOf(of(groups.records, 'contacts'))).toEqual(namesOf(groupsThere));
});

test('a property that is added, changed or archived comes alone', async () => {
  const { portal } = played.sandbox;
  const first = await read('properties', null);
  const groups = await read('property_groups', null);
  played.wait(10);
  portal.addProperty('deals', {
    name: 'tier',
    type: 'enumeration',
    label: 'Tier',
    options: [{ value: 'a', label: 'A' }],
  });
  const second = await read('properties', first.state);
  expect(second.records.map(({ objectType, name, archived }) => [objectType, name, archived])).toEqual([
    ['deals', 'tier', false],
  ]);
  played.wait(10);
  portal.archiveProperty('deals', 'tier');
  const third = await read('properties', second.state);
  expect(third.records.map(({ objectType, name, archived }) => [objectType, name, archived])).toEqual([
    ['deals', 'tier', true],
  ]);
  expect((await read('properties', third.state)).records).toEqual([]);
  // It came with a group of its own.
  const grouped = await read('property_groups', groups.state);
  expect(grouped.records.map(({ objectType, name }) => [objectType, name])).toEqual([['deals', 'custom_properties']]);
});

test.each(['airbyte', 'columns'])(
  'an object that the token may not read any more keeps its rows in %s; no other is touched',
  async (layout) => {
    const { access, portal } = played.sandbox;
    const typeOf = ({ objectType, object_type, name }: JsonObject) => [objectType ?? object_type, name];
    const read = (name: string, state: JsonObject | null) =>
      readInProcess(played.sandbox, name, state, { config: { include: [name], layout } });
    const first = await read('properties', null);
    access.setScopes(['crm.objects.contacts.read', 'crm.schemas.custom.read', 'crm.objects.custom.read']);
    portal.addProperty('contacts', { name: 'tier', type: 'string', label: 'Tier' });
    portal.addProperty('deals', { name: 'tier', type: 'string', label: 'Tier' });
    const second = await read('properties', first.state);
    expect(second.error).toBeNull();
    expect(second.records.map(typeOf)).toEqual([['contacts', 'tier']]);
    // Without the scope for schemas the custom objects are not known, which does not mean that they are gone.
    access.setScopes(['crm.objects.contacts.read']);
    expect((await read('properties', second.state)).records).toEqual([]);
    access.setScopes('all');
    const third = await read('properties', second.state);
    expect(third.records.map(typeOf)).toEqual([['deals', 'tier']]);
  },
);

test('what one class of properties cannot be read of an object deletes nothing of it', async () => {
  const { faults, portal } = played.sandbox;
  portal.addProperty('deals', { name: 'iban', type: 'string', label: 'IBAN', dataSensitivity: 'sensitive' });
  const config = { sensitive: 'include' };
  const first = await read('properties', null, config);
  expect(of(first.records, 'deals').map(({ name }) => name)).toContain('iban');
  faults.set([{ contains: 'dataSensitivity=sensitive', fault: { type: 'error', status: 403, category: 'FORBIDDEN' } }]);
  expect((await read('properties', first.state, config)).records).toEqual([]);
});

test('object streams and those of properties ask for the properties of an object once', async () => {
  const { sandbox } = played;
  sandbox.calls.reset();
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const names = ['contacts', 'deals', 'properties', 'property_options'];
  const config = parseSourceConfig({ credentials: { access_token: sandbox.token }, include: ['metadata'] });
  const client = new HubSpotClient(config);
  const portal = await Portal.open(client, config, names);
  const streams = names.map((name) => ({ name, mode: 'incremental' as const, state: null, optional: false }));
  const { failures, leastCalls } = await readStreams(
    portal,
    streams,
    new EventSink(Number.POSITIVE_INFINITY, new AbortController()),
  );
  await client.close();
  expect(failures).toEqual([]);
  expect(sandbox.calls.counts().byKind.properties).toBe(portal.known.all.length);
  // What was shared counts once.
  expect(leastCalls).toBe(sandbox.calls.counts().total);
});

test('one object that HubSpot refuses is passed over; a fault that does not pass fails the stream', async () => {
  const { faults } = played.sandbox;
  const first = await read('properties', null);
  faults.set([{ contains: '/properties/2026-09/0-3', fault: { type: 'error', status: 403, category: 'FORBIDDEN' } }]);
  expect((await read('properties', first.state)).records).toEqual([]);
  faults.set([{ contains: '/properties/2026-09/0-3', fault: { type: 'status', status: 502 } }]);
  const failed = await readInProcess(played.sandbox, 'properties', first.state, {
    config: { include: ['properties'] },
    retry: { attempts: 2 },
  });
  expect([failed.error?.code, failed.records]).toEqual(['HF-UNAVAILABLE', []]);
  faults.set([]);
  played.sandbox.access.setScopes(['forms']);
  expect((await read('properties', null)).error?.code).toBe('HF-SCOPES');
});

test('in columns, and with sensitive properties where they are asked for', async () => {
  played.sandbox.portal.addProperty('contacts', {
    name: 'passport',
    type: 'string',
    label: 'Passport',
    dataSensitivity: 'sensitive',
  });
  const usual = await read('properties', null, { layout: 'columns' });
  expect(usual.records[0]).toMatchObject({ object_type: expect.any(String), hubspot_defined: expect.any(Boolean) });
  const passport = (records: readonly JsonObject[]) => records.filter(({ name }) => name === 'passport').length;
  expect(passport(usual.records)).toBe(0);
  expect(passport((await read('properties', null, { sensitive: 'include' })).records)).toBe(1);
});

test.each([1, 200, 400])('a read that is killed behind %d messages loses nothing', async (killAfter) => {
  const config = { include: ['property_options'] };
  const keyOf = ({ objectType, propertyName, value }: JsonObject) => `${objectType} ${propertyName} ${value}`;
  const all = await read('property_options', null);
  expect(all.records.length).toBeGreaterThan(killAfter);
  const first = await readInProcess(played.sandbox, 'property_options', null, { config, killAfter });
  expect(first.killed).toBe(true);
  const second = await read('property_options', first.state);
  expect(new Set([...first.records, ...second.records].map(keyOf))).toEqual(new Set(all.records.map(keyOf)));
});

test.each([
  ['are told', [], 0],
  ['are not told', [{ kind: 'tokenInfo' as const, fault: { type: 'status' as const, status: 500 } }], 2],
])("where the token's scopes %s, discover asks for no more than one object's properties", async (_, rules, calls) => {
  const { sandbox } = played;
  sandbox.faults.set(rules);
  sandbox.calls.reset();
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({
    credentials: { access_token: sandbox.token },
    objects: [{ object_type: 'owners' }],
    include: ['metadata'],
  });
  const client = new HubSpotClient(config);
  try {
    const portal = await Portal.open(client, config, null);
    expect(await portal.readableNames()).toEqual([
      'owners',
      'properties',
      'property_options',
      'property_groups',
      'object_schemas',
      'association_types',
    ]);
  } finally {
    await client.close();
  }
  const { properties = 0, groups = 0 } = sandbox.calls.counts().byKind as Record<string, number>;
  expect(properties + groups).toBe(calls);
});
