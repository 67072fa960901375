import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { everyScope } from '../../src/sandbox/api/scopes.js';
import { SteppedService } from '../service/stepped.js';
import { TestFolder } from '../support/processes/command.js';
import type { SyncResult } from '../support/processes/in-process.js';
import {
  advance,
  bodies,
  contacts,
  ids,
  idsOf,
  inFlight,
  listen,
  live,
  logged,
  mostWithin,
  oauth,
  read,
  readWell,
  run,
  sandbox,
  start,
  token,
} from '../support/processes/options.js';
import { liveLinks } from '../support/schedules/truth.js';

/**
 * What each option of the source does, seen from outside: one behaviour an option. The last test holds the table against
 * spec/source.json, so that no option is added without one.
 */
beforeEach(async () => {
  listen();
  await start();
});

afterAll(() => sandbox.close());

async function linksOf(stream: string): Promise<SyncResult['records']> {
  return (await readWell(ASSOCIATIONS, stream)).records;
}

const ASSOCIATIONS = {
  association_streams: [
    { from_object: 'companies', to_object: 'contacts' },
    { from_object: 'contacts', to_object: 'companies', stream_name: 'employers' },
  ],
  custom_object_association_streams: [
    { from_object: 'p_vehicles', to_object: 'contacts' },
    { from_object: 'contacts', to_object: 'vehicles', stream_name: 'rides' },
  ],
};

const SENSITIVE = ['diagnosis', 'passport'];

/** Makes contacts have a property of each class, with a value for one of them. @returns the scopes of a token that may do all */
function withSensitiveProperties(): string[] {
  const { portal } = sandbox;
  portal.addProperty('contacts', { name: 'passport', type: 'string', label: 'Passport', dataSensitivity: 'sensitive' });
  portal.addProperty('contacts', {
    name: 'diagnosis',
    type: 'string',
    label: 'Diagnosis',
    dataSensitivity: 'highly_sensitive',
  });
  portal.edit('contacts', ids()[0] as string, { passport: 'X-1', diagnosis: 'none' });
  return everyScope(portal);
}

const hash_salt = 'a salt of these tests';
const hashed = (value: string | null | undefined) =>
  value ? createHash('sha256').update(`${hash_salt}${value}`).digest('hex') : null;

const BEHAVIOURS: Record<string, () => Promise<void>> = {
  'credentials.credentials_title': async () => {
    for (const credentials of [token(), oauth()]) {
      expect(idsOf(await readWell({ credentials }))).toEqual(ids());
      // Left out, the rest says which kind it is.
      const { credentials_title: _, ...rest } = credentials;
      expect(idsOf(await readWell({ credentials: rest }))).toEqual(ids());
    }
  },
  'credentials.access_token': async () => {
    const wrong = await read({ credentials: { ...token(), access_token: 'pat-na1-other' } }).catch((error) => error);
    expect(String(wrong.message ?? wrong.error)).toContain('refused the access token');
    expect(sandbox.calls.counts().byKind.token).toBeUndefined();
  },
  ...Object.fromEntries(
    ['client_id', 'client_secret', 'refresh_token'].map((key) => [
      `credentials.${key}`,
      async () => {
        const credentials = { ...oauth(), [key]: 'another' };
        const wrong = await read({ credentials }).catch((error) => error);
        expect(String(wrong.message)).toContain('Check client_id, client_secret and refresh_token');
        expect(sandbox.calls.counts().byKind).toEqual({ token: 1 });
        await readWell({ credentials: oauth() });
        expect(sandbox.calls.counts().byKind.token).toBe(2);
      },
    ]),
  ),
  start_date: async () => {
    const from = live()
      .map((record) => record.updatedAt)
      .sort()[100] as string;
    const second = `${from.slice(0, 19)}Z`;
    const sync = await readWell({ start_date: second });
    expect(idsOf(sync).sort()).toEqual(
      live()
        .filter((record) => Date.parse(record.updatedAt) >= Date.parse(second))
        .map((record) => record.id)
        .sort(),
    );
    for (const start_date of ['', null, '2006-06-01T00:00:00Z', '1970-01-01T00:00:00Z']) {
      expect(idsOf(await readWell({ start_date }))).toEqual(ids());
    }
  },
  'objects[].object_type': async () => {
    for (const [object_type, stream, type] of [
      ['contacts', 'contacts', 'contacts'],
      ['0-1', 'contacts', 'contacts'],
      ['contact', 'contacts', 'contacts'],
      ['p_vehicles', 'vehicles', 'vehicles'],
      ['2-3465401', 'vehicles', 'vehicles'],
      ['calls', 'engagements_calls', 'calls'],
      ['engagements_calls', 'engagements_calls', 'calls'],
      ['owners', 'owners', null],
    ] as const) {
      const { records } = await readWell({ objects: [{ object_type }] }, stream);
      if (type === null) expect(records.length).toBeGreaterThan(0);
      else expect([object_type, records.map((data) => data.id)]).toEqual([object_type, ids(type)]);
    }
    // Only these are read.
    const other = await read({ objects: [{ object_type: 'contacts' }] }, 'deals');
    expect(other.error?.message).toContain('There is no stream "deals"');
  },
  'objects[].name': async () => {
    const objects = [{ object_type: 'contacts', name: 'people' }, { object_type: 'contacts' }];
    expect(idsOf(await readWell({ objects }, 'people'))).toEqual(ids());
    expect(idsOf(await readWell({ objects }, 'contacts'))).toEqual(ids());
    await expect(read({ objects: [...objects, { object_type: '0-1' }] })).rejects.toThrow('both called "contacts"');
  },
  'objects[].updated_after': async () => {
    const from = live()
      .map((record) => record.updatedAt)
      .sort()
      .at(-60) as string;
    const wanted = live().filter((record) => record.updatedAt >= from);
    // It takes the place of the start date, also where it is earlier.
    for (const start_date of [undefined, '2010-01-01', '2099-01-01']) {
      const sync = await readWell({ start_date, ...contacts({ updated_after: from }) });
      expect(idsOf(sync)).toEqual(wanted.map((record) => record.id));
    }
    const date = from.slice(0, 10);
    expect(idsOf(await readWell(contacts({ updated_after: date })))).toEqual(
      live()
        .filter((record) => record.updatedAt >= date)
        .map((record) => record.id),
    );
  },
  'objects[].filter_groups': async () => {
    sandbox.portal.edit('contacts', ids().slice(0, 30), { firstname: 'One', lastname: 'Two' });
    sandbox.portal.edit('contacts', ids().slice(20, 50), { lastname: 'Three' });
    const is = (propertyName: string, value: string) => ({ propertyName, operator: 'EQ', value });
    const both = [{ filters: [is('firstname', 'One'), is('lastname', 'Two')] }];
    expect(idsOf(await readWell(contacts({ filter_groups: both })))).toEqual(ids().slice(0, 20));
    const either = [...both, { filters: [is('lastname', 'Three')] }];
    expect(idsOf(await readWell(contacts({ filter_groups: either })))).toEqual(ids().slice(0, 50));
    const many = Array.from({ length: 6 }, () => both[0]);
    await expect(read(contacts({ filter_groups: many }))).rejects.toThrow("more than HubSpot's search takes");
  },
  'objects[].properties': async () => {
    const [data] = (await readWell(contacts({ properties: ['email', 'city'] }))).records;
    expect(Object.keys(data?.properties as object).sort()).toEqual(['city', 'email']);
    const [list] = bodies.filter((body) => body.includes('archived=false'));
    expect(list).toMatch(/properties=(email,city|city,email),hs_merged_object_ids&/);
  },
  'objects[].exclude_properties': async () => {
    const all = Object.keys((await readWell(contacts({ properties: undefined }))).records[0]?.properties as object);
    const fewer = await readWell(contacts({ properties: undefined, exclude_properties: ['email', 'city'] }));
    const left = Object.keys(fewer.records[0]?.properties as object);
    expect(all.filter((name) => !left.includes(name)).sort()).toEqual(['city', 'email']);
    expect(bodies.at(-1)).not.toMatch(/[=,]email[,&]/);
  },
  'objects[].history': async () => {
    const properties = async (history: unknown) => {
      const { records } = await readWell(contacts({ history } as object), 'contacts_property_history');
      return new Set(records.map(({ property }) => property));
    };
    expect(await properties(['email', 'lifecyclestage'])).toEqual(new Set(['email', 'lifecyclestage']));
    for (const every of [true, ['*']]) {
      const all = await properties(every);
      expect(all.has('firstname')).toBe(true);
      expect(all.has('lastmodifieddate')).toBe(false);
    }
    for (const none of [false, []]) {
      expect((await read(contacts({ history: none } as object), 'contacts_property_history')).error).not.toBeNull();
    }
  },
  'objects[].associations': async () => {
    const links = (association: string) =>
      sandbox.portal
        .truth('contacts', { associations: [association] })
        .live.map((record) => [...(record.associations?.[association] ?? [])].sort());
    const { records } = await readWell(contacts({ associations: ['deals', '0-2'] }));
    for (const name of ['deals', 'companies']) {
      expect(records.map((data) => [...(data[name] as string[])].sort())).toEqual(links(name));
    }
    const [none] = (await readWell(contacts({ associations: [] }))).records;
    expect(Object.keys(none as object)).not.toContain('companies');
  },
  layout: async () => {
    const keys = async (layout: string) => Object.keys((await readWell({ layout, ...contacts({}) })).records[0] ?? {});
    expect(await keys('airbyte')).toEqual(expect.arrayContaining(['updatedAt', 'properties', 'properties_firstname']));
    expect((await keys('columns')).sort()).toEqual(
      [
        'id',
        'created_at',
        'updated_at',
        'archived',
        'archived_at',
        'merged_into',
        'firstname',
        'associated_companies',
      ].sort(),
    );
    const fivetran = await readWell({ layout: 'fivetran', objects: [{ object_type: 'contacts' }] }, 'contact');
    expect(Object.keys(fivetran.records[0] ?? {})).toEqual(
      expect.arrayContaining(['id', '_fivetran_deleted', 'property_firstname', 'property_hs_merged_object_ids']),
    );
  },
  validity: async () => {
    const options = { ...contacts({ history: ['lifecyclestage'] } as object), layout: 'columns' };
    const [plain] = (await readWell(options, 'contacts_property_history')).records;
    expect(Object.keys(plain ?? {})).not.toContain('is_current');
    const { records } = await readWell({ ...options, validity: true }, 'contacts_property_history');
    const current = records.filter(({ is_current: isCurrent }) => isCurrent === true);
    expect(current.every(({ valid_to: end }) => end === null)).toBe(true);
    expect(new Set(current.map(({ id }) => id)).size).toBe(current.length);
    expect(new Set(records.map(({ id }) => id)).size).toBe(current.length);
    expect(records.length).toBeGreaterThan(current.length);
  },
  deletes: async () => {
    const told: Record<string, unknown[]> = {};
    for (const deletes of ['off', 'mark', 'cdc']) {
      const [archived, survivor, loser] = ids() as [string, string, string];
      const first = await readWell({ deletes });
      sandbox.portal.archive('contacts', archived);
      sandbox.portal.merge('contacts', survivor, loser);
      const { records } = await readWell({ deletes }, 'contacts', first.state);
      const gone = records.filter((data) => data.archived === true);
      told[deletes] = [gone.length, gone.filter((data) => data._ab_cdc_deleted_at).length];
    }
    expect(told).toEqual({ off: [0, 0], mark: [3, 0], cdc: [3, 3] });
  },
  deletes_every: async () => {
    const first = await readWell({ deletes_every: 30 });
    sandbox.portal.archive('contacts', ids()[0] as string);
    sandbox.calls.reset();
    const second = await readWell({ deletes_every: 30 }, 'contacts', first.state);
    expect([second.records.length, sandbox.calls.counts().byKind.list]).toEqual([0, undefined]);
    advance(31);
    const third = await readWell({ deletes_every: 30 }, 'contacts', second.state);
    expect(third.records.map((data) => data.archived)).toEqual([true]);
  },
  sweep_every: async () => {
    for (const [sweep_every, found] of [
      [24, 350],
      [0.5, 350],
      [48, 0],
      [0, 0],
      [undefined, 0],
    ]) {
      await start();
      const first = await readWell({ sweep_every });
      advance(25 * 60);
      sandbox.calls.reset();
      const swept = await readWell({ sweep_every }, 'contacts', first.state);
      expect([sweep_every, swept.records.length > 300]).toEqual([sweep_every, found !== 0]);
      // Live contacts by the hundred, and those that are archived.
      expect(sandbox.calls.counts().byKind.list).toBe(found === 0 ? 1 : 1 + Math.ceil(live().length / 100));
    }
  },
  sweep: async () => {
    for (const [sweep, names] of [
      ['all', ['firstname', 'num_associated_deals']],
      ['calculated', ['num_associated_deals']],
    ] as const) {
      await start();
      const config = { sweep, sweep_every: 24, ...contacts({ properties: ['firstname', 'num_associated_deals'] }) };
      const first = await readWell(config);
      advance(25 * 60);
      const second = await readWell(config, 'contacts', first.state);
      advance(25 * 60);
      const [one, other] = [ids()[15], ids()[55]] as [string, string];
      sandbox.portal.edit('contacts', one, { firstname: 'Silent' }, { silent: true });
      sandbox.portal.edit('contacts', other, { num_associated_deals: '77' }, { silent: true });
      bodies.length = 0;
      const third = await readWell(config, 'contacts', second.state);
      const lists = bodies.map(decodeURIComponent).filter((call) => call.includes('archived=false&'));
      for (const list of lists)
        for (const name of ['firstname', 'num_associated_deals'])
          expect([name, list.includes(name)]).toEqual([name, names.some((each) => each === name)]);
      const changed = [...ids().slice(10, 20), ...ids().slice(50, 60)].filter(
        (_, index) => sweep === 'all' || index >= 10,
      );
      expect(idsOf(third).sort()).toEqual(changed.sort());
      // Whole, also where only some properties are compared.
      expect(third.records.find(({ id }) => id === other)?.properties).toHaveProperty('firstname');
    }
  },
  lookback_window: async () => {
    // Changed, 90 minutes later a sync, and 100 minutes after the change the index shows it.
    for (const [lookback_window, found] of [
      [120, 1],
      [60, 0],
      [undefined, 0],
    ]) {
      await start({ indexLagMs: 100 * 60_000 });
      advance(200);
      const first = await readWell({ lookback_window });
      const [id] = ids() as [string];
      sandbox.portal.edit('contacts', id, { firstname: 'Late' });
      advance(90);
      const second = await readWell({ lookback_window }, 'contacts', first.state);
      advance(11);
      const third = await readWell({ lookback_window }, 'contacts', second.state);
      expect([lookback_window, second.records.length + third.records.length]).toEqual([lookback_window, found]);
    }
    await readWell({ lookback_window: 3 });
    expect(logged.join()).toContain('lookback_window is 3 minutes; 10 are used');
  },
  recent: async () => {
    for (const [recent, reach] of [
      [10, 11],
      [undefined, 3],
    ]) {
      const { reaches } = await served({ recent }, 3);
      expect(reaches.slice(-2).map(Math.round)).toEqual([reach, reach]);
    }
  },
  snapshots_every: async () => {
    for (const [snapshots_every, looks] of [
      [10, 6],
      // After 5 minutes at most, and then 10, 20 and 30.
      [undefined, 3],
    ]) {
      const { rounds } = await served({ snapshots_every, include: ['owners'] }, 60);
      const found = rounds.reduce((sum, { calls }) => sum + (calls.owners ?? 0), 0);
      expect(Math.abs(found - (looks as number))).toBeLessThanOrEqual(1);
    }
  },
  'objects[].hash_properties': async () => {
    const properties = ['phone', 'email'];
    const clear = await readWell(contacts({ properties }));
    const { records } = await readWell({ ...contacts({ properties, hash_properties: ['phone'] }), hash_salt });
    const phones = clear.records.map(({ properties_phone: phone }) => phone);
    expect(new Set(phones).size).toBeGreaterThan(10);
    expect(records.map((data) => data.properties_phone)).toEqual(phones.map((phone) => hashed(phone as string | null)));
    expect(records.map((data) => data.properties_email)).toEqual(clear.records.map((data) => data.properties_email));
  },
  hash_salt: async () => {
    const config = contacts({ properties: ['phone'], hash_properties: ['phone'] });
    const hashes = async (salt: string) =>
      (await readWell({ ...config, hash_salt: salt })).records.flatMap(({ properties_phone: phone }) => phone ?? []);
    const [one, same, other] = [await hashes(hash_salt), await hashes(hash_salt), await hashes(`${hash_salt}.`)];
    expect(one).toEqual(same);
    expect(one.filter((hash) => other.includes(hash))).toEqual([]);
    await expect(read(config)).rejects.toThrow('hash_salt is missing');
  },
  local_dates: async () => {
    const { records } = await readWell({ ...contacts({ properties: ['createdate'] }), local_dates: true });
    const inZone = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/New_York', dateStyle: 'short' });
    expect(records.map((data) => data.properties_createdate_local_date)).toEqual(
      records.map((data) => inZone.format(new Date(String(data.createdAt)))),
    );
    // Some are on the next day in UTC.
    expect(records.some((data) => data.properties_createdate_local_date !== String(data.createdAt).slice(0, 10))).toBe(
      true,
    );
  },
  sensitive: async () => {
    const scopes = withSensitiveProperties();
    const names = [...SENSITIVE, 'firstname'];
    const read = async (config: object) =>
      (await readWell({ ...config, ...contacts({ properties: names }) })).records.map((data) => data.properties);
    const excluded = await read({});
    expect(new Set(excluded.flatMap((values) => Object.keys(values as object)))).toEqual(new Set(['firstname']));
    expect(logged.join()).toContain('has no property "passport". Sensitive properties are read only with');
    const values = (await read({ sensitive: 'include' })) as Record<string, string>[];
    expect(values.filter((each) => each.passport === 'X-1' && each.diagnosis === 'none')).toHaveLength(1);
    const hashes = (await read({ sensitive: 'hash', hash_salt })) as Record<string, string | null>[];
    const found = hashes.filter((each) => each.passport === hashed('X-1') && each.diagnosis === hashed('none'));
    expect([found.length, JSON.stringify(hashes).includes('X-1')]).toEqual([1, false]);
    expect(hashes.map(({ firstname }) => firstname)).toEqual(values.map(({ firstname }) => firstname));
    // Listed to any token, but empty without the scope: then it is not a column at all, and a warning names it.
    sandbox.access.setScopes(scopes.filter((scope) => !scope.includes('.highly_sensitive')));
    listen();
    const some = (await read({ sensitive: 'include' })) as Record<string, string>[];
    expect(some.filter((each) => each.passport === 'X-1' && !('diagnosis' in each))).toHaveLength(1);
    expect(logged.join()).toContain('lacks the scope crm.objects.contacts.highly_sensitive.read: diagnosis');
  },
  num_worker: async () => {
    expect(await inFlight({ num_worker: 1 })).toBe(1);
    const three = await inFlight({ num_worker: 3 });
    expect([2, 3]).toContain(three);
  },
  num_workers: async () => {
    expect(await inFlight({ num_workers: 1 })).toBe(1);
    expect(await inFlight({ num_workers: 2 })).toBe(2);
  },
  burst_share: async () => {
    const burst = ['list', 'properties', 'account'];
    for (const [burst_share, most] of [
      [0.25, 5],
      [0.5, 10],
    ]) {
      await start({ counts: { '*': 0, contacts: 1_900 }, limits: { burst: 20, burstMs: 1000 } });
      await run({ burst_share, objects: [{ object_type: 'contacts' }] }, ['contacts']);
      // The first calls are made before HubSpot has said what its limit is.
      expect(mostWithin(1000, burst)).toBe(most);
      expect(sandbox.calls.counts().byStatus['429']).toBeUndefined();
    }
  },
  daily_reserve: async () => {
    await start({ limits: { daily: 20 } });
    const sync = await read({ daily_reserve: 15 });
    expect(sync.error?.message).toContain('daily_reserve');
    expect(sandbox.limits.usage().used).toBe(5);
    expect(idsOf(await readWell({ daily_reserve: 0 }, 'contacts', sync.state)).length).toBeGreaterThan(0);
  },
  treat_numbers_and_booleans_as_strings: async () => {
    const [id] = ids() as [string];
    sandbox.portal.edit('contacts', id, { annualrevenue: '12.50', hs_email_optout: 'true' });
    const properties = ['annualrevenue', 'hs_email_optout'];
    const values = async (config: object) =>
      (await readWell({ ...config, ...contacts({ properties }) })).records.find((data) => data.id === id)?.properties;
    expect(await values({})).toEqual({ annualrevenue: 12.5, hs_email_optout: true });
    const texts = { annualrevenue: '12.50', hs_email_optout: 'true' };
    expect(await values({ treat_numbers_and_booleans_as_strings: true })).toEqual(texts);
  },
  prefix_colliding_custom_objects: async () => {
    const { portal } = sandbox;
    const type = portal.addObjectType('deals', { singular: 'Deal', plural: 'Deals' }, 'label');
    for (const definition of portal.properties(portal.type('vehicles')).all()) {
      if (definition.system !== undefined) portal.properties(type).put(definition);
    }
    portal.addProperty(type.id, { name: 'label', type: 'string', label: 'Label' });
    const own = [portal.create(type.id, { label: 'Own' })];
    const on = { prefix_colliding_custom_objects: true };
    expect(idsOf(await readWell(on, 'custom_object_deals'))).toEqual(own);
    expect(idsOf(await readWell(on, 'deals'))).toEqual(ids('0-3'));
    expect((await read({}, 'custom_object_deals')).error?.message).toContain('no stream "custom_object_deals"');
    expect(logged.join()).toContain('Set prefix_colliding_custom_objects');
  },
  ...Object.fromEntries(
    [
      ['association_streams', 'companies', 'contacts', 'employers', 'associations_companies_contacts'],
      ['custom_object_association_streams', 'vehicles', 'contacts', 'rides', 'associations_p_vehicles_contacts'],
    ].flatMap(([option, one, other, named, unnamed]) => [
      [
        `${option}[].from_object`,
        async () => expect(sorted(await linksOf(unnamed as string))).toEqual(links(one as string, other as string)),
      ],
      [
        `${option}[].to_object`,
        async () => expect(sorted(await linksOf(named as string))).toEqual(links(other as string, one as string)),
      ],
      [
        `${option}[].stream_name`,
        async () => {
          const unknown = await read(ASSOCIATIONS, `associations_${other}_${one}`);
          expect(unknown.error?.message).toContain(`Did you mean "`);
          expect((await linksOf(named as string)).length).toBeGreaterThan(0);
        },
      ],
    ]),
  ),
  include: async () => {
    const config = { ...contacts({}), include: ['forms', 'settings'] };
    expect((await readWell(config, 'forms')).records.length).toBeGreaterThan(5);
    expect((await readWell(config, 'roles')).records).toHaveLength(3);
    expect((await read(config, 'workflows')).error).not.toBeNull();
    expect(idsOf(await readWell({ include: ['all'] }))).toEqual(ids());
    await expect(read({ include: ['form'] }, 'forms')).rejects.toThrow('Did you mean "forms"?');
    await expect(read({ include: ['deals'] }, 'deals')).rejects.toThrow('list it in objects');
  },
  exclude: async () => {
    const config = { ...contacts({}), include: ['marketing', 'roles'], exclude: ['forms', 'settings', 'companies'] };
    expect((await read(config, 'forms')).error).not.toBeNull();
    expect((await readWell(config, 'marketing_events')).records).toHaveLength(5);
    // Asked for by its own name, it stays though its group is left out.
    expect((await readWell(config, 'roles')).records).toHaveLength(3);
    expect((await read({ exclude: ['company'] }, 'companies')).error).not.toBeNull();
    expect((await read({ exclude: ['crm'] }, 'contacts')).error).not.toBeNull();
    await expect(read({ exclude: ['marketng'] }, 'forms')).rejects.toThrow('Did you mean "marketing"?');
  },
  enable_experimental_streams: async () => {
    expect(idsOf(await readWell({ enable_experimental_streams: false }))).toEqual(ids());
    expect(logged).toEqual([]);
    expect(idsOf(await readWell({ enable_experimental_streams: true }))).toEqual(ids());
    expect(logged).toEqual([expect.stringContaining('enable_experimental_streams is not acted on')]);
  },
  property_history_lookback_window: async () => {
    expect(idsOf(await readWell({ property_history_lookback_window: 120 }))).toEqual(ids());
    expect(logged).toEqual([
      expect.stringContaining('property_history_lookback_window is not acted on: histories reach back'),
    ]);
  },
  first_load: async () => {
    expect(idsOf(await readWell({ first_load: 'list' }))).toEqual(ids());
    expect(logged).toEqual([]);
    expect(idsOf(await readWell({ first_load: 'fast' }))).toEqual(ids());
    expect(logged).toEqual([expect.stringContaining('"fast" has no effect')]);
  },
};

const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
const links = (from: string, to: string) => sorted(liveLinks(sandbox, from, to));

test.each(Object.keys(BEHAVIOURS))('%s', (option) => (BEHAVIOURS[option] as () => Promise<void>)());

test('the scope of a sensitive property: given later its values are filled in, taken away its stream fails until that is said', async () => {
  const scopes = withSensitiveProperties();
  const without = scopes.filter((scope) => !scope.includes('.sensitive'));
  const [id] = ids() as [string];
  const config = { sensitive: 'include', ...contacts({ properties: SENSITIVE }) };
  sandbox.access.setScopes(without);
  const first = await readWell(config);
  expect(first.records[0]?.properties).toEqual({ diagnosis: 'none' });
  sandbox.access.setScopes(scopes);
  const given = await readWell(config, 'contacts', first.state);
  expect(given.records.map((data) => [data.id, data.properties])).toEqual([
    [id, { diagnosis: 'none', passport: 'X-1' }],
  ]);
  sandbox.access.setScopes(without);
  const taken = await read(config, 'contacts', given.state);
  expect(taken.error?.message).toContain('passport of "contacts" cannot be read any more: the token lacks the scope');
  expect(taken.error?.message).toContain('crm.objects.contacts.sensitive.read');
  expect(taken.records).toEqual([]);
  const told = await readWell({ ...config, sensitive: 'exclude' }, 'contacts', given.state);
  expect(told.records.map((data) => data.properties)).toEqual([{}]);
});

/** What a service does, with a round a minute. */
async function served(source: object, minutes: number) {
  const service = new SteppedService();
  const folder = new TestFolder();
  try {
    await service.startPortal({ counts: { '*': 0, contacts: 10 } });
    const objects = [{ object_type: 'contacts', properties: ['lastname'] }];
    const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined));
    const destination = { type: 'duckdb', path: folder.join('w.duckdb') };
    await service.start(service.pipeline({ objects, ...given }, destination));
    return { rounds: await service.run(minutes), reaches: service.reaches };
  } finally {
    await service.end();
    folder.remove();
    process.env.HUBSPOT_BASE_URL = sandbox.url;
  }
}

interface Schema {
  properties?: Record<string, Schema>;
  oneOf?: Schema[];
  items?: Schema;
}

/** The options of a schema that hold a value; what HubSpot defines itself (filters) is one value. */
function optionsOf({ properties = {}, oneOf = [] }: Schema, path = ''): string[] {
  const all = [properties, ...oneOf.map((each) => each.properties ?? {})].flatMap((each) => Object.entries(each));
  return all.flatMap(([name, schema]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (name === 'filter_groups') return [at];
    if (schema.items?.properties) return optionsOf(schema.items, `${at}[]`);
    return schema.properties || schema.oneOf ? optionsOf(schema, at) : [at];
  });
}

test('every option that spec/source.json has is here, and those of source-hubspot that it has not', () => {
  const spec = JSON.parse(readFileSync(new URL('../../spec/source.json', import.meta.url), 'utf8')) as Schema;
  const others = ['num_workers', 'enable_experimental_streams', 'property_history_lookback_window'];
  const options = new Set([...optionsOf(spec), ...others]);
  expect(options.size).toBeGreaterThan(30);
  expect(Object.keys(BEHAVIOURS).sort()).toEqual([...options].sort());
});
