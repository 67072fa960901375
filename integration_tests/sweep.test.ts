import { configureLog } from '../src/log.js';
import type { JsonObject } from '../src/protocol/messages.js';
import type { Call } from '../src/sandbox/http/call.js';
import type { SandboxOptions } from '../src/sandbox/server.js';
import { Destination, type Played, startPlayed } from './strategies/play.js';
import { readInProcess } from './support/in-process.js';

/** The sweep of `read`, which has no warehouse: its state knows ids, and a hash for each run of ten records. */

const HOUR = 60;
const DAY = 24 * HOUR;
const NAMES = ['firstname', 'lifecyclestage', 'num_associated_deals'];

let played: Played;
let destination: Destination;
let logged: string[];
let calls: { kind: string; text: string }[];

beforeEach(() => {
  logged = [];
  calls = [];
  configureLog({ level: 'info', sink: (_level, message) => logged.push(message) });
});
afterEach(() => played.sandbox.close());
afterAll(() => configureLog({ level: 'error', sink: () => undefined }));

const portal = () => played.sandbox.portal;
const ids = () =>
  portal()
    .truth('contacts')
    .live.map(({ id }) => id);
const own = () => (destination.state?.hubflake ?? {}) as JsonObject;

function configOf(config: JsonObject = {}, object: JsonObject = {}): JsonObject {
  return {
    objects: [{ object_type: 'contacts', properties: NAMES, associations: ['companies'], ...object }],
    sweep_every: 24,
    ...config,
  };
}

/** Loads a portal's contacts. */
async function begin(contacts: number, config = configOf(), options: SandboxOptions = {}): Promise<void> {
  played = await startPlayed({
    counts: { '*': 0, contacts, companies: 5 },
    onCall: ({ kind, url, body }: Call) => void calls.push({ kind, text: `${decodeURIComponent(url)} ${body}` }),
    ...options,
  });
  // The sample's records were modified until later than the clock of these tests begins.
  played.wait(366 * DAY);
  destination = new Destination(played.sandbox, 'contacts', undefined, config);
  await sync();
}

async function sync(killAfter: number | null = null): Promise<JsonObject[]> {
  calls = [];
  return destination.sync(killAfter);
}

/** Lets a sweep become due, and reads. */
async function sweep(killAfter: number | null = null): Promise<JsonObject[]> {
  played.wait(25 * HOUR);
  return sync(killAfter);
}

const lists = () => calls.filter(({ kind, text }) => kind === 'list' && text.includes('archived=false'));
const idsOf = (records: readonly JsonObject[]) => records.map(({ id }) => String(id)).sort();

/** What is there of each live record. */
function shown(): [string, ...unknown[]][] {
  const rows = [...destination.live().values()].map((row): [string, ...unknown[]] => {
    const properties = row.properties as JsonObject;
    const linked = [...((row.companies as string[] | null) ?? [])].sort();
    return [String(row.id), linked, ...NAMES.map((name) => String(properties[name] ?? ''))];
  });
  return rows.sort(([a], [b]) => Number(a) - Number(b));
}

function truth(): [string, ...unknown[]][] {
  const { live } = portal().truth('contacts', { properties: NAMES, associations: ['companies'] });
  return live
    .map(({ id, properties, associations }): [string, ...unknown[]] => [
      id,
      [...(associations?.companies ?? [])].sort(),
      ...NAMES.map((name) => String(properties[name] ?? '')),
    ])
    .sort(([a], [b]) => Number(a) - Number(b));
}

test('until it is due, a sweep takes no call, and the state says nothing of it', async () => {
  await begin(230);
  const before = [...calls];
  expect(before.filter(({ kind }) => kind === 'list')).toHaveLength(3 + 2);
  const loadedAt = own().sweptAt;
  played.wait(23 * HOUR);
  expect(await sync()).toEqual([]);
  expect(lists()).toEqual([]);
  expect(own()).toMatchObject({ sweptAt: loadedAt });
  expect(own()).not.toHaveProperty('swept');
  played.wait(HOUR + 1);
  await sync();
  expect(lists()).toHaveLength(3);
  expect(own().sweptAt).not.toBe(loadedAt);
  // Without the option there is none.
  destination = new Destination(played.sandbox, 'contacts', undefined, { ...configOf(), sweep_every: 0 });
  await sync();
  played.wait(400 * DAY);
  await sync();
  expect(lists()).toEqual([]);
  expect(own()).not.toHaveProperty('swept');
});

test('the first sweep emits all, later ones the runs of ten that differ: values, associations, and what was erased', async () => {
  await begin(350);
  expect(idsOf(await sweep())).toEqual([...ids()].sort());
  expect(await sweep()).toEqual([]);
  const all = ids();
  const [edited, linked, erased] = [all[45], all[111], all[222]] as [string, string, string];
  portal().edit('contacts', edited, { firstname: 'Silent' }, { silent: true });
  const [company] = portal().truth('companies').live;
  portal().associate('contacts', linked, 'companies', company?.id as string);
  portal().dissociate('contacts', linked, 'companies', company?.id as string);
  portal().associate('contacts', all[112] as string, 'companies', company?.id as string);
  portal().erase('contacts', erased);
  expect(shown()).not.toEqual(truth());
  const came = await sweep();
  // Of the erased record's run all others.
  expect(idsOf(came)).toEqual([...all.slice(40, 50), ...all.slice(110, 120), ...all.slice(220, 230)].sort());
  const [tombstone] = came.filter(({ archived }) => archived === true);
  expect(tombstone).toMatchObject({ id: erased, archived: true });
  // A destination takes no tombstone that is older than the row.
  expect(Date.parse(String(tombstone?.updatedAt))).toBeGreaterThan(
    Date.parse(String(destination.rows.get(edited)?.updatedAt)),
  );
  expect(shown()).toEqual(truth());
  expect(logged.at(-1)).toMatch(/contacts was swept: of 3\d\d records 29 were emitted, and 1 are gone\./);
  expect(await sweep()).toEqual([]);
});

test('a record that increments have emitted since is known, and its run is not taken for unchanged', async () => {
  await begin(60);
  await sweep();
  const [first] = ids() as [string];
  played.wait(3 * HOUR);
  const created = portal().create('contacts', { firstname: 'New' });
  portal().edit('contacts', first, { firstname: 'B' });
  await sync();
  expect(destination.rows.has(created)).toBe(true);
  // A change within the lookback, which the next increment finds, and that is taken back silently.
  portal().erase('contacts', created);
  portal().edit('contacts', first, { firstname: 'C' }, { silent: true });
  await sync();
  expect(destination.rows.get(first)?.properties).toMatchObject({ firstname: 'C' });
  portal().edit('contacts', first, { firstname: 'B' }, { silent: true });
  await sweep();
  expect(destination.rows.get(created)).toMatchObject({ archived: true });
  expect(shown()).toEqual(truth());
});

test('with deletes off nothing is told to be gone', async () => {
  await begin(60, configOf({ deletes: 'off' }));
  await sweep();
  portal().erase('contacts', ids().slice(3, 5));
  const came = await sweep();
  expect(came.every(({ archived }) => archived !== true)).toBe(true);
  expect(came).toHaveLength(8);
});

test('a sweep that is killed anywhere goes on from where it was', async () => {
  await begin(330);
  await sweep();
  const all = ids();
  const before = { state: structuredClone(destination.state), rows: new Map(destination.rows) };
  played.wait(25 * HOUR);
  for (const id of all.filter((_id, index) => index % 37 === 5))
    portal().edit('contacts', id, { firstname: `S${id}` }, { silent: true });
  portal().erase('contacts', [all[12], all[150], all[299]] as string[]);
  for (let killAfter = 1; ; killAfter += 1) {
    destination.state = structuredClone(before.state);
    destination.rows.clear();
    played.wait(1);
    for (const [id, row] of before.rows) destination.rows.set(id, row);
    calls = [];
    const killed = await readInProcess(played.sandbox, 'contacts', destination.state, {
      config: configOf(),
      killAfter,
    });
    for (const event of killed.events)
      if (event.type === 'record') destination.rows.set(String(event.data.id), event.data);
    destination.state = killed.state;
    const first = lists().length;
    await sync();
    expect(shown()).toEqual(truth());
    expect(first + lists().length).toBeLessThanOrEqual(4 + 2);
    expect(own()).not.toHaveProperty('sweep');
    if (!killed.killed) break;
  }
});

test('when the day has no calls left the stream is complete, and the next read goes on', async () => {
  await begin(330);
  const all = ids();
  await sweep();
  portal().edit('contacts', [all[20], all[310]] as string[], { firstname: 'Silent' }, { silent: true });
  played.wait(25 * HOUR);
  const { sandbox } = played;
  sandbox.limits.settings.daily = sandbox.limits.usage().used + 8;
  const first = await readInProcess(sandbox, 'contacts', destination.state, { config: configOf({ daily_reserve: 2 }) });
  expect(first.error).toBeNull();
  expect(logged.at(-1)).toMatch(/^contacts is up to date; its sweep has come to the id \d+\./);
  expect(first.state?.hubflake).toMatchObject({
    sweep: { after: expect.any(String) },
    // A closing state.
    sent: expect.anything(),
  });
  sandbox.limits.settings.daily = 10_000;
  for (const data of first.records) destination.rows.set(String(data.id), data);
  destination.state = first.state;
  await sync();
  expect(lists().length).toBeLessThan(4);
  expect(shown()).toEqual(truth());
});
