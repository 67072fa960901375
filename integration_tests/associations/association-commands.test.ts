import {
  AssociationPortal,
  errorsOf,
  OPTIONS,
  STREAMS,
  sorted,
  statusesOf,
  VEHICLES,
} from '../support/associations.js';
import { query } from '../support/duckdb.js';
import { ofType } from '../support/processes/command.js';
import { judgeMessages } from '../support/schedules/judge.js';
import { type ExpectedLink, liveLinks } from '../support/schedules/truth.js';

let hub: AssociationPortal;

beforeEach(async () => {
  hub = new AssociationPortal();
  await hub.start();
});

afterEach(() => hub.close());

const isOurs = (name: string) => STREAMS.some(([stream]) => stream === name);
describe('discover', () => {
  const catalogOf = async (options: object) => {
    const outcome = await hub.run(['discover', '--config', hub.config(options)]);
    await judgeMessages(outcome.lines);
    return { outcome, streams: ofType(outcome, 'CATALOG')[0]?.catalog.streams ?? [] };
  };

  test('lists the association streams beside the objects, also where these are chosen', async () => {
    const { streams } = await catalogOf(OPTIONS);
    expect(streams.map((stream) => stream.name)).toEqual(['taxes', ...STREAMS.map(([stream]) => stream)]);
    expect(streams[1]).toEqual({
      name: 'associations_contacts_companies',
      json_schema: expect.objectContaining({ type: ['null', 'object'], additionalProperties: true }),
      supported_sync_modes: ['full_refresh'],
      source_defined_cursor: true,
      source_defined_primary_key: [['from_id'], ['to_id'], ['association_type_id'], ['category']],
      is_resumable: true,
    });
    const properties = streams[1]?.json_schema.properties as Record<string, { type: string[] }>;
    expect(Object.entries(properties).map(([name, { type }]) => [name, type[1]])).toEqual([
      ['from_id', 'string'],
      ['to_id', 'string'],
      ['association_type_id', 'integer'],
      ['category', 'string'],
      ['label', 'string'],
    ]);
    const { streams: all } = await catalogOf({ ...OPTIONS, objects: [] });
    expect(all.map((stream) => stream.name)).toEqual(expect.arrayContaining(['contacts', 'vehicles', 'colleagues']));
  });

  test.each([
    [
      { association_streams: [{ from_object: 'contacts', to_object: 'compnies' }] },
      'association_streams[0].to_object: this portal has no object called "compnies". Did you mean "companies"?',
    ],
    [
      { custom_object_association_streams: [{ from_object: 'p_spaceships', to_object: 'deals' }] },
      'custom_object_association_streams[0].from_object: this portal has no object called "p_spaceships".',
    ],
    [
      { association_streams: Array(2).fill({ from_object: 'contacts', to_object: 'companies' }) },
      'association_streams[1] is called "associations_contacts_companies", as is association_streams[0]',
    ],
  ])('says what is wrong: %j', async (options, message) => {
    const { outcome } = await catalogOf(options);
    expect(outcome.code).toBe(1);
    const [error] = errorsOf(outcome);
    expect(error).toMatchObject({ failure_type: 'config_error', message: expect.stringContaining(message) });
  });
});

describe('where a scope is missing', () => {
  const CONTACTS = ['crm.objects.contacts.read', 'crm.schemas.contacts.read'];
  const check = async (options: object) => {
    const outcome = await hub.run(['check', '--config', hub.config(options)]);
    await judgeMessages(outcome.lines);
    return ofType(outcome, 'CONNECTION_STATUS')[0]?.connectionStatus;
  };

  test('check says that all is well where none is', async () => {
    expect(await check(OPTIONS)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test.each([
    [
      { from_object: 'companies', to_object: 'contacts' },
      'associations_companies_contacts needs crm.objects.companies.read',
    ],
    [
      { from_object: 'contacts', to_object: 'companies' },
      'associations_contacts_companies needs crm.objects.companies.read',
    ],
    [
      { from_object: 'contacts', to_object: 'p_vehicles' },
      'associations_contacts_p_vehicles needs crm.schemas.custom.read',
    ],
  ])('check fails, and names it: %j', async (stream, message) => {
    hub.sandbox.access.setScopes(CONTACTS);
    const answer = await check({ association_streams: [stream] });
    expect(answer).toMatchObject({ status: 'FAILED', message: expect.stringContaining(message) });
    // What is merely discoverable is no failure.
    expect(answer?.message).not.toContain('deals needs');
  });

  test('check names an object that does not exist', async () => {
    expect(await check({ association_streams: [{ from_object: 'contcats', to_object: 'deals' }] })).toEqual({
      status: 'FAILED',
      message:
        'association_streams[0].from_object: this portal has no object called "contcats". Did you mean "contacts"?',
    });
  });

  test('in a read the stream fails alone, as does one whose object is gone', async () => {
    const config = hub.config(OPTIONS);
    const catalog = await hub.catalog(config, (name) => isOurs(name) || name === 'taxes');
    const gone = { from_object: 'p_spaceships', to_object: 'contacts', stream_name: 'associations_taxes_contacts' };
    const [one, two, three, four] = OPTIONS.association_streams;
    const changed = hub.config({ ...OPTIONS, association_streams: [one, two, three, four, gone] });
    hub.sandbox.access.setScopes([...CONTACTS, 'crm.schemas.custom.read', 'crm.objects.custom.read']);
    const outcome = await hub.read(changed, catalog);
    expect(outcome.code).toBe(1);
    const ends = Object.fromEntries(
      ['taxes', ...STREAMS.map(([name]) => name)].map((name) => [name, statusesOf(name, outcome).at(-1)]),
    );
    expect(ends).toEqual({
      taxes: 'INCOMPLETE',
      associations_contacts_companies: 'INCOMPLETE',
      associations_companies_contacts: 'INCOMPLETE',
      colleagues: 'COMPLETE',
      'associations_deals_0-8': 'INCOMPLETE',
      associations_taxes_contacts: 'INCOMPLETE',
      associations_p_vehicles_contacts: 'COMPLETE',
      [`associations_Wartungs_Plan_${VEHICLES}`]: 'COMPLETE',
    });
    const errors = errorsOf(outcome);
    const error = (name: string) => errors.find((each) => each.stream_descriptor?.name === name);
    expect(error('associations_contacts_companies')?.message).toContain('add the scope crm.objects.companies.read');
    expect(error('associations_taxes_contacts')?.message).toContain('no object called "p_spaceships"');
  });
});

describe('hubflake sync', () => {
  const TABLE = '"associations_contacts_companies"';
  const FIELDS = 'from_id, to_id, association_type_id::INTEGER AS association_type_id, category, label';
  const sync = async (source: object, more: object = {}) => {
    const config = hub.folder.write('pipeline.json', {
      name: 'crm',
      source: { credentials: { access_token: hub.sandbox.token }, layout: 'columns', ...source },
      destination: { type: 'duckdb', path: hub.folder.join('crm.duckdb') },
      ...more,
    });
    const outcome = await hub.run(['sync', '--config', config, '--json']);
    return { ...outcome, result: JSON.parse(outcome.stdout || 'null') };
  };
  const rows = () => query(hub.folder.join('crm.duckdb'), `SELECT ${FIELDS} FROM ${TABLE}`);

  test('overwrites the table each time, by default, with the fewest calls', async () => {
    const source = {
      objects: [{ object_type: 'taxes' }],
      association_streams: [{ from_object: 'contacts', to_object: 'companies' }],
    };
    const first = await sync(source);
    expect(first).toMatchObject({ code: 0, result: { errors: [] } });
    expect(first.result.calls).toMatchObject({ repeats: 0, total: first.result.calls.least });
    const before = liveLinks(hub.sandbox, 'contacts', 'companies');
    expect(sorted(await rows())).toEqual(sorted(before));

    const { portal } = hub.sandbox;
    const labelled = before.find((link) => link.label === 'Decision maker') as ExpectedLink;
    const plain = before.find((link) => link.label === null && link.from_id !== labelled.from_id) as ExpectedLink;
    portal.dissociate('contacts', labelled.from_id, 'companies', labelled.to_id, { label: 'Decision maker' });
    portal.dissociate('contacts', plain.from_id, 'companies', plain.to_id);
    const second = await sync(source);
    expect(second.code).toBe(0);
    const after = liveLinks(hub.sandbox, 'contacts', 'companies');
    expect(after.length).toBeLessThan(before.length - 1);
    expect(sorted(await rows())).toEqual(sorted(after));
  });

  type Links = ExpectedLink[];
  test.each([
    ['incremental', { sync_mode: 'incremental' }, (_before: Links, after: Links) => after],
    [
      'full_refresh and append',
      { sync_mode: 'full_refresh', destination_sync_mode: 'append' },
      (before: Links, after: Links) => [...before, ...after],
    ],
    [
      'incremental and append_dedup',
      { sync_mode: 'incremental', destination_sync_mode: 'append_dedup' },
      (before: Links) => before,
    ],
  ])('asked for %s, reads the whole each time', async (_, modes, expected) => {
    const source = { association_streams: [{ from_object: 'contacts', to_object: 'companies' }] };
    const streams = [{ name: 'associations_contacts_companies', ...modes }];
    expect(await sync(source, { streams })).toMatchObject({ code: 0 });
    const before = liveLinks(hub.sandbox, 'contacts', 'companies');
    const [gone] = before as [ExpectedLink];
    hub.sandbox.portal.dissociate('contacts', gone.from_id, 'companies', gone.to_id);
    expect(await sync(source, { streams })).toMatchObject({ code: 0 });
    const after = liveLinks(hub.sandbox, 'contacts', 'companies');
    expect(sorted(await rows())).toEqual(sorted(expected(before, after)));
  });

  test('fails where a configured stream cannot be read, and leaves its table as it was', async () => {
    const source = { association_streams: [{ from_object: 'contacts', to_object: 'companies' }] };
    const streams = [{ name: 'associations_contacts_companies' }, { name: 'taxes' }];
    await sync(source, { streams });
    const before = sorted(await rows());
    hub.sandbox.access.setScopes(['crm.objects.contacts.read', 'crm.schemas.contacts.read']);
    const second = await sync(source);
    expect(second.code).toBe(1);
    expect(second.result.errors).toEqual([
      // It is not configured, but was synced before: left out, its table would freeze in runs that succeed.
      expect.objectContaining({ stream: 'taxes', code: 'HF-SCOPES' }),
      expect.objectContaining({ stream: 'associations_contacts_companies', code: 'HF-SCOPES' }),
    ]);
    expect(sorted(await rows())).toEqual(before);
  });
});
