import fc from 'fast-check';
import type { Filter } from '../../config/source.js';
import { configureLog } from '../../log.js';
import type { Call, HubSpotClient } from '../client/client.js';
import { RETRY } from '../client/faults.js';
import type { IdRange, Query } from './hidden-hits.js';
import { KeyedSearch } from './keyed-search.js';
import type { ObjectRow } from './object-row.js';
import { standardObject } from './object-types.js';

configureLog({ sink: () => undefined });

/** An index of HubSpot's, which counts hits that it does not show, and what batch reads show. */
interface Index {
  /** The ids that match, ascending. */
  hits: number[];
  /** Whether the records of a hit is shown by the n-th search. */
  isShown(id: number, search: number): boolean;
  /** Whether its record is there. */
  isLive(id: number): boolean;
  namesNext: boolean;
  /** By how many each total is off. */
  totalOff: number;
  onSearch?(search: number): void;
}

let searches: number;
let reads: number;
let pauses: number;

function clientOf(index: Index): HubSpotClient {
  [searches, reads, pauses] = [0, 0, 0];
  const answer = ({ kind, body }: Call): object => {
    if (kind.name === 'batchRead') {
      reads += 1;
      const { inputs } = body as { inputs: { id: string }[] };
      return { results: inputs.filter(({ id }) => index.isLive(Number(id))).map(({ id }) => rowOf(Number(id))) };
    }
    searches += 1;
    index.onSearch?.(searches);
    const {
      filterGroups,
      limit,
      after = '0',
    } = body as {
      filterGroups: { filters: Filter[] }[];
      limit: number;
      after?: string;
    };
    const bound = (operator: string) => filterGroups[0]?.filters.find((each) => each.operator === operator)?.value;
    const [above, upTo] = [Number(bound('GT')), Number(bound('LTE') ?? Number.POSITIVE_INFINITY)];
    const hits = index.hits.filter((id) => id > above && id <= upTo);
    const offset = Number(after);
    if (offset + limit > 10_000) throw new Error('beyond the window');
    const page = hits.slice(offset, offset + limit).filter((id) => index.isShown(id, searches));
    const next =
      index.namesNext && hits.length > offset + limit ? { paging: { next: { after: String(offset + limit) } } } : {};
    return { total: Math.max(0, hits.length + index.totalOff), results: page.map(rowOf), ...next };
  };
  return {
    call: async <T>(call: Call, decode: (body: Buffer) => T) => decode(Buffer.from(JSON.stringify(answer(call)))),
    retry: RETRY,
    sleep: async () => {
      pauses += 1;
    },
  } as unknown as HubSpotClient;
}

const rowOf = (id: number): ObjectRow => ({ id: String(id), properties: {} });

const query: Query = {
  type: standardObject('contacts'),
  properties: [],
  filtersOf: ({ after, upTo }: IdRange) => [
    {
      filters: [
        { propertyName: 'hs_object_id', operator: 'GT', value: after },
        ...(upTo === null ? [] : [{ propertyName: 'hs_object_id', operator: 'LTE', value: upTo }]),
      ],
    },
  ],
  isWanted: () => true,
};

let isUnsettled: boolean;

async function readAll(index: Index, from = query): Promise<number[]> {
  const search = new KeyedSearch(clientOf(index), from);
  const ids: number[] = [];
  for (let after = '0', isLast = false; !isLast; ) {
    const page = await search.next({ after, upTo: null });
    ids.push(...page.rows.map((row) => Number(row.id)));
    ({ reached: after, isLast } = page);
  }
  isUnsettled = search.isUnsettled;
  return ids;
}

const range = (from: number, to: number, step = 1) => {
  const ids: number[] = [];
  for (let id = from; id <= to; id += step) ids.push(id);
  return ids;
};
const index = (parts: Partial<Index>): Index => ({
  hits: range(1, 900),
  isShown: () => true,
  isLive: (id) => (parts.hits ?? range(1, 900)).includes(id),
  namesNext: true,
  totalOff: 0,
  ...parts,
});
/** Records that are gone, as the index does not know yet. */
const dead = (isDead: (id: number) => boolean) => ({
  isShown: (id: number) => !isDead(id),
  isLive: (id: number) => !isDead(id),
});

test('an index without gaps costs a search for each 200 hits', async () => {
  expect(await readAll(index({}))).toEqual(range(1, 900));
  expect(searches).toBe(5);
});

test.each([true, false])(
  'an empty page in the middle is asked for once more; named next page: %s',
  async (namesNext) => {
    const isShown = (_: number, search: number) => search !== 2;
    expect(await readAll(index({ isShown, namesNext }))).toEqual(range(1, 900));
    expect([searches, pauses, reads]).toEqual([6, 1, 0]);
  },
);

test('the records of a page that stays empty, and are there, are read by id', async () => {
  const isShown = (id: number) => id <= 200 || id > 400;
  expect(await readAll(index({ isShown }))).toEqual(range(1, 900));
  expect(pauses).toBe(RETRY.unshownPausesMs.length);
});

test.each([true, false])('whole pages of records that are gone end nothing; named next page: %s', async (namesNext) => {
  // An import was deleted.
  const isDead = (id: number) => id > 100 && id <= 900;
  const hits = range(1, 1_500);
  expect(await readAll(index({ hits, ...dead(isDead), namesNext }))).toEqual([...range(1, 100), ...range(901, 1_500)]);
});

test('more hits than the window holds that are gone: what is behind them is read', async () => {
  const isDead = (id: number) => id > 50 && id <= 23_000;
  const hits = range(1, 24_000);
  expect(await readAll(index({ hits, ...dead(isDead) }))).toEqual([...range(1, 50), ...range(23_001, 24_000)]);
});

test('a last record that is gone, far away: it is found out, and nothing is missing', async () => {
  const hits = [...range(1, 150), 398_334_119_041];
  expect(await readAll(index({ hits, ...dead((id) => id > 150) }))).toEqual(range(1, 150));
  expect(searches).toBeLessThan(120);
  expect(reads).toBeLessThanOrEqual(10);
});

test('a last record that is there, but not shown, comes', async () => {
  const hits = [...range(1, 150), 398_334_119_041];
  expect(await readAll(index({ hits, isShown: (id) => id <= 150 }))).toEqual(hits);
});

test('one between others, left out once, comes with the next page', async () => {
  const isShown = (id: number, search: number) => id % 7 !== 0 || search !== 2;
  expect((await readAll(index({ isShown }))).sort((a, b) => a - b)).toEqual(range(1, 900));
  expect([pauses, reads]).toEqual([1, 0]);
});

test('one between others that is never shown, and is there, is read by id', async () => {
  const hits = range(1, 900_000_000, 1_000_000);
  expect((await readAll(index({ hits, isShown: (id) => id !== hits[300] }))).sort((a, b) => a - b)).toEqual(hits);
});

test('an index that catches up ends the search', async () => {
  const state = index({ ...dead((id) => id > 850) });
  state.onSearch = (search) => {
    if (search > 6) state.hits = range(1, 850);
  };
  expect(await readAll(state)).toEqual(range(1, 850));
  expect(reads).toBe(0);
});

test('where totals are off for good, what is shown is all there is', async () => {
  expect(await readAll(index({ totalOff: 3 }))).toEqual(range(1, 900));
});

test('what the filters want is decided by a search for the id where nothing else tells', async () => {
  const hits = [...range(1, 150), 1_000, 1_002];
  const filtered = { ...query, isWanted: () => null };
  // 1,001 is there, and the filters do not want it.
  const isLive = (id: number) => hits.includes(id) || id === 1_001;
  expect(await readAll(index({ hits, isShown: (id) => id <= 150, isLive }), filtered)).toEqual(hits);
});

test('too much to look at is not taken for complete, and what is behind it comes', async () => {
  const hits = range(1, 3_000_000, 1_000);
  const isDead = (id: number) => id > 500_000 && id < 2_000_000;
  expect(await readAll(index({ hits, ...dead(isDead) }))).toEqual(hits.filter((id) => !isDead(id)));
  expect(isUnsettled).toBe(true);
});

test('of any index, every record that is there comes', async () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 900 });
  const gaps = fc.array(
    fc.record({ from: fc.integer({ min: 1, max: 3_000 }), length: fc.integer({ min: 1, max: 800 }) }),
    {
      maxLength: 3,
    },
  );
  await fc.assert(
    fc.asyncProperty(ids, gaps, gaps, fc.boolean(), fc.nat(6), async (given, gone, hidden, namesNext, forgetful) => {
      const isIn = (list: { from: number; length: number }[]) => (id: number) =>
        list.some(({ from, length }) => id >= from && id < from + length);
      const hits = [...given].sort((a, b) => a - b);
      const isLive = (id: number) => given.includes(id) && !isIn(gone)(id);
      const isHidden = isIn(hidden);
      const isShown = (id: number, search: number) => isLive(id) && !(isHidden(id) && search % (forgetful + 1) === 0);
      const found = await readAll(index({ hits, isLive, isShown, namesNext }));
      expect([...found].sort((a, b) => a - b)).toEqual(hits.filter(isLive));
      expect(isUnsettled).toBe(false);
    }),
    { numRuns: 150 },
  );
});
