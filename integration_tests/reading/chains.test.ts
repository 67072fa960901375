import type { JsonObject } from '../../src/protocol/messages.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { readInProcess } from '../support/processes/in-process.js';

/** A long list is read from several places at once. Here 3,000 records are long. */
const chains = { askAfter: 300, worthDividing: 2_000, leastLeft: 200, most: 4 };

const CONFIG = {
  objects: [{ object_type: 'contacts', properties: ['firstname'], associations: ['companies'] }],
  lookback_minutes: 0,
};

let sandbox: Sandbox;

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = await startSandbox({ counts: { '*': 0, contacts: 3_000, companies: 20 }, limits: 'off', ...options });
}

afterEach(() => sandbox.close());

const liveIds = () => sandbox.portal.truth('contacts').live.map((record) => record.id);
const idsOf = (records: JsonObject[]) => records.map((record) => record.id as string);
const numerically = (a: string, b: string) => Number(a) - Number(b);

interface Chain {
  after: string;
  before: string | null;
}
const chainsOf = (state: JsonObject | null) =>
  ((state?.hubflake as { load?: { chains?: Chain[] } } | undefined)?.load?.chains ?? []) as Chain[];

const read = (state: JsonObject | null = null, options = {}) =>
  readInProcess(sandbox, 'contacts', state, { config: CONFIG, chains, ...options });

test('each record comes once, out of several chains, and the state carries what is left of each', async () => {
  await start();
  const { records, events, error } = await read();
  expect(error).toBeNull();
  expect(idsOf(records).sort(numerically)).toEqual(liveIds().sort(numerically));
  expect(idsOf(records)).not.toEqual([...idsOf(records)].sort(numerically));
  const states = events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
  expect(Math.max(...states.map((state) => chainsOf(state).length))).toBe(4);
});

test('a full refresh is read by one chain: a record that comes twice would stay twice', async () => {
  await start();
  const { records } = await read(null, { mode: 'full_refresh' });
  expect(idsOf(records)).toEqual(liveIds().sort(numerically));
});

test('killed at any moment and resumed, nothing is lost, and what comes twice are a page a chain at most', async () => {
  await start();
  for (const killAfter of [350, 620, 1_100, 1_900, 2_600]) {
    const first = await read(null, { killAfter });
    expect(first.killed).toBe(true);
    const second = await read(first.state);
    expect(second.error).toBeNull();
    const all = [...idsOf(first.records), ...idsOf(second.records)];
    expect([...new Set(all)].sort(numerically)).toEqual(liveIds().sort(numerically));
    expect(all.length - new Set(all).size).toBeLessThanOrEqual(4 * 100);
  }
});

test('what changes while it is read is right in the end', async () => {
  let lists = 0;
  const archived: string[] = [];
  await start({
    onCall: (call) => {
      // What happens behind the pass is seen by the next sync.
      if (!call.url.includes('archived=false') || ++lists % 3 !== 0) return;
      const ids = liveIds();
      const id = ids[(lists * 977) % ids.length] as string;
      sandbox.portal.archive('contacts', id);
      archived.push(id);
      sandbox.portal.edit(
        'contacts',
        [ids[(lists * 331) % ids.length] as string].filter((each) => each !== id),
        {
          firstname: `changed ${lists}`,
        },
      );
      sandbox.portal.create('contacts', { firstname: 'new' });
    },
  });
  const { records, error } = await read();
  expect(error).toBeNull();
  const last = new Map(records.map((record) => [record.id as string, record]));
  const live = new Map(
    sandbox.portal.truth('contacts', { properties: ['firstname'] }).live.map((each) => [each.id, each]),
  );
  const emittedLive = [...last.values()]
    .filter((record) => record.archived === false)
    .map((record) => record.id as string);
  expect(emittedLive.sort(numerically)).toEqual([...live.keys()].sort(numerically));
  for (const [id, { properties }] of live) {
    expect([id, (last.get(id) as JsonObject).properties_firstname]).toEqual([id, properties?.firstname ?? null]);
  }
});

test('opaque cursors: one chain, and no question asked', async () => {
  await start({ listCursor: 'opaque' });
  const { records, error } = await read();
  expect(error).toBeNull();
  expect(idsOf(records)).toEqual(liveIds().sort(numerically));
  // The one behind the load.
  expect(sandbox.calls.counts().byKind.search).toBe(1);
});

/** Changes the list's `after` on its way, as a portal would that takes it for something else. */
function proxied(change: (after: string, given: ReadonlySet<string>) => string | null) {
  const given = new Set<string>();
  return (url: URL, answer: { paging?: { next?: { after: string } } } | null): void => {
    if (answer) {
      if (answer.paging?.next) given.add(answer.paging.next.after);
      return;
    }
    const after = url.searchParams.get('after');
    if (after === null || given.has(after)) return;
    const other = change(after, given);
    if (other === null) url.searchParams.delete('after');
    else url.searchParams.set('after', other);
  };
}

test.each<[string, (after: string) => string | null, boolean]>([
  ['ignores', () => null, false],
  ['refuses', () => 'nonsense', false],
  ['rounds down', (after) => String(Math.max(0, Number(after) - 500)), false],
  // What is skipped is read by the chain below, and nothing has to be read again.
  ['skips records behind', (after) => String(Number(after) + 150), true],
])('a portal that %s an id in between: nothing is lost', async (_, change, isOnce) => {
  await start();
  const { fetch: real } = globalThis;
  let begun = 0;
  const touch = proxied((after) => {
    begun += 1;
    return change(after);
  });
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const isList = url.pathname.endsWith('/0-1') && url.pathname.includes('/objects/') && init?.method !== 'POST';
    if (isList) touch(url, null);
    const response = await real(url, init);
    if (!isList || !response.ok) return response;
    const copy = await real(url, { ...init, headers: { ...init?.headers, 'Accept-Encoding': 'identity' } });
    touch(url, (await copy.json()) as { paging?: { next?: { after: string } } });
    return response;
  };
  try {
    const { records, error } = await read();
    expect(error).toBeNull();
    expect([...new Set(idsOf(records))].sort(numerically)).toEqual(liveIds().sort(numerically));
    if (isOnce) expect(records).toHaveLength(liveIds().length);
    // Where it is not honoured, one try is enough to see that.
    if (isOnce) expect(begun).toBeGreaterThan(1);
    else expect(begun).toBe(1);
  } finally {
    globalThis.fetch = real;
  }
});

test('a list that leaves records out of other chains is read again, page by page', async () => {
  await start();
  const { fetch: real } = globalThis;
  const missing = new Set(liveIds().filter((_, index) => index > 1_500 && index % 100 === 50));
  let isChained = false;
  globalThis.fetch = async (input, init) => {
    const response = await real(input, { ...init, headers: { ...init?.headers, 'Accept-Encoding': 'identity' } });
    const url = new URL(String(input));
    if (url.pathname.endsWith('/search')) isChained = true;
    else if (url.searchParams.get('after') === null) isChained = false;
    const leavesOut = isChained && response.ok && url.searchParams.get('archived') === 'false';
    if (!leavesOut || !url.pathname.includes('/objects/')) return response;
    const page = (await response.json()) as { results: { id: string }[] };
    const results = page.results.filter(({ id }) => !missing.has(id));
    return new Response(JSON.stringify({ ...page, results }), { headers: response.headers });
  };
  try {
    const { records, error } = await read();
    expect(error).toBeNull();
    expect([...new Set(idsOf(records))].sort(numerically)).toEqual(liveIds().sort(numerically));
  } finally {
    globalThis.fetch = real;
  }
});

test.each([20, 60, 150, 300, 1_500])(
  'at each state, what has not come lies in what is left of a chain, also when chains end while one begins (%d ms)',
  async (slowness) => {
    const given = new Set<string | null>([null]);
    await start({
      latencyMs: ({ url, kind, body }) => {
        const after = /[?&]after=(\d+)/.exec(url)?.[1] ?? null;
        // Chains that begin are slow to answer.
        if (kind === 'search') return body.includes('GT') ? slowness : 0;
        return kind !== 'list' || given.has(after) ? 0 : slowness;
      },
    });
    const { fetch: real } = globalThis;
    globalThis.fetch = async (input, init) => {
      const response = await real(input, { ...init, headers: { ...init?.headers, 'Accept-Encoding': 'identity' } });
      if (!String(input).includes('archived=false') || !response.ok) return response;
      const text = await response.text();
      given.add(/"after":"(\d+)"/.exec(text)?.[1] ?? null);
      return new Response(text, { headers: response.headers });
    };
    try {
      const { events, error } = await read();
      expect(error).toBeNull();
      const missing = new Set(liveIds());
      let states = 0;
      for (const event of events) {
        if (event.type === 'record') missing.delete(event.data.id as string);
        else if (chainsOf(event.state).length > 0) {
          const isLeft = (id: string) =>
            chainsOf(event.state).some(
              ({ after, before }) =>
                Number(id) >= Number(after) && Number(id) < Number(before ?? Number.POSITIVE_INFINITY),
            );
          expect([states, [...missing].filter((id) => !isLeft(id))]).toEqual([states, []]);
          states += 1;
        }
      }
      expect([...missing]).toEqual([]);
      expect(states).toBeGreaterThan(5);
    } finally {
      globalThis.fetch = real;
    }
  },
);
