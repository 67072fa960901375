import { parseSourceConfig } from '../src/config/source.js';
import { HubSpotClient } from '../src/hubspot/client.js';
import { configureLog } from '../src/log.js';
import type { JsonObject } from '../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/sandbox/server.js';
import type { StreamDefinition } from '../src/streams/definition.js';
import { estimateStream } from '../src/streams/estimate.js';
import { CHAINS } from '../src/streams/list-chains.js';
import { Portal } from '../src/streams/portal.js';
import { readInProcess, type SyncResult } from './support/in-process.js';

/** `first_load: fast`: of a long list, parts are read by search at the same time. Here 3,000 records are long. */
Object.assign(CHAINS, { askAfter: 300, worthDividing: 2_000, leastLeft: 200, most: 3 });

const MINUTE = 60_000;
const CREATED = 3_000;
const config = (first_load: string): JsonObject => ({
  first_load,
  objects: [{ object_type: 'contacts', properties: ['firstname'], associations: ['companies'] }],
});

let sandbox: Sandbox;
let ahead = 0;
let logged: string[];
let onCall: (call: { kind: string; url: string }) => void;

async function start(options: SandboxOptions = {}): Promise<void> {
  ahead = 0;
  logged = [];
  onCall = () => {};
  configureLog({ level: 'info', sink: (_level, message) => logged.push(message) });
  sandbox = await startSandbox({
    counts: { '*': 0, contacts: CREATED, companies: 20 },
    limits: 'off',
    clock: () => Date.now() + ahead,
    onCall: (call) => onCall(call),
    ...options,
  });
}

afterEach(() => sandbox.close());

const read = (state: JsonObject | null = null, options: object = {}, first_load = 'fast') =>
  readInProcess(sandbox, 'contacts', state, { config: config(first_load), ...options });

const live = () => sandbox.portal.truth('contacts', { properties: ['firstname'], associations: ['companies'] }).live;
const numerically = (a: string, b: string) => Number(a) - Number(b);
const liveIds = () =>
  live()
    .map(({ id }) => id)
    .sort(numerically);
const idsOf = ({ records }: SyncResult) => records.map(({ id }) => id as string);
const pagesListed = () => sandbox.calls.last().filter(({ url }) => url.includes('archived=false')).length;

interface Chain {
  isFirst?: boolean;
  bySearch?: boolean;
}
/** The chains in each state that came out. */
const chainsIn = ({ events }: SyncResult): Chain[][] =>
  events.flatMap((event) =>
    event.type === 'state' ? [(event.state.hubflake as { load?: { chains?: Chain[] } }).load?.chains ?? []] : [],
  );

/** Holds what is there after syncs against the portal: values, times and associations of what is live, and what is gone. */
function expectTruth(...syncs: SyncResult[]): void {
  const held = new Map(syncs.flatMap(({ records }) => records.map((data) => [data.id as string, data])));
  for (const { id, updatedAt, properties, associations } of live()) {
    const { archived, updatedAt: at, properties_firstname, companies } = held.get(id) ?? {};
    const links = [...(associations?.companies ?? [])].sort();
    const shown = [id, archived, at, properties_firstname, [...((companies ?? []) as string[])].sort()];
    expect(shown).toEqual([id, false, updatedAt, properties?.firstname ?? null, links]);
    held.delete(id);
  }
  for (const [id, { archived }] of held) expect([id, archived]).toEqual([id, true]);
}

test('each record comes once, out of lists and searches, with its associations; lists are called less', async () => {
  await start();
  const sync = await read();
  expect(sync.error).toBeNull();
  expect(idsOf(sync).sort(numerically)).toEqual(liveIds());
  expectTruth(sync);
  const most = Math.max(...chainsIn(sync).map((chains) => chains.filter(({ bySearch }) => bySearch).length));
  expect(most).toBe(CHAINS.mostSearched);
  const { search = 0, associations = 0 } = sandbox.calls.counts().byKind;
  const pages = Math.ceil(CREATED / 100);
  expect(pagesListed()).toBeLessThan(pages * 0.9);
  // What lists do not give, searches do: with two totals, the pass behind, and a page a chain that is not full.
  expect(search).toBeGreaterThan((pages - pagesListed()) / 2);
  expect(search).toBeLessThanOrEqual((pages - pagesListed()) / 2 + 3 + 10);
  expect(associations).toBeLessThan(search / 2);
  expect(logged.filter((line) => line.includes("search's index"))).toHaveLength(1);
  expect((await read(sync.state)).records).toEqual([]);
});

test('by list, or as a full refresh, nothing is read by search', async () => {
  for (const [first_load, mode] of [
    ['list', 'incremental'],
    ['fast', 'full_refresh'],
  ]) {
    await start();
    const sync = await read(null, { mode }, first_load);
    expect(idsOf(sync).sort(numerically)).toEqual(liveIds());
    expect(
      chainsIn(sync)
        .flat()
        .filter(({ bySearch }) => bySearch),
    ).toEqual([]);
    expect(pagesListed()).toBeGreaterThanOrEqual(Math.ceil(liveIds().length / 100));
    expect(sandbox.calls.counts().byKind.associations).toBeUndefined();
    if (mode === 'incremental') await sandbox.close();
  }
});

test.each(['last-id', 'opaque'] as const)(
  'killed at any moment and resumed, nothing is lost (cursors: %s)',
  async (listCursor) => {
    await start({ listCursor });
    for (const killAfter of [310, 350, 620, 1_100, 1_900, 2_600]) {
      const first = await read(null, { killAfter });
      expect(first.killed).toBe(true);
      // What it was begun as is not what it has to go on as.
      const second = await read(first.state, {}, killAfter % 20 === 0 ? 'fast' : 'list');
      expect(second.error).toBeNull();
      expectTruth(first, second);
      const all = [...idsOf(first), ...idsOf(second)];
      expect(all.length - new Set(all).size).toBeLessThanOrEqual(1_000);
    }
  },
);

test('a load by list that was killed goes on fast', async () => {
  await start();
  const first = await read(null, { killAfter: 700 }, 'list');
  const second = await read(first.state);
  expect(
    chainsIn(second)
      .flat()
      .some(({ bySearch }) => bySearch),
  ).toBe(true);
  expectTruth(first, second);
});

test('what changes while it is read is right in the end', async () => {
  await start();
  const { portal } = sandbox;
  let calls = 0;
  onCall = ({ kind }) => {
    if (!['list', 'search'].includes(kind) || ++calls > 26 || calls % 3 !== 0) return;
    const ids = liveIds();
    const pick = (factor: number) => ids[(calls * factor) % ids.length] as string;
    const [gone, changed, survivor] = [pick(977), pick(331), pick(557)];
    portal.archive('contacts', gone);
    if (changed !== gone) portal.edit('contacts', [changed], { firstname: `changed ${calls}` });
    const loser = pick(1_201);
    if (new Set([gone, survivor, loser]).size === 3) portal.merge('contacts', survivor, loser);
    portal.create('contacts', { firstname: 'new' });
  };
  const sync = await read();
  onCall = () => {};
  expect(sync.error).toBeNull();
  expectTruth(sync);
});

test('what the index shows late is not lost, also where the load takes longer than the lookback', async () => {
  const prompt = new Set<number>();
  await start({ indexLagMs: (_type, id) => (prompt.has(id) ? 0 : 5 * MINUTE) });
  const { portal } = sandbox;
  ahead += 200 * MINUTE;
  const ids = liveIds();
  for (let at = 3; at < ids.length; at += 100) {
    const [changed, gone, loser, survivor] = ids.slice(at, at + 4) as [string, string, string, string];
    // The index may show the survivor as it is, and the loser still.
    if (at % 200 > 100) prompt.add(Number(survivor));
    portal.edit('contacts', [changed], { firstname: 'Late' });
    portal.archive('contacts', gone);
    portal.merge('contacts', survivor, loser);
  }
  portal.create('contacts', { firstname: 'Created' });
  ahead += MINUTE;
  let pages = 0;
  onCall = ({ url }) => {
    // Two hours between the pages and what comes behind them.
    if (url.includes('archived=false')) pages += 1;
    else if (url.includes('archived=true') && pages > 0) return;
    if (pages === 12) ahead += 120 * MINUTE;
    if (pages === 12) pages += 1;
  };
  const first = await read();
  onCall = () => {};
  expect(first.error).toBeNull();
  expect(
    chainsIn(first)
      .flat()
      .some(({ bySearch }) => bySearch),
  ).toBe(true);
  ahead += 10 * MINUTE;
  expectTruth(first, await read(first.state));
});

test('opaque cursors: the list is read from its front, and search takes parts from the back', async () => {
  await start({ listCursor: 'opaque' });
  const sync = await read();
  expect(sync.error).toBeNull();
  expect(idsOf(sync).sort(numerically)).toEqual(liveIds());
  expectTruth(sync);
  for (const chains of chainsIn(sync)) expect(chains.filter((each) => !each.bySearch && !each.isFirst)).toEqual([]);
  expect(pagesListed()).toBeLessThan(CREATED / 100 / 2);
});

test('a portal that refuses ids in between: as with opaque cursors', async () => {
  await start();
  const { fetch: real } = globalThis;
  const given = new Set<string>();
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const after = url.searchParams.get('after');
    if (after !== null && url.searchParams.get('archived') === 'false' && !given.has(after)) {
      url.searchParams.set('after', 'nonsense');
    }
    const response = await real(url, { ...init, headers: { ...init?.headers, 'Accept-Encoding': 'identity' } });
    if (url.searchParams.get('archived') !== 'false' || !response.ok) return response;
    const text = await response.text();
    const next = (JSON.parse(text) as { paging?: { next?: { after: string } } }).paging?.next?.after;
    if (next !== undefined) given.add(next);
    return new Response(text, { headers: response.headers });
  };
  try {
    const sync = await read();
    expect(sync.error).toBeNull();
    expect(idsOf(sync).sort(numerically)).toEqual(liveIds());
    expect(pagesListed()).toBeLessThan(CREATED / 100 / 2);
  } finally {
    globalThis.fetch = real;
  }
});

test('a plan knows what is searched', async () => {
  await start();
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const estimate = async (first_load: string) => {
    const source = parseSourceConfig({ credentials: { access_token: sandbox.token }, ...config(first_load) });
    const client = new HubSpotClient({ ...source, signal: new AbortController().signal });
    try {
      const portal = await Portal.open(client, source, ['contacts']);
      const stream = (await portal.define('contacts')) as StreamDefinition;
      return (await estimateStream(client, stream, 'incremental', null, { ...source, portalId: null })).calls;
    } finally {
      await client.close();
    }
  };
  const [byList, fast] = [await estimate('list'), await estimate('fast')];
  // The totals before and after, and what changed meanwhile.
  expect(byList).toMatchObject({ search: 3, exempt: 0 });
  expect(fast.search).toBeGreaterThan(byList.search);
  expect((fast.search - byList.search) * 2).toBeCloseTo(byList.burst - fast.burst, -1);
  expect(fast.exempt).toBe(1);
  for (const [first_load, { search, burst }] of [
    ['list', byList],
    ['fast', fast],
  ] as const) {
    sandbox.calls.reset();
    await read(null, {}, first_load);
    const { byKind } = sandbox.calls.counts();
    // How much is searched depends on how quick either is.
    expect(Math.abs(search - (byKind.search as number))).toBeLessThanOrEqual(first_load === 'list' ? 0 : 6);
    expect(Math.abs(burst - (byKind.list as number))).toBeLessThanOrEqual(10);
  }
});
