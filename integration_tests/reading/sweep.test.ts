import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { configureLog } from '../../src/log.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import type { Call } from '../../src/sandbox/http/call.js';
import type { SandboxOptions } from '../../src/sandbox/server.js';
import { Destination, type Played, startPlayed } from '../strategies/play.js';
import { readInProcess } from '../support/processes/in-process.js';
import { randomRuns } from '../support/schedules/random-runs.js';

/** The sweep of `read`, which has no warehouse: its state knows ids, and a hash for each run of ten records. */

const HOUR = 60;
const DAY = 24 * HOUR;
const NAMES = ['firstname', 'lifecyclestage', 'num_associated_deals'];

let played: Played;
let destination: Destination;
let onCall = () => {};
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
    onCall: ({ kind, url, body }: Call) => {
      calls.push({ kind, text: `${decodeURIComponent(url)} ${body}` });
      onCall();
    },
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
  played.wait(25 * HOUR);
  portal().edit('contacts', first, { firstname: 'B' });
  // The increment, and a sweep that sees the same.
  await sync();
  played.wait(10);
  const created = portal().create('contacts', { firstname: 'New' });
  // A change within the lookback, which the next increment finds, and that is taken back silently.
  portal().edit('contacts', first, { firstname: 'C' }, { silent: true });
  await sync();
  expect(destination.rows.get(first)?.properties).toMatchObject({ firstname: 'C' });
  expect(destination.rows.has(created)).toBe(true);
  portal().erase('contacts', created);
  // Later increments do not reach back to it.
  played.wait(2 * HOUR);
  await sync();
  portal().edit('contacts', first, { firstname: 'B' }, { silent: true });
  await sweep();
  expect(destination.rows.get(created)).toMatchObject({ archived: true });
  expect(shown()).toEqual(truth());
});

test('a record that is restored while it is looked for is not told to be gone', async () => {
  await begin(60, configOf(), { restoreBumps: false });
  await sweep();
  const id = ids()[7] as string;
  onCall = () => {
    const { kind, text } = calls.at(-1) ?? { kind: '', text: '' };
    const isLive = portal().record('contacts', id)?.archivedAt === undefined;
    // Behind the look at archived records, and between the two looks at this one.
    if (kind === 'list' && text.includes('archived=false') && isLive) portal().archive('contacts', id);
    if (kind === 'batchRead' && text.includes('archived=true')) portal().restore('contacts', id);
  };
  const came = await sweep();
  onCall = () => {};
  expect(calls.some(({ text }) => text.includes('archived=true') && text.includes(id))).toBe(true);
  expect(came.filter(({ archived }) => archived === true)).toEqual([]);
  expect(shown()).toEqual(truth());
  await sweep();
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

test('a state that remembers much follows every tenth page only', async () => {
  await begin(1_230, configOf({ deletes: 'off' }));
  await sweep();
  played.wait(25 * HOUR);
  const statesOf = async (state: JsonObject | null) => {
    const { events } = await readInProcess(played.sandbox, 'contacts', state, { config: configOf({ deletes: 'off' }) });
    expect(events.every(({ type }) => type === 'state')).toBe(true);
    return events.length;
  };
  const pages = Math.ceil(ids().length / 100);
  expect(pages).toBeGreaterThan(10);
  // One that is behind each page but the last, and the closing one.
  expect(await statesOf(destination.state)).toBe(pages);
  played.wait(1);
  const swept = own().swept as JsonObject;
  // Of records that are gone.
  const more = Array.from({ length: 40_000 }, () => '1.aaaaaa').join(' ');
  const large = { ...destination.state, hubflake: { ...own(), swept: { ...swept, runs: `${swept.runs} ${more}` } } };
  expect(await statesOf(large)).toBe(2);
});

test('where the calls of the day are suddenly used up, the stream is complete, and the next read goes on', async () => {
  await begin(330);
  const all = ids();
  await sweep();
  portal().edit('contacts', [all[20], all[310]] as string[], { firstname: 'Silent' }, { silent: true });
  const { limits } = played.sandbox;
  onCall = () => {
    if (lists().length === 3) Object.assign(limits.settings, { enabled: true, daily: 0 });
  };
  await sweep();
  expect(lists()).toHaveLength(3);
  expect(logged.at(-1)).toMatch(/its sweep has come to the id \d+: The portal has used up its daily calls/);
  expect(own()).toMatchObject({ sweep: { after: expect.any(String) }, sent: expect.anything() });
  onCall = () => {};
  Object.assign(limits.settings, { enabled: false, daily: 650_000 });
  await sync();
  expect(lists().length).toBeLessThan(3);
  expect(shown()).toEqual(truth());
});

test('when the day has few calls left the stream is complete, and the next read goes on', async () => {
  await begin(2_300);
  const all = ids();
  await sweep();
  portal().edit('contacts', [all[20], all[310]] as string[], { firstname: 'Silent' }, { silent: true });
  played.wait(25 * HOUR);
  const { sandbox } = played;
  // It leaves some for increments, and the reserve.
  sandbox.limits.settings.daily = sandbox.limits.usage().used + 26;
  const first = await readInProcess(sandbox, 'contacts', destination.state, { config: configOf({ daily_reserve: 2 }) });
  expect(first.error).toBeNull();
  const { limit, used } = sandbox.limits.usage();
  expect(limit - used).toBeGreaterThan(3);
  expect(logged.at(-1)).toMatch(/^contacts is up to date, and its sweep has come to the id \d+: /);
  expect(first.state?.hubflake).toMatchObject({
    sweep: { after: expect.any(String) },
    // A closing state.
    sent: expect.anything(),
  });
  sandbox.limits.settings.daily = 10_000;
  for (const data of first.records) destination.rows.set(String(data.id), data);
  destination.state = first.state;
  await sync();
  expect(lists().length).toBeLessThan(10);
  expect(shown()).toEqual(truth());
});

test('of calculated properties and associations only these are asked for, and runs that differ come whole', async () => {
  await begin(330, configOf({ sweep: 'calculated' }));
  expect(idsOf(await sweep())).toEqual([...ids()].sort());
  expect(lists()[0]?.text).toContain('firstname');
  expect(await sweep()).toEqual([]);
  for (const { text } of lists()) expect(text).toMatch(/properties=num_associated_deals&/);
  const all = ids();
  const [company] = portal().truth('companies').live;
  portal().edit('contacts', all[21] as string, { num_associated_deals: '77' }, { silent: true });
  portal().edit('contacts', all[55] as string, { firstname: 'Silent' }, { silent: true });
  portal().associate('contacts', all[200] as string, 'companies', company?.id as string);
  portal().erase('contacts', all[101] as string);
  const came = await sweep();
  const runs = [...all.slice(20, 30), ...all.slice(100, 110)];
  expect(idsOf(came)).toEqual(expect.arrayContaining(runs));
  expect(idsOf(came)).not.toContain(all[55]);
  expect(came.find(({ id }) => id === all[21])).toMatchObject({ properties: { firstname: expect.any(String) } });
  expect(came.filter(({ archived }) => archived === true).map(({ id }) => id)).toEqual([all[101]]);
  portal().edit('contacts', all[55] as string, { firstname: 'Loud' });
  await sync();
  expect(shown()).toEqual(truth());
});

test('where HubSpot no longer accepts the position, a sweep starts anew', async () => {
  await begin(330, configOf(), { listCursor: 'opaque' });
  await sweep();
  const all = ids();
  portal().edit('contacts', [all[7], all[250]] as string[], { firstname: 'Silent' }, { silent: true });
  portal().erase('contacts', all[3] as string);
  await sweep(13);
  expect(own()).toMatchObject({ sweep: { after: expect.any(String) } });
  played.sandbox.switches.expireCursors();
  await sync();
  expect(logged).toContainEqual('HubSpot no longer accepts where the sweep of contacts stopped; it starts anew.');
  expect(shown()).toEqual(truth());
});

test('a stream with filters is swept by search, and what has left them silently is told', async () => {
  const filters = [{ filters: [{ propertyName: 'lifecyclestage', operator: 'EQ', value: 'lead' }] }];
  await begin(400, configOf({}, { filter_groups: filters }));
  const leads = portal()
    .truth('contacts', { properties: NAMES })
    .live.filter(({ properties }) => properties.lifecyclestage === 'lead')
    .map(({ id }) => id);
  expect(idsOf(await sweep())).toEqual([...leads].sort());
  portal().edit('contacts', leads[4] as string, { lifecyclestage: 'customer' }, { silent: true });
  portal().edit('contacts', leads[15] as string, { firstname: 'Silent' }, { silent: true });
  portal().erase('contacts', leads[25] as string);
  const came = await sweep();
  expect(idsOf(came)).toEqual(leads.slice(0, 30).sort());
  expect(came.find(({ id }) => id === leads[4])).toMatchObject({ matches_filters: false });
  expect(came.find(({ id }) => id === leads[25])).toMatchObject({ archived: true });
  expect(lists()).toEqual([]);
  expect(await sweep()).toEqual([]);
});

test('a list that is not in the order of ids is swept, without telling what was erased', async () => {
  await begin(230);
  await sweep();
  const { sandbox } = played;
  // HubSpot with its lists the other way round, page by page.
  const turned = createServer((asked, response) => {
    const { method, url = '' } = asked;
    const headers = { ...asked.headers, 'accept-encoding': 'identity' };
    const forwarded = request(`${sandbox.url}${url}`, { method, headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      if (url.includes('archived=false&')) body.results?.reverse();
      // HubSpot's time is in them.
      const { 'content-length': _, ...kept } = answer.headers;
      response.writeHead(answer.statusCode ?? 500, kept).end(JSON.stringify(body));
    });
    asked.pipe(forwarded);
  });
  await new Promise<void>((resolve) => turned.listen(0, '127.0.0.1', resolve));
  try {
    portal().erase('contacts', ids()[4] as string);
    portal().edit('contacts', ids()[5] as string, { firstname: 'Silent' }, { silent: true });
    played.wait(25 * HOUR);
    const url = `http://127.0.0.1:${(turned.address() as AddressInfo).port}`;
    const { records, state, error } = await readInProcess(
      { ...sandbox, token: sandbox.token, url } as typeof sandbox,
      'contacts',
      destination.state,
      {
        config: configOf(),
      },
    );
    expect(error).toBeNull();
    expect(idsOf(records)).toEqual([...ids()].sort());
    expect(logged).toContainEqual(expect.stringContaining("HubSpot's list of contacts is not in the order of ids"));
    // Once it is, the ids are still known.
    destination.state = state;
    const came = await sweep();
    expect(came.filter(({ archived }) => archived === true)).toHaveLength(1);
  } finally {
    turned.close();
  }
});

const step = fc.oneof(
  fc.record({ is: fc.constant('calculate' as const), pick: fc.nat(99), value: fc.nat(9) }),
  fc.record({
    is: fc.constantFrom(...(['link', 'unlink', 'erase', 'archive', 'restore', 'merge', 'edit', 'create'] as const)),
    pick: fc.nat(99),
    value: fc.constant(1),
  }),
  fc.record({ is: fc.constant('wait' as const), pick: fc.constantFrom(1, 25), value: fc.constant(1) }),
  fc.record({ is: fc.constant('sync' as const), pick: fc.option(fc.nat(90)), value: fc.constant(1) }),
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

test.each(['all', 'calculated'])(
  'whatever drifts, and wherever reads are killed, a sweep brings all of it (%s)',
  async (what) => {
    played = await startPlayed({ counts: { '*': 0, companies: 4 } });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 25 }), async (steps) => {
        played.wait(20_000);
        const { live, archived } = portal().truth('contacts');
        portal().erase(
          'contacts',
          [...live, ...archived].map(({ id }) => id),
        );
        for (let n = 0; n < 125; n += 1) portal().create('contacts', { firstname: `N${n}`, num_associated_deals: '1' });
        destination = new Destination(played.sandbox, 'contacts', undefined, configOf({ sweep: what }));
        await sync();
        await sweep();
        const known = new Set(ids());
        for (const each of steps) {
          played.wait(1);
          if (each.is === 'wait') played.wait(each.pick * HOUR);
          else if (each.is === 'sync') {
            await sync(each.pick);
            // What is erased behind a kill, and before a state says that it was emitted, nobody knows of.
            if (each.pick === null) for (const id of ids()) known.add(id);
          } else change(each, known);
        }
        // One that was interrupted comes to its end first.
        await sweep();
        await sweep();
        expect(shown()).toEqual(truth());
        played.wait(25 * HOUR);
        await sync();
        expect(await sweep()).toEqual([]);
      }),
      randomRuns(40),
    );
  },
);

function change({ is, pick, value }: Step, known: ReadonlySet<string>): void {
  const live = ids();
  const [id, other] = [live[(pick ?? 0) % live.length] as string, live[((pick ?? 0) + 7) % live.length] as string];
  const companies = portal().truth('companies').live;
  const company = companies[(pick ?? 0) % companies.length]?.id as string;
  const gone = portal().truth('contacts').archived;
  if (is === 'calculate') portal().edit('contacts', id, { num_associated_deals: String(value) }, { silent: true });
  if (is === 'link') portal().associate('contacts', id, 'companies', company);
  if (is === 'unlink') portal().dissociate('contacts', id, 'companies', company);
  if (is === 'erase' && known.has(id)) portal().erase('contacts', id);
  if (is === 'archive') portal().archive('contacts', id);
  if (is === 'restore' && gone.length > 0) portal().restore('contacts', gone[(pick ?? 0) % gone.length]?.id as string);
  if (is === 'merge') portal().merge('contacts', id, other);
  if (is === 'edit') portal().edit('contacts', id, { firstname: `E${pick}` });
  if (is === 'create') portal().create('contacts', { firstname: `C${pick}` });
}
