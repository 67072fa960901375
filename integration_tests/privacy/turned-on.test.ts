import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { estimateOf } from '../streams/catalog.js';
import { query } from '../support/duckdb.js';
import { type Outcome, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { readInProcess } from '../support/processes/in-process.js';
import { hashOf } from './hash-of.js';

/** Hashing and local dates where tables were there before: what is read again, and what stays. */

const [SALT, OTHER_SALT] = ['a salt of these tests', 'another salt of these'];

let sandbox: Sandbox;
let folder: TestFolder;
let ahead: number;

beforeEach(async () => {
  ahead = 0;
  folder = new TestFolder();
  sandbox = await startSandbox({ counts: { '*': 0 }, limits: 'off', clock: () => Date.now() + ahead });
  sandbox.portal.addProperty('contacts', { name: 'salary', type: 'number' });
  sandbox.portal.addProperty('contacts', { name: 'signed_on', type: 'datetime' });
  for (let number = 0; number < 9; number += 1) {
    sandbox.portal.create('contacts', {
      email: emailOf(number),
      salary: `5000${number}`,
      signed_on: '2024-05-01T02:00:00Z',
    });
  }
});
afterEach(async () => {
  await sandbox.close();
  folder.remove();
});

const emailOf = (number: number) => `contact-${number}@example.com`;
const path = () => folder.join('w.duckdb');
const rows = (sql: string) => query(path(), sql);

/** Syncs an hour later. */
async function run(command: string, source: JsonObject, entry: JsonObject = {}, more: string[] = []): Promise<Outcome> {
  ahead += 3_600_000 * 3;
  const config = {
    name: 'crm',
    source: {
      credentials: { access_token: sandbox.token },
      objects: [{ object_type: 'contacts', properties: ['email', 'salary', 'signed_on'], associations: [], ...entry }],
      layout: 'columns',
      ...source,
    },
    destination: { type: 'duckdb', path: path(), spool_dir: folder.path },
  };
  return hubflakeHere([command, '--config', folder.write('pipeline.json', config), ...more], {
    environment: { HUBSPOT_BASE_URL: sandbox.url },
  });
}

async function sync(source: JsonObject, entry: JsonObject = {}): Promise<string> {
  const { code, stderr } = await run('sync', source, entry);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stderr;
}

describe('hashing', () => {
  const hashed = { hash_properties: ['email', 'salary'] };

  test('that begins later, or with another salt, reads every record again: no live row has a value in clear', async () => {
    await sync({});
    const [archived = ''] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    sandbox.portal.archive('contacts', archived);
    await sync({});
    expect(await sync({ hash_salt: SALT }, hashed)).toContain('email, salary are hashed now, or with another salt');
    const live = 'FROM contacts WHERE NOT archived ORDER BY id';
    expect(await rows(`SELECT email, salary_STRING AS salary, salary AS old ${live}`)).toEqual(
      Array.from({ length: 8 }, (_, index) => ({
        email: hashOf(emailOf(index + 1), SALT),
        salary: hashOf(`5000${index + 1}`, SALT),
        old: null,
      })),
    );
    // What HubSpot has archived is not read again.
    expect(await rows('SELECT email FROM contacts WHERE archived')).toEqual([{ email: emailOf(0) }]);
    for (const more of [[], ['--deep']]) {
      const verified = await run('verify', { hash_salt: SALT }, hashed, more);
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('The tables equal HubSpot.')]);
    }
    expect(await sync({ hash_salt: SALT }, hashed)).not.toContain('hashed');

    expect(await sync({ hash_salt: OTHER_SALT }, hashed)).toContain(
      'email, salary are hashed now, or with another salt',
    );
    expect(await rows(`SELECT email ${live} LIMIT 1`)).toEqual([{ email: hashOf(emailOf(1), OTHER_SALT) }]);

    expect(await sync({})).toContain('email, salary have another type, or are no longer hashed');
    expect(await rows(`SELECT email, salary, salary_STRING AS hash ${live} LIMIT 1`)).toEqual([
      { email: emailOf(1), salary: '50001.0000000000', hash: null },
    ]);
  });

  test('that begins later replaces the past values that HubSpot has, too', async () => {
    const entry = { history: ['email'] };
    await sync({}, entry);
    const [first = ''] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    sandbox.portal.edit('contacts', first, { email: 'new@example.com' });
    await sync({}, entry);
    expect(await rows("SELECT count(*) AS n FROM contacts_property_history WHERE value LIKE '%@%'")).toEqual([
      { n: '10' },
    ]);
    const said = await sync({ hash_salt: SALT }, { ...entry, ...hashed });
    expect(said).toContain(
      'contacts_property_history is read again from the start: email was added, hashed, or hashed with another salt.',
    );
    const values = await rows('SELECT value FROM contacts_property_history');
    const expected = [...Array.from({ length: 9 }, (_, number) => emailOf(number)), 'new@example.com'];
    expect(values.map(({ value }) => value).sort()).toEqual(expected.map((value) => hashOf(value, SALT)).sort());
    expect(await sync({}, entry)).toContain(
      'contacts_property_history is read again from the start: email was added, or is no longer hashed.',
    );
  });

  test('what stays in clear goes with a refresh', async () => {
    const entry = { history: ['email'] };
    await sync({}, entry);
    const [first = ''] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    sandbox.portal.archive('contacts', first);
    await sync({}, entry);
    await sync({ hash_salt: SALT }, { ...entry, ...hashed });
    const inClear = async (table: string, column: string) =>
      (await rows(`SELECT count(*)::INT AS n FROM ${table} WHERE ${column} LIKE '%@%'`))[0]?.n;
    expect([await inClear('contacts', 'email'), await inClear('contacts_property_history', 'value')]).toEqual([1, 1]);
    const refresh = ['--refresh', 'contacts,contacts_property_history'];
    expect((await run('sync', { hash_salt: SALT }, { ...entry, ...hashed }, refresh)).code).toBe(0);
    expect([await inClear('contacts', 'email'), await inClear('contacts_property_history', 'value')]).toEqual([0, 0]);
  });

  test('what is read of an object besides its entries is hashed, too', async () => {
    const [deal] = [sandbox.portal.create('deals', { dealname: 'A secret deal', amount: '5' })];
    sandbox.portal.archive('deals', deal);
    const objects = [{ object_type: 'deals', name: 'sales', hash_properties: ['dealname'] }];
    const config = { objects, hash_salt: SALT, include: ['deals_archived', 'deals_property_history'] };
    for (const [stream, field] of [
      ['deals_archived', 'properties_dealname'],
      ['deals_property_history', 'value'],
    ] as const) {
      ahead += 3_600_000;
      sandbox.portal.create('deals', { dealname: 'A secret deal' });
      const { records, error } = await readInProcess(sandbox, stream, null, { config });
      expect([error, JSON.stringify(records).includes('secret')]).toEqual([null, false]);
      expect(records.map((data) => data[field])).toContain(hashOf('A secret deal', SALT));
    }
  });

  test('what is read of an object besides its entries leaves out what any of them excludes, and its past values', async () => {
    const deal = sandbox.portal.create('deals', { dealname: 'A secret deal', amount: '5' });
    sandbox.portal.archive('deals', deal);
    sandbox.portal.create('deals', { dealname: 'A secret deal', amount: '6' });
    const objects = [{ object_type: 'deals', name: 'sales', exclude_properties: ['dealname'] }];
    const config = { objects, include: ['deals_archived', 'deals_property_history'] };
    for (const stream of ['deals_archived', 'deals_property_history']) {
      ahead += 3_600_000;
      const { records, error } = await readInProcess(sandbox, stream, null, { config });
      expect([error, records.length > 0]).toEqual([null, true]);
      expect(JSON.stringify(records)).not.toMatch(/secret|dealname/);
    }
  });

  test("that takes over source-hubspot's state replaces what that has written, as is planned", async () => {
    const config = { layout: 'airbyte', objects: [{ object_type: 'contacts', ...hashed }], hash_salt: SALT };
    ahead += 3_600_000 * 3;
    const state = { updatedAt: new Date(Date.now() + ahead).toISOString() };
    expect(await estimateOf(sandbox, 'contacts', { ...config, include: [] }, state)).toMatchObject({
      rows: 9,
      what: expect.stringContaining('email, salary are hashed now, or with another salt'),
    });
    const { records, error } = await readInProcess(sandbox, 'contacts', state, { config });
    expect(error).toBeNull();
    expect(records.map(({ properties_email: email }) => email).sort()).toEqual(
      Array.from({ length: 9 }, (_, number) => hashOf(emailOf(number), SALT)).sort(),
    );
  });

  test("that takes over source-hubspot's state of a history replaces what that has written of it", async () => {
    const entry = { object_type: 'contacts', hash_properties: ['email'], history: ['email', 'salary'] };
    ahead += 3_600_000 * 3;
    const state = { timestamp: String(Date.now() + ahead) };
    const read = (config: JsonObject) => readInProcess(sandbox, 'contacts_property_history', state, { config });
    const { records, error } = await read({ objects: [entry], hash_salt: SALT });
    expect(error).toBeNull();
    expect(
      records
        .filter(({ property }) => property === 'email')
        .map(({ value }) => value)
        .sort(),
    ).toEqual(Array.from({ length: 9 }, (_, number) => hashOf(emailOf(number), SALT)).sort());
    // What is planned of its own state is no more than what is new.
    const config = { objects: [entry], hash_salt: SALT, include: [] };
    const { state: own } = await read(config);
    const { what } = await estimateOf(sandbox, 'contacts_property_history', config, own);
    expect(what).toMatch(/^past values: modified since [^;]*$/);
    // Otherwise it goes on from there.
    expect((await read({ objects: [{ ...entry, hash_properties: [] }] })).records).toEqual([]);
  });

  test.each([
    ['hash_properties', 'Email', 'email'],
    ['hash_properties', ' email', 'email'],
    ['hash_properties', 'e_mail', 'email'],
    ['exclude_properties', 's a l a r y', 'salary'],
  ])('%s that names "%s" reads nothing, as %s is probably meant', async (option, name, meant) => {
    const { code, stderr } = await run('sync', { hash_salt: SALT }, { [option]: [name] });
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        `${option} of contacts: contacts have no property "${name}". Did you mean "${meant}"? Its values would be written in clear.`,
      ),
    ]);
    expect(await rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'contacts'")).toEqual([]);
  });

  test('a mistyped name of an entry stops what is read besides it, too', async () => {
    const deal = sandbox.portal.create('deals', { dealname: 'A secret deal' });
    sandbox.portal.archive('deals', deal);
    const objects = [{ object_type: 'deals', name: 'sales', hash_properties: ['deal_name'] }];
    const config = { objects, hash_salt: SALT, include: ['deals_archived'] };
    const { records, error } = await readInProcess(sandbox, 'deals_archived', null, { config });
    expect([records, error?.message]).toEqual([[], expect.stringContaining('Did you mean "dealname"?')]);
  });

  test('a name that resembles none is a warning, and so is a sensitive one, which is not read', async () => {
    sandbox.portal.addProperty('contacts', { name: 'salarium', dataSensitivity: 'sensitive' });
    const names = ['salarium', 'quite_another_portals_own'];
    const said = await sync({ hash_salt: SALT }, { hash_properties: names });
    expect(said.split('\n').filter((line) => line.startsWith('WARN'))).toEqual([
      expect.stringMatching(/no property "salarium"\. Sensitive properties are read only with "sensitive": "hash" or/),
      expect.stringMatching(/no property "quite_another_portals_own"\.( \[|$)/),
    ]);
  });

  test('what repeats a hashed value in clear is told once: properties and streams', async () => {
    for (const name of ['hs_email_domain', 'hs_full_name_or_email', 'work_email'])
      sandbox.portal.addProperty('contacts', { name });
    const properties = ['email', 'hs_email_domain', 'hs_full_name_or_email', 'work_email'];
    const said = await sync(
      { hash_salt: SALT, include: ['email_events'] },
      {
        properties,
        hash_properties: ['email', 'work_email'],
        exclude_properties: ['hs_full_name_or_email'],
        history: ['email'],
      },
    );
    const warnings = said.split('\n').filter((line) => line.startsWith('WARN'));
    expect(warnings).toEqual([
      expect.stringContaining('email of contacts is hashed, but other streams may have it in clear: email_events.'),
      expect.stringContaining(
        'email of "contacts" is hashed, but HubSpot repeats it in properties that are read in clear: hs_email_domain.',
      ),
    ]);
  });

  test('so is what repeats a value that is not read itself, and past values that do', async () => {
    for (const name of ['hs_full_name_or_email', 'hs_additional_emails'])
      sandbox.portal.addProperty('contacts', { name });
    const said = await sync(
      { hash_salt: SALT },
      { properties: ['hs_full_name_or_email'], hash_properties: ['email'], history: ['hs_additional_emails'] },
    );
    const repeated = 'is hashed, but HubSpot repeats it in properties that are read in clear:';
    expect(said).toContain(`email of "contacts" ${repeated} hs_full_name_or_email.`);
    expect(said).toContain(`email of "contacts_property_history" ${repeated} hs_additional_emails.`);
  });

  test('the history of all properties leaves out those that are excluded', async () => {
    await sync({}, { exclude_properties: ['salary'], history: ['*'] });
    const names = await rows('SELECT DISTINCT property FROM contacts_property_history');
    expect(names.map(({ property }) => property)).toEqual(expect.arrayContaining(['email', 'signed_on']));
    expect(names).not.toContainEqual({ property: 'salary' });
  });
});

test('what is left out later is told once; rows keep it until they change, or are refreshed', async () => {
  const entry = { history: ['*'] };
  const secret = { name: 'passport', dataSensitivity: 'sensitive' } as const;
  sandbox.portal.addProperty('contacts', secret);
  const names = { properties: ['email', 'salary', 'passport'] };
  await sync({ sensitive: 'include' }, { ...entry, ...names });
  const without = { ...entry, ...names, exclude_properties: ['salary'] };
  const stay = 'Rows keep the values until their records change, or are refreshed.';
  const [first = ''] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
  // A run that has no row keeps no state, and the next one tells the same.
  const synced = (source: JsonObject, email: string) => {
    sandbox.portal.edit('contacts', first, { email });
    return sync(source, without);
  };
  expect(await synced({ sensitive: 'include' }, '1@example.com')).toContain(
    `contacts: salary is not read any more. ${stay}`,
  );
  expect(await synced({}, '2@example.com')).toContain(`contacts: a property is not read any more. ${stay}`);
  expect(await synced({}, '3@example.com')).not.toContain('any more');
  const kept = async () => [
    ...(await rows('SELECT count(salary)::INT AS n FROM contacts')),
    ...(await rows(`SELECT count(*)::INT AS n FROM contacts_property_history WHERE property = 'salary'`)),
  ];
  expect(await kept()).toEqual([{ n: 8 }, { n: 9 }]);
  expect((await run('sync', {}, without, ['--refresh', 'contacts,contacts_property_history'])).code).toBe(0);
  expect(await kept()).toEqual([{ n: 0 }, { n: 0 }]);
});

describe('local dates', () => {
  const dates = () => rows('SELECT signed_on_local_date AS day, count(*) AS n FROM contacts GROUP BY ALL');

  test('that begin later, or in another time zone, are there for every record', async () => {
    await sync({});
    expect(await sync({ local_dates: true })).toContain('signed_on has a local date now, or another type');
    expect(await dates()).toEqual([{ day: '2024-04-30', n: '9' }]);
    expect(await rows('SELECT typeof(signed_on_local_date) AS type FROM contacts LIMIT 1')).toEqual([{ type: 'DATE' }]);
    expect((await run('verify', { local_dates: true }, {}, ['--deep'])).stdout).toContain('The tables equal HubSpot.');
    Object.assign(sandbox.portal.account, { timeZone: 'Europe/Berlin' });
    await sync({ local_dates: true });
    expect(await dates()).toEqual([{ day: '2024-05-01', n: '9' }]);
    expect(await sync({})).toMatch(/signed_on has another type, .*, or has no local date any more/);
    expect(await dates()).toEqual([{ day: null, n: '9' }]);
  });

  test('of an archived record stay, and of a hashed time there are none', async () => {
    await sync({ local_dates: true });
    const [first = ''] = sandbox.portal.truth('contacts').live.map(({ id }) => id);
    sandbox.portal.archive('contacts', first);
    await sync({ local_dates: true });
    expect(await dates()).toEqual([{ day: '2024-04-30', n: '9' }]);
    await sync({ local_dates: true, hash_salt: SALT }, { hash_properties: ['signed_on'] });
    expect(await rows('SELECT signed_on_local_date AS day FROM contacts WHERE NOT archived LIMIT 1')).toEqual([
      { day: null },
    ]);
  });

  test.each([
    [
      'Mars/Olympus',
      `local_dates: the portal's time zone "Mars/Olympus" is not known to this machine's time zone data.`,
    ],
    ['', "local_dates: HubSpot does not tell the portal's time zone"],
  ])('of the time zone %j are an error in a sentence', async (timeZone, message) => {
    const text = JSON.stringify({ portalId: sandbox.portal.account.portalId, timeZone });
    sandbox.faults.add({ contains: '/account-info/', fault: { type: 'body', text } });
    const { code, stderr } = await run('sync', { local_dates: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect((await run('sync', {})).code).toBe(0);
  });
});
