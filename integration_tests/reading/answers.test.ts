import { DuckDBInstance } from '@duckdb/node-api';
import { MOST_SPENT } from '../../src/hubspot/api/hidden-hits.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { configure, type Outcome, ofType, TestFolder } from '../support/processes/command.js';
import { hubflakeHere } from '../support/processes/here.js';
import { readInProcess } from '../support/processes/in-process.js';

/** What HubSpot is known to answer, and a client might take for something else (docs/decisions/0015-answers-of-hubspot.md). */

const MINUTE_MS = 60_000;

let sandbox: Sandbox;
let folder: TestFolder;

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ counts: { '*': 3, contacts: 30 }, limits: 'off', ...options });
}

beforeEach(() => {
  folder = new TestFolder();
});

afterEach(async () => {
  folder.remove();
  await sandbox.close();
});

const run = (args: string[]) => hubflakeHere(args, { environment: { HUBSPOT_BASE_URL: sandbox.url } });
const credentials = () => ({ credentials_title: 'Private App Credentials', access_token: sandbox.token });
const source = (more: object = {}) => folder.write('source.json', { credentials: credentials(), ...more });

function sync(more: object = {}, ...args: string[]): Promise<Outcome> {
  const destination = { type: 'duckdb', path: folder.join('hub.duckdb') };
  const config = { name: 'crm', source: { credentials: credentials(), layout: 'columns', ...more }, destination };
  return run(['sync', '--json', '--config', folder.write('pipeline.json', config), ...args]);
}

async function query(sql: string): Promise<JsonObject[]> {
  const instance = await DuckDBInstance.create(folder.join('hub.duckdb'));
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson() as JsonObject[];
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const liveIds = (object: string) => sandbox.portal.truth(object).live.map((record) => record.id);
const idsOf = (records: JsonObject[]) => records.map((record) => record.id as string);
const ownPart = (state: JsonObject | null) => (state as JsonObject).hubflake as JsonObject;
const sorted = (ids: string[]) => [...ids].sort((a, b) => Number(a) - Number(b));
const statusOf = (outcome: Outcome) => ofType(outcome, 'CONNECTION_STATUS')[0]?.connectionStatus;
const logged = (outcome: Outcome) => ofType(outcome, 'LOG').map(({ log }) => `${log.level} ${log.message}`);

describe('an archive that HubSpot refuses to list', () => {
  const CONTACTS = { objects: [{ object_type: 'contacts', properties: ['firstname'] }] };
  const read = (state: JsonObject | null, more: JsonObject = {}) =>
    readInProcess(sandbox, 'contacts', state, { config: { ...CONTACTS, ...more } });
  const archiveOf = (state: JsonObject | null) =>
    ownPart(state).archive as { refusedAt?: string; scannedAt: string | null };
  const listsOfArchive = () => sandbox.calls.last().filter(({ url }) => url.includes('archived=true')).length;

  test('does not keep the stream from being read; it is asked for once a sync', async () => {
    await start({ archiveRefused: ['contacts'] });
    const first = await read(null);
    expect(first.error).toBeNull();
    expect(sorted(idsOf(first.records))).toEqual(sorted(liveIds('contacts')));
    expect(archiveOf(first.state)).toMatchObject({ refusedAt: expect.any(String), scannedAt: null });
    sandbox.calls.reset();
    expect((await read(first.state)).error).toBeNull();
    expect(listsOfArchive()).toBe(1);
  });

  test('with deletes_every, it is asked for that often only', async () => {
    await start({ archiveRefused: ['contacts'] });
    const hourly = { deletes_every: 60 };
    let last = await read(null, hourly);
    sandbox.calls.reset();
    for (let round = 0; round < 3; round += 1) {
      sandbox.portal.clock.advance(10 * MINUTE_MS);
      last = await read(last.state, hourly);
      expect(last.error).toBeNull();
    }
    expect(listsOfArchive()).toBe(0);
    sandbox.portal.clock.advance(40 * MINUTE_MS);
    await read(last.state, hourly);
    expect(listsOfArchive()).toBe(1);
  });

  test('tells what was archived meanwhile once HubSpot lists it', async () => {
    await start({ archiveRefused: ['contacts'] });
    const first = await read(null);
    const [gone] = liveIds('contacts') as [string];
    sandbox.portal.archive('contacts', gone);
    sandbox.portal.clock.advance(300 * MINUTE_MS);
    const second = await read(first.state);
    expect(second.records).toEqual([]);
    sandbox.switches.set({ archiveRefused: [] });
    const third = await read(second.state);
    expect(third.records).toEqual([expect.objectContaining({ id: gone, archived: true })]);
    expect(archiveOf(third.state).refusedAt).toBeUndefined();
    expect((await read(third.state)).records).toEqual([]);
  });

  test('of meetings: all commands work by default, and say what cannot be seen', async () => {
    await start();
    const check = await run(['check', '--config', source()]);
    expect(statusOf(check)).toMatchObject({ status: 'SUCCEEDED' });
    for (const name of ['emails', 'meetings'])
      expect(statusOf(check)?.message).toContain(`Deletions of engagements_${name} cannot be seen`);
    const discovered = await run(['discover', '--config', source()]);
    const catalog = configure(discovered, (name) => name === 'engagements_meetings');
    const reading = await run(['read', '--config', source(), '--catalog', folder.write('catalog.json', catalog)]);
    expect(reading.code).toBe(0);
    expect(ofType(reading, 'RECORD')).toHaveLength(liveIds('meetings').length);
    expect(logged(reading).filter((line) => line.startsWith('WARN'))).toEqual([
      expect.stringContaining('does not list archived records of engagements_meetings'),
    ]);
    expect((await sync()).code).toBe(0);
    expect(await query('SELECT count(*)::INTEGER AS n FROM engagements_meetings')).toEqual([
      { n: liveIds('meetings').length },
    ]);
    const plan = await run(['plan', '--json', '--config', folder.join('pipeline.json')]);
    expect(JSON.parse(plan.stdout).notes).toEqual([
      expect.stringContaining('engagements_emails'),
      expect.stringContaining('engagements_meetings'),
    ]);
  });
});

describe('a search that counts what it does not show', () => {
  const CONTACTS = { objects: [{ object_type: 'contacts', properties: ['firstname'] }], deletes: 'off' };
  const read = (state: JsonObject | null, config: object = CONTACTS) =>
    readInProcess(sandbox, 'contacts', state, { config: config as JsonObject });

  /** A portal read a day ago; what changes now, the index shows at once, but what goes only after an hour. */
  async function readOnce(contacts: number, more: SandboxOptions = {}): Promise<JsonObject | null> {
    // Asked for each record that a search could show: by the record itself, since to see all its values takes thousands of times as long.
    const indexLagMs = (_: string, id: number) => {
      const { portal } = sandbox;
      const record = portal.store(portal.type('contacts')).find(id);
      return !record || record.erased || record.binned ? 60 * MINUTE_MS : 0;
    };
    await start({ counts: { '*': 0, contacts }, indexLagMs, ...more });
    const { state, error } = await read(null);
    expect(error).toBeNull();
    sandbox.portal.clock.advance(24 * 60 * MINUTE_MS);
    return state;
  }

  test.each(['kept', 'dropped'] as const)(
    'because an import was deleted: what changed behind it comes (next cursor %s)',
    async (omittedCursor) => {
      const state = await readOnce(300, { omittedCursor });
      const imported = sandbox.portal.createSamples('contacts', 650);
      const ids = liveIds('contacts');
      const changed = [...ids.slice(0, 40), ...sandbox.portal.createSamples('contacts', 60)];
      sandbox.portal.edit('contacts', ids.slice(0, 40), { firstname: 'changed' });
      sandbox.portal.clock.advance(120 * MINUTE_MS);
      sandbox.portal.archive('contacts', imported);
      const { records, error } = await read(state);
      expect(error).toBeNull();
      expect(sorted(idsOf(records))).toEqual(sorted(changed));
      // What search counts was looked for by id.
      expect(sandbox.calls.counts().byKind.batchRead).toBeGreaterThanOrEqual(imported.length / 100);
    },
  );

  test('whose hits are too many to look for: the next increment begins where this one did', async () => {
    const state = await readOnce(300);
    const ids = liveIds('contacts');
    sandbox.portal.edit('contacts', ids.slice(0, 10), { firstname: 'changed' });
    const imported = sandbox.portal.createSamples('contacts', 2_500);
    sandbox.portal.clock.advance(120 * MINUTE_MS);
    sandbox.portal.archive('contacts', imported);
    const { ids: most } = MOST_SPENT;
    MOST_SPENT.ids = 2_000n;
    const second = await read(state).finally(() => {
      MOST_SPENT.ids = most;
    });
    expect(second.error).toBeNull();
    expect(sorted(idsOf(second.records))).toEqual(ids.slice(0, 10));
    expect(Date.parse(ownPart(second.state).cursor as string)).toBe(Date.parse(ownPart(state).cursor as string));
    // Whatever it did not show would come now, with what came before.
    sandbox.portal.clock.advance(24 * 60 * MINUTE_MS);
    sandbox.portal.edit('contacts', ids[10] as string, { firstname: 'changed, too' });
    const third = await read(second.state);
    expect(sorted(idsOf(third.records))).toEqual(ids.slice(0, 11));
    const cursors = [second, third].map((sync) => Date.parse(ownPart(sync.state).cursor as string));
    expect(cursors[1]).toBeGreaterThan(cursors[0] as number);
  });

  test('in a portal whose totals are off for good is complete', async () => {
    const state = await readOnce(300);
    sandbox.switches.set({ totalOff: 4 });
    const ids = liveIds('contacts');
    sandbox.portal.edit('contacts', ids.slice(0, 10), { firstname: 'changed' });
    const { ids: most } = MOST_SPENT;
    MOST_SPENT.ids = 2_000n;
    const second = await read(state).finally(() => {
      MOST_SPENT.ids = most;
    });
    expect(second.error).toBeNull();
    expect(sorted(idsOf(second.records))).toEqual(ids.slice(0, 10));
    sandbox.portal.clock.advance(24 * 60 * MINUTE_MS);
    expect((await read(second.state)).records).toEqual([]);
  });
});

describe('a refusal', () => {
  test('in plain text, by HubSpot’s edge, passes; no stream is missing for it', async () => {
    await start({
      faults: [{ contains: '/pipelines/', nth: 1, fault: { type: 'edge', status: 400 } }],
    });
    const discovered = await run(['discover', '--config', source()]);
    expect(discovered.code).toBe(0);
    const names = configure(discovered).streams.map(({ stream }) => stream.name);
    expect(names).toContain('ticket_pipelines');
    expect(logged(discovered).filter((line) => line.includes('left out'))).toEqual([]);
  });

  test('that HubSpot says for an object it does not know leaves the stream out, and is listed', async () => {
    await start({
      faults: [
        {
          objectType: 'courses',
          fault: { type: 'error', status: 400, message: 'Unable to infer object type from: courses' },
        },
      ],
    });
    const synced = await sync();
    expect(synced.code).toBe(0);
    expect(synced.stderr).toMatch(/INFO courses is left out: this portal does not have it/);
  });

  test('for another reason fails the stream in sync, and warns in discover', async () => {
    await start({
      faults: [{ objectType: 'courses', fault: { type: 'error', status: 400, message: 'Something is wrong.' } }],
    });
    const synced = await sync();
    expect(synced.code).toBe(1);
    const { errors } = JSON.parse(synced.stdout) as { errors: { stream: string; message: string }[] };
    expect(errors.map(({ stream }) => stream).sort()).toEqual(['course_pipelines', 'courses']);
    for (const { message } of errors) expect(message).toMatch(/Something is wrong\.$/);
    const discovered = await run(['discover', '--config', source()]);
    expect(discovered.code).toBe(0);
    expect(logged(discovered)).toContainEqual(expect.stringMatching(/^WARN courses is left out.*Something is wrong/));
  });

  test('of an object that is off in the portal, asked for by name: check fails with what HubSpot says', async () => {
    await start({ disabledObjects: ['0-421'] });
    const config = source({ objects: [{ object_type: 'appointments' }, { object_type: 'contacts' }] });
    const status = statusOf(await run(['check', '--config', config]));
    expect(status?.status).toBe('FAILED');
    expect(status?.message).toMatch(/appointments: it is switched off .*not enabled/);
    const synced = await sync();
    expect([synced.code, JSON.parse(synced.stdout).errors]).toEqual([0, []]);
    expect(synced.stderr).toMatch(/INFO appointments is left out: it is switched off/);
  });

  test('of a stream that was read before is an error, never left out', async () => {
    await start();
    expect((await sync()).code).toBe(0);
    sandbox.faults.add({
      objectType: 'companies',
      fault: { type: 'error', status: 400, message: 'Unable to infer object type from: companies' },
    });
    const second = await sync();
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout).errors).toEqual([expect.objectContaining({ stream: 'companies' })]);
  });
});

describe('what the token may read', () => {
  const SCOPES = [
    'crm.objects.contacts.read',
    'crm.objects.owners.read',
    'crm.objects.tickets.read',
    'sales-email-read',
  ];

  test.each(['given', 'refused'] as const)(
    'is found out, whether HubSpot tells its scopes or not (%s)',
    async (tokenInfo) => {
      await start({ scopes: SCOPES, tokenInfo });
      const status = statusOf(await run(['check', '--config', source()]));
      expect(status).toMatchObject({
        status: 'SUCCEEDED',
        message: expect.stringContaining('deals needs crm.objects.deals.read'),
      });
      const trials = sandbox.calls.last().flatMap(({ kind, url }) => (kind === 'list' ? [url.split('?')[0]] : []));
      const discovered = configure(await run(['discover', '--config', source()])).streams.map(
        ({ stream }) => stream.name,
      );
      const objects = [
        ...['calls', 'emails', 'meetings', 'notes', 'tasks'].map((name) => `engagements_${name}`),
        ...['communications', 'contacts', 'postal_mail', 'tickets'],
      ];
      expect(discovered.sort()).toEqual(
        [
          ...objects.flatMap((name) => [name, `${name}_property_history`]),
          ...['owners', 'owners_archived', 'ticket_pipelines'],
          ...['account', 'association_types', 'owner_teams', 'properties', 'property_groups', 'property_options'],
        ].sort(),
      );
      // Feedback submissions need two scopes, of which the token has one.
      if (tokenInfo === 'given') expect(trials).toEqual(['/crm/objects/2026-09/0-19']);
    },
  );
});

describe('second tries', () => {
  const wide = { objects: [{ object_type: 'contacts' }], deletes: 'off' };

  test('a search body that is too long: ids are searched for, values read by batch', async () => {
    await start();
    const first = await readInProcess(sandbox, 'contacts', null, { config: wide });
    sandbox.switches.set({ searchBodyLimit: 3_000 });
    sandbox.portal.clock.advance(300 * MINUTE_MS);
    const ids = liveIds('contacts').slice(0, 5);
    sandbox.portal.edit('contacts', ids, { firstname: 'changed' });
    const second = await readInProcess(sandbox, 'contacts', first.state, { config: wide });
    expect(second.error).toBeNull();
    expect(second.records.map(({ id, properties_firstname }) => [id, properties_firstname])).toEqual(
      ids.map((id) => [id, 'changed']),
    );
  });

  test('batches of associations that are too large are halved', async () => {
    await start({ associationInputs: 100, counts: { '*': 0, contacts: 900, companies: 20 } });
    const config = { objects: [{ object_type: 'contacts', properties: [] }], start_date: '2006-06-01' };
    const filters = { filter_groups: [{ filters: [{ propertyName: 'hs_object_id', operator: 'HAS_PROPERTY' }] }] };
    const filtered = { objects: [{ ...config.objects[0], ...filters }] } as JsonObject;
    const { records, error } = await readInProcess(sandbox, 'contacts', null, { config: filtered });
    expect(error).toBeNull();
    const truth = sandbox.portal.truth('contacts', { associations: ['companies'] }).live;
    const found = new Map(records.map((record) => [record.id, record.companies]));
    for (const { id, associations } of truth) expect([id, found.get(id)]).toEqual([id, associations?.companies]);
  });

  test('a search for merged records that is refused is left out', async () => {
    await start({ mergedIdsSearch: 'refused' });
    const filter_groups = [{ filters: [{ propertyName: 'email', operator: 'HAS_PROPERTY' }] }];
    const config = { objects: [{ object_type: 'contacts', filter_groups }] } as JsonObject;
    const first = await readInProcess(sandbox, 'contacts', null, { config });
    const second = await readInProcess(sandbox, 'contacts', first.state, { config });
    expect([first.error, second.error]).toEqual([null, null]);
  });

  test('an OAuth token comes by the older path where the newer one is not there', async () => {
    await start({ oauthPaths: 'older' });
    const { clientId, clientSecret, refreshToken } = sandbox.oauth;
    const oauth = { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken };
    const config = folder.write('oauth.json', {
      credentials: { credentials_title: 'OAuth Credentials', ...oauth },
    });
    expect(statusOf(await run(['check', '--config', config]))).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('names', () => {
  test('custom objects have pipelines; owners say whether they are a queue', async () => {
    await start();
    expect((await sync()).code).toBe(0);
    expect(await query('SELECT count(*)::INTEGER AS n FROM vehicles_pipelines')).toEqual([{ n: 1 }]);
    expect(await query('SELECT DISTINCT "type" FROM owners ORDER BY 1')).toEqual([
      { type: 'PERSON' },
      { type: 'QUEUE' },
    ]);
    for (const table of ['contracts', 'projects', 'partner_clients', 'partner_services'])
      expect(await query(`SELECT count(*)::INTEGER AS n FROM ${table}`)).toEqual([{ n: liveIds(table).length }]);
  });
});

describe('deal splits', () => {
  const splits = () => query('SELECT id, associated_deals, archived FROM deal_splits ORDER BY id');

  test('are read by their deals: all, then those of deals that changed, and those that are gone', async () => {
    await start({ counts: { '*': 0, deals: 250, deal_splits: 40 } });
    const only = { objects: [{ object_type: 'deal_splits' }] };
    expect((await sync(only)).code).toBe(0);
    const truth = sandbox.portal.truth('deal_splits', { properties: ['hs_deal_id'] }).live;
    expect(truth.length).toBeGreaterThan(10);
    // Of an archived deal, HubSpot shows no splits.
    const deals = new Set(liveIds('deals'));
    const shown = truth.filter(({ properties }) => deals.has(properties.hs_deal_id as string));
    expect((await splits()).map(({ id, associated_deals }) => [id, JSON.parse(associated_deals as string)])).toEqual(
      shown.map(({ id, properties }) => [id, [properties.hs_deal_id]]).sort(),
    );
    sandbox.calls.reset();
    expect((await sync(only)).code).toBe(0);
    expect(sandbox.calls.counts().byKind.dealSplits ?? 0).toBe(0);

    // Whoever changes the splits of a deal replaces them.
    const [{ id: old, properties }] = shown as unknown as [{ id: string; properties: { hs_deal_id: string } }];
    sandbox.portal.archive('deal_splits', old);
    const added = sandbox.portal.create('deal_splits', {
      hs_deal_id: properties.hs_deal_id,
      hs_deal_split_percentage: '0.6',
    });
    sandbox.portal.edit('deals', properties.hs_deal_id, { dealname: 'changed' });
    expect((await sync(only)).code).toBe(0);
    const rows = new Map((await splits()).map((row) => [row.id, row]));
    expect(rows.get(old)).toMatchObject({ archived: true });
    expect(rows.get(added)).toMatchObject({ archived: false });
    expect(await query(`SELECT hs_deal_split_percentage::VARCHAR AS p FROM deal_splits WHERE id = '${added}'`)).toEqual(
      [{ p: '0.6000000000' }],
    );
  });
});
