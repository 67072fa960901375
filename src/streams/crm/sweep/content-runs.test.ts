import fc from 'fast-check';
import { ContentRuns, type HashedRecord } from './content-runs.js';

/** Records whose ids ascend, of a portal that changes between sweeps. */
const portal = fc
  .uniqueArray(fc.bigInt({ min: 1n, max: 400n }), { maxLength: 150 })
  .map((ids) => ids.sort((a, b) => (a < b ? -1 : 1)).map(String));

const LONG = 10n ** 20n;

describe.each([true, false])('with the ids: %s', (keepsIds) => {
  const open = (memory: ReturnType<ContentRuns['toJson']>) => new ContentRuns('salt', keepsIds, memory);

  /** Sweeps by pages, and is killed and goes on from where the state was. @returns what was told to differ */
  function sweep(
    records: readonly HashedRecord[],
    memory: ReturnType<ContentRuns['toJson']>,
    pageSize: number,
    kills: boolean[],
    isCut = false,
  ) {
    const told = new Set<string>();
    let runs = open(memory);
    let state = { after: '0', start: 0, memory: runs.toJson() };
    let next = { after: '0', start: 0 };
    const starts = new Map<string, { after: string; start: number }>();
    for (let page = 0; ; page += 1) {
      const rows = records.slice(next.start, next.start + pageSize);
      const isLast = next.start + pageSize >= records.length;
      const upTo = isLast ? null : (rows.at(-1)?.id ?? null);
      for (const { id } of rows) if (!starts.has(id)) starts.set(id, next);
      for (const { id } of runs.take(rows, { after: next.after, upTo }, isCut)) told.add(id);
      // Until what differs is emitted, the state is as it was.
      if (state.memory !== null) expect(runs.toJson()).toEqual(state.memory);
      runs.settle();
      if (upTo === null) return { told, memory: runs.toJson() };
      next = { after: upTo, start: next.start + pageSize };
      const from = runs.firstCarried ? (starts.get(runs.firstCarried.id) ?? next) : next;
      state = { ...from, memory: structuredClone(runs.toJson()) };
      if (kills[page % Math.max(1, kills.length)] === true && page < 40) {
        runs = open(state.memory);
        next = { after: state.after, start: state.start };
        starts.clear();
      }
    }
  }

  test('what changed is told of, and what did not only beside it', () => {
    fc.assert(
      fc.property(
        portal,
        portal,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.boolean(), { maxLength: 5 }),
        fc.array(fc.nat(399), { maxLength: 4 }),
        fc.boolean(),
        (before, extra, size, nextSize, kills, edits, isLong) => {
          const id = (each: string) => String(BigInt(each) + (isLong ? LONG : 0n));
          const first = before.map((each) => ({ id: id(each), hash: 'a' }));
          const memory = sweep(first, null, size, []).memory;
          expect([...sweep(first, memory, nextSize, []).told]).toEqual([]);
          expect(sweep(first, memory, nextSize, kills).memory?.since).toBe('');
          const gone = new Set(extra.slice(0, 3));
          const edited = new Set(edits.map((index) => before[index % Math.max(1, before.length)]));
          const added = extra.slice(3, 6).filter((each) => !before.includes(each));
          const second = [...before.filter((each) => !gone.has(each)), ...added]
            .sort((a, b) => Number(a) - Number(b))
            .map((each) => ({ id: id(each), hash: edited.has(each) ? 'b' : 'a' }));
          const { told, memory: then } = sweep(second, memory, nextSize, kills);
          for (const each of second) {
            const isNew = added.map(id).includes(each.id);
            if (each.hash === 'b' || isNew) expect(told).toContain(each.id);
          }
          const changes = [...edited].length + added.length + gone.size;
          if (kills.every((kill) => !kill)) expect(told.size).toBeLessThanOrEqual(changes * 20);
          expect([...sweep(second, then, size, []).told].length).toBeLessThanOrEqual(kills.includes(true) ? 400 : 0);
          if (keepsIds)
            expect([...open(then).known('0')].map((known) => known.id)).toEqual(second.map((each) => each.id));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('runs that are cut at the end of each span compare what is in it', () => {
    fc.assert(
      fc.property(portal, fc.integer({ min: 1, max: 60 }), fc.nat(399), (before, size, edit) => {
        const first = before.map((id) => ({ id, hash: 'a' }));
        const { memory } = sweep(first, null, size, [], true);
        expect([...sweep(first, memory, size, [], true).told]).toEqual([]);
        const second = first.map((each, index) => (index === edit % first.length ? { ...each, hash: 'b' } : each));
        const { told } = sweep(second, memory, size + 3, [], true);
        for (const { id, hash } of second) if (hash === 'b') expect(told).toContain(id);
      }),
    );
  });

  test('what was emitted in between counts as changed once, and is known', () => {
    const records = Array.from({ length: 40 }, (_, i) => ({ id: String(100 + i), hash: 'a' }));
    const { memory } = sweep(records, null, 7, []);
    const runs = open(memory);
    runs.note('105');
    runs.note('500');
    const noted = runs.toJson();
    if (keepsIds) {
      expect([...open(noted).known('138')].map(({ id }) => id)).toEqual(['139', '500']);
      expect([...open(noted).known('0')]).toHaveLength(41);
    }
    const { told, memory: then } = sweep(records, noted, 9, []);
    expect([...told].sort()).toEqual(records.slice(0, 10).map(({ id }) => id));
    expect(then?.since).toBe('');
    expect([...sweep(records, then, 9, []).told]).toEqual([]);
  });
});

test('another salt, or a text of another form: everything counts as changed, and ids are still known', () => {
  const records = Array.from({ length: 25 }, (_, i) => ({ id: String(1 + i), hash: 'a' }));
  const runs = new ContentRuns('one', true, null);
  runs.take(records, { after: '0', upTo: null });
  runs.settle();
  const memory = runs.toJson();
  const other = new ContentRuns('two', true, memory);
  expect(other.hasHashes).toBe(false);
  expect([...other.known('20')].map(({ id }) => id)).toEqual(['21', '22', '23', '24', '25']);
  expect(other.take(records, { after: '0', upTo: null })).toHaveLength(25);
  const broken = new ContentRuns('one', true, { ...memory, runs: 'x!y' });
  expect(broken.take(records, { after: '0', upTo: null })).toHaveLength(25);
  expect(new ContentRuns('one', true, memory).take(records, { after: '0', upTo: null })).toEqual([]);
});
