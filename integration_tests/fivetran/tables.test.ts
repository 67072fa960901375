import { runPlan } from '../../src/commands/sync/run-plan.js';
import { runSync } from '../../src/commands/sync/run-sync.js';
import { parsePipelineConfig } from '../../src/config/pipeline.js';
import { parseSourceConfig } from '../../src/config/source.js';
import { customObjectType } from '../../src/hubspot/api/object-types.js';
import { configureLog } from '../../src/log.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { Memberships } from '../../src/sandbox/resources/memberships.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { KnownObjects } from '../../src/streams/core/known-objects.js';
import { FIVETRAN_RESOURCES } from '../../src/streams/fivetran/resources/registry.js';
import { planStreams } from '../../src/streams/selection/plan-streams.js';
import { query } from '../support/duckdb.js';
import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import type { TestWarehouse } from '../support/test-warehouse.js';
import { type Kind, TABLES } from './contract.js';
import { configOf } from './reading.js';
import { plain } from './rows.js';

/** The tables in both warehouses: their columns have the types that the package compares and casts, and rows that are gone are marked. */

const NAMES = FIVETRAN_RESOURCES.map(({ name }) => name);

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 20 }, hubContacts: 0, limits: 'off' });
  process.env.HUBSPOT_BASE_URL = sandbox.url;
});
afterEach(() => sandbox.close());

interface Typed extends TestWarehouse {
  destination(): object;
  /** The types of a table's columns. */
  types(table: string): Promise<Record<string, string>>;
  readonly kinds: Record<Kind, string>;
}

class DuckDb extends DuckDbWarehouse implements Typed {
  readonly kinds = { int: 'BIGINT', num: 'DOUBLE', bool: 'BOOLEAN', ts: 'TIMESTAMP', text: 'VARCHAR' };

  async types(table: string): Promise<Record<string, string>> {
    const sql = `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${table}'`;
    const rows = await query(this.config().path, sql);
    return Object.fromEntries(rows.map((row) => [String(row.column_name), String(row.data_type)]));
  }
}

class Snowflake extends StandInWarehouse implements Typed {
  readonly kinds = { int: 'NUMBER', num: 'FLOAT', bool: 'BOOLEAN', ts: 'TIMESTAMP_NTZ', text: 'VARCHAR' };

  async types(table: string): Promise<Record<string, string>> {
    const rows = await this.query(`DESCRIBE TABLE ${this.table(table)}`);
    return Object.fromEntries(rows.map(({ name, type }) => [String(name), String(type).replace(/\(.*/, '')]));
  }
}

async function goThrough(warehouse: Typed): Promise<void> {
  const config = () =>
    parsePipelineConfig({
      name: 'crm',
      source: { credentials: { access_token: sandbox.token }, ...configOf(NAMES) },
      destination: warehouse.destination(),
    });
  const sync = () => runSync(config(), new AbortController().signal, []);
  const plan = await runPlan(config(), new AbortController().signal);
  expect([plan.errors, plan.streams.map(({ stream }) => stream).sort()]).toEqual([[], [...NAMES].sort()]);
  const planned = plan.streams
    .filter(({ stream }) => stream.startsWith('email_event'))
    .filter((each) => Object.values(each.calls).some((calls) => calls > 0));
  expect(planned).toHaveLength(1);

  const members = new Memberships(sandbox.portal);
  members.add('901', ['1001', '1002']);
  sandbox.calls.reset();
  const first = await sync();
  expect(first.errors).toEqual([]);
  const read = new Map(first.streams.map(({ stream, records }) => [stream, records]));
  const urls = sandbox.calls.last(Number.POSITIVE_INFINITY).map(({ method, url }) => `${method} ${url}`);
  const gets = urls.filter((url) => url.startsWith('GET'));
  expect(gets.filter((url, index) => gets.indexOf(url) !== index)).toEqual([]);
  for (const name of NAMES) {
    const { columns, key } = TABLES[name] as (typeof TABLES)[string];
    const types = await warehouse.types(name);
    for (const [column, kind] of Object.entries(columns)) {
      expect([name, column, types[warehouse.name(column)]]).toEqual([name, column, warehouse.kinds[kind]]);
    }
    const rows = await warehouse.rows(name, { [key[0] as string]: 'text' });
    expect([name, rows.length]).toEqual([name, read.get(name)]);
    expect([name, rows.length > 0]).toEqual([name, true]);
  }
  const [campaign] = await warehouse.rows('email_campaign', { id: 'number', _fivetran_synced: 'text' });
  expect(campaign).toMatchObject({ id: 9001, _fivetran_synced: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:/) });
  const second = await sync();
  expect([second.errors, second.streams.filter(({ records }) => records > 0)]).toEqual([[], []]);

  const teams = sandbox.portal.collectionAt('/settings/users/:date/teams');
  const [[teamId, team] = ['', {}]] = teams.truth();
  teams.erase(teamId);
  const [member] = members.of('901');
  members.remove('901', [String(member?.record)]);
  sandbox.portal.collectionAt('/marketing/v3/forms').put('2001', { name: 'Renamed' });
  await sync();
  const kept = await warehouse.rows('team', { id: 'number', name: 'text', _fivetran_deleted: 'boolean' });
  expect(kept).toContainEqual({ id: Number(teamId), name: team.name, _fivetran_deleted: true });
  expect(kept.filter((row) => row._fivetran_deleted === false)).toHaveLength(teams.truth().size);
  const left = await warehouse.rows('contact_list_member', {
    contact_list_id: 'number',
    contact_id: 'number',
    added_at: 'text',
    _fivetran_deleted: 'boolean',
  });
  const marked = left.filter((row) => row._fivetran_deleted === true);
  expect(marked).toEqual([
    {
      contact_list_id: 901,
      contact_id: Number(member?.record),
      added_at: expect.stringContaining(
        String(plain(Math.floor(member?.at ?? 0)))
          .slice(0, 19)
          .replace('T', ' '),
      ),
      _fivetran_deleted: true,
    },
  ]);
  expect(await warehouse.rows('form', { guid: 'text', name: 'text' })).toContainEqual({
    guid: '2001',
    name: 'Renamed',
  });
}

test.each([
  ['DuckDB', new DuckDb()],
  ['Snowflake', new Snowflake()],
] as const)('into %s', async (_, warehouse) => {
  await warehouse.begin();
  try {
    await goThrough(warehouse);
  } finally {
    await warehouse.end();
  }
});

test('all of them are read unless something else is asked for, by their names in lower case', () => {
  expect(FIVETRAN_RESOURCES.filter(({ isDefault }) => isDefault !== true)).toEqual([]);
  expect(NAMES.filter((name) => name !== name.toLowerCase())).toEqual([]);
  expect(new Set(NAMES).size).toBe(NAMES.length);
});

test('include and exclude take their names, and not those of other layouts', () => {
  const config = (options: JsonObject) =>
    parseSourceConfig({ credentials: { access_token: 'none' }, layout: 'fivetran', ...options });
  const named = (options: JsonObject) =>
    planStreams(config(options), new KnownObjects([]), FIVETRAN_RESOURCES, 'default').map(({ name }) => name);
  const objects = [{ object_type: 'deal_pipeline' }];
  expect(named({ objects, include: ['users', 'email_event'] })).toEqual(['deal_pipeline', 'users', 'email_event']);
  expect(named({ objects, include: ['lists'], exclude: ['contact_list_member'] })).toEqual([
    'deal_pipeline',
    'contact_list',
  ]);
  const all = named({ exclude: ['email_event_open', 'settings'] });
  expect(all).toEqual(expect.arrayContaining(['owner', 'property', 'email_event_click', 'contact_form_submission']));
  for (const name of ['email_event_open', 'team', 'teams', 'owners', 'deal_pipelines']) expect(all).not.toContain(name);
  expect(() => named({ include: ['teams'] })).toThrow(
    'there is no stream and no group called "teams". Did you mean "team"?',
  );
});

const CUSTOM = ['campus', 'team', 'engagement'].map((name, index) =>
  customObjectType({ objectTypeId: `2-${index}`, fullyQualifiedName: `p1_${name}`, name }),
);

test('exclude takes the names of tables, and says so of an object', () => {
  const options = { credentials: { access_token: 'none' }, layout: 'fivetran', exclude: ['contacts'] };
  expect(() => planStreams(parseSourceConfig(options), new KnownObjects([]), FIVETRAN_RESOURCES, 'default')).toThrow(
    'exclude[0]: there is no stream and no group called "contacts". Did you mean "contact"?',
  );
});

test.each<[string, JsonObject]>([
  ['all objects', { include: ['lead_property_history'] }],
  ['that object alone', { objects: [{ object_type: 'leads' }], include: ['lead_property_history'] }],
  [
    'that object, without past values',
    { objects: [{ object_type: 'leads', history: [] }], include: ['lead_property_history'] },
  ],
])('a table of past values comes where include names it, from the reading of %s', (_, options) => {
  const config = parseSourceConfig({ credentials: { access_token: 'none' }, layout: 'fivetran', ...options });
  const plans = planStreams(config, new KnownObjects([]), FIVETRAN_RESOURCES, 'default');
  const sourcesOf = (table: string) => plans.filter(({ name }) => name === table).map(({ sources }) => sources);
  expect(sourcesOf('lead_property_history')).toHaveLength(1);
  expect(sourcesOf('lead_property_history')).toEqual(sourcesOf('lead'));
});

test('custom objects have tables of their names, and none that others have', () => {
  const named = (options: JsonObject = {}) => {
    const config = parseSourceConfig({ credentials: { access_token: 'none' }, layout: 'fivetran', ...options });
    return planStreams(config, new KnownObjects(CUSTOM), FIVETRAN_RESOURCES, 'default').map(({ name }) => name);
  };
  const all = named();
  expect(all).toContain('campus');
  expect(all.filter((name) => name === 'team' || name === 'engagement').sort()).toEqual(['engagement', 'team']);
  const prefixed = named({ prefix_colliding_custom_objects: true });
  expect(prefixed).toEqual(expect.arrayContaining([...all, 'custom_object_team', 'custom_object_engagement']));
  expect(() => named({ objects: [{ object_type: 'p1_team' }] })).toThrow('Set prefix_colliding_custom_objects');
});

test('a table of associations with an object that the token may not read is left out, and its own object is read', async () => {
  sandbox.access.setScopes(['crm.objects.contacts.read', 'sales-email-read']);
  const warehouse = new DuckDb();
  await warehouse.begin();
  try {
    const source = {
      credentials: { access_token: sandbox.token },
      layout: 'fivetran',
      objects: [{ object_type: 'calls' }],
    };
    const config = parsePipelineConfig({ name: 'crm', source, destination: warehouse.destination() });
    const { errors, streams } = await runSync(config, new AbortController().signal, []);
    expect(errors).toEqual([]);
    const read = streams.map(({ stream }) => stream);
    expect(read).toEqual(expect.arrayContaining(['engagement', 'engagement_call', 'engagement_contact']));
    expect(read).not.toContain('ticket_engagement');
  } finally {
    await warehouse.end();
  }
});

test('those whose scopes the token lacks are left out, and the others are read', async () => {
  const said: string[] = [];
  configureLog({ level: 'info', sink: (_, message) => said.push(message) });
  sandbox.access.setScopes(['crm.objects.owners.read', 'crm.objects.deals.read', 'forms', 'content']);
  const warehouse = new DuckDb();
  await warehouse.begin();
  try {
    const options: JsonObject = { credentials: { access_token: sandbox.token }, layout: 'fivetran' };
    const include = [...new Set(FIVETRAN_RESOURCES.map(({ group }) => group))].filter((group) => group !== 'crm');
    const source = { ...options, objects: [{ object_type: 'owner' }, { object_type: 'deal_pipeline' }], include };
    const config = parsePipelineConfig({ name: 'crm', source, destination: warehouse.destination() });
    const { errors, streams } = await runSync(config, new AbortController().signal, []);
    expect(errors).toEqual([]);
    const read = streams.map(({ stream }) => stream);
    const wanted = [
      'owner',
      'deal_pipeline',
      'owner_team',
      'property',
      'form',
      'submission_response',
      'email_event_open',
    ];
    expect(read).toEqual(expect.arrayContaining(wanted));
    for (const name of ['team', 'users', 'contact_list']) expect(read).not.toContain(name);
    // What its scopes do not tell, HubSpot does.
    expect(said.filter((line) => line.startsWith('contact_form_submission'))).toEqual([
      expect.stringContaining('the token lacks the scope crm.objects.contacts.read'),
    ]);
  } finally {
    await warehouse.end();
  }
});
