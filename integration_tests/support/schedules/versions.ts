import fc from 'fast-check';
import type { JsonObject } from '../../../src/protocol/messages.js';
import type { Extracted } from '../loading.js';

/**
 * Versions of a few rows on their way to a table in any order, and what becomes of the table: the oracle for the one order
 * (docs/decisions/0011-deleted-rows.md). Written without a look at how the stores do it.
 */

/** What the stream's schema is in a run: without the field, or with it as one type or the other. */
type Shape = 'plain' | 'text' | 'number';

export interface Version {
  key: number;
  /** null: no cursor. */
  cursor: number | null;
  extracted: number;
  deletes: boolean;
  /** What tells this version's content from any other's. */
  content: number;
}

export interface Run {
  shape: Shape;
  /** Versions by their number in the pool. One may come again and again. */
  batches: number[][];
  /** The run dies at one of its batches, before or behind its commit, and is started again from there. */
  dies: { at: number; behind: boolean } | null;
}

export interface History {
  pool: Version[];
  runs: Run[];
  keys: readonly string[];
  hasCursor: boolean;
  tableForm: 'typed' | 'raw';
}

const KEYS = 3;

/** Few keys, cursors and times, so that ties and collisions are many. */
const version = fc.record({
  key: fc.nat(KEYS - 1),
  cursor: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 5 }),
  extracted: fc.integer({ min: 1, max: 3 }),
  deletes: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 2, arbitrary: fc.constant(true) }),
});

export const histories: fc.Arbitrary<History> = fc.array(version, { minLength: 2, maxLength: 9 }).chain((pool) => {
  const batch = fc.array(fc.nat(pool.length - 1), { minLength: 1, maxLength: 5 });
  const run = fc.record({
    shape: fc.constantFrom<Shape>('plain', 'text', 'number'),
    batches: fc.array(batch, { minLength: 1, maxLength: 3 }),
    dies: fc.option(fc.record({ at: fc.nat(2), behind: fc.boolean() }), { freq: 2 }),
  });
  return fc.record({
    pool: fc.constant(pool.map((each, content) => ({ ...each, content }))),
    runs: fc.array(run, { minLength: 1, maxLength: 4 }),
    keys: fc.constantFrom(['id'], ['id', 'part']),
    hasCursor: fc.boolean(),
    tableForm: fc.constantFrom<'typed' | 'raw'>('typed', 'raw'),
  });
});

/** One history in which no two versions of a key are the same age: what is left is decided by them alone, not by how they came. */
export const permutations: fc.Arbitrary<[History, History]> = fc
  .uniqueArray(version, {
    minLength: 2,
    maxLength: 9,
    selector: ({ key, cursor, extracted }) => `${key === 2} ${cursor} ${extracted}`,
  })
  .chain((pool) => {
    const all = pool.map((_, i) => i);
    const order = fc
      .tuple(
        fc.shuffledSubarray([...all, ...all, ...all.slice(0, 3)], { minLength: 2 * all.length }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 }),
      )
      // What was left out by chance comes at the end.
      .map(([some, sizes]) => split([...some, ...all.filter((i) => !some.includes(i))], sizes));
    const history = order.map(
      (batches): History => ({
        pool: pool.map((each, content) => ({ ...each, content })),
        runs: [{ shape: 'plain', batches, dies: null }],
        keys: ['id'],
        hasCursor: true,
        tableForm: 'typed',
      }),
    );
    return fc.tuple(history, history);
  });

function split(items: number[], sizes: readonly number[]): number[][] {
  const batches: number[][] = [];
  for (let at = 0, i = 0; at < items.length; i += 1) {
    const size = sizes[i] ?? items.length;
    batches.push(items.slice(at, at + size));
    at += size;
  }
  return batches;
}

/** The fields of a stream. */
export function propertiesOf(shape: Shape): JsonObject {
  return {
    id: { type: ['null', 'string'] },
    part: { type: ['null', 'integer'] },
    content: { type: 'integer' },
    updatedAt: { type: ['null', 'string'], format: 'date-time' },
    _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' },
    ...(shape === 'plain' ? {} : { extra: { type: shape === 'text' ? 'string' : 'number' } }),
  };
}

export function recordOf(version: Version, shape: Shape): Extracted {
  const updatedAt = version.cursor === null ? null : `2024-01-0${version.cursor}T00:00:00Z`;
  return {
    data: {
      // The third key is none at all.
      id: version.key === 2 ? null : 'a',
      part: version.key,
      content: version.content,
      updatedAt,
      ...(version.deletes ? { _ab_cdc_deleted_at: '2024-02-01T00:00:00Z' } : {}),
      ...(shape === 'plain' ? {} : { extra: shape === 'text' ? `x${version.content}` : version.content }),
    },
    emittedAt: 1_700_000_000_000 + version.extracted * 1000,
  };
}

/** Versions as they reach the table, one after the other, also those that come again behind a run that died. */
export function arrivals({ pool, runs }: History): { version: Version; shape: Shape }[] {
  return runs.flatMap(({ shape, batches, dies }) => {
    const first = dies === null ? batches : batches.slice(0, dies.at + (dies.behind ? 1 : 0));
    const again = dies === null ? [] : batches.slice(dies.at);
    return [...first, ...again].flat().map((i) => ({ version: pool[i] as Version, shape }));
  });
}

/** The rows that must be there: each key's content, sorted; and what a field has that not every run knew. */
export function expected(history: History): { content: number; shape: Shape }[] {
  const { hasCursor, keys } = history;
  const keyOf = ({ key }: Version) => (keys.length === 1 ? (key === 2 ? 'none' : 'a') : String(key));
  const age = ({ cursor, extracted }: Version): [number, number] => [hasCursor ? (cursor ?? 0) : 0, extracted];
  const isOlder = (one: Version, other: Version | undefined) => {
    if (other === undefined) return false;
    const [a, b] = [age(one), age(other)];
    return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
  };
  const rows = new Map<string, { version: Version; shape: Shape }>();
  const deletions = new Map<string, Version>();
  for (const { version, shape } of arrivals(history)) {
    const key = keyOf(version);
    if (isOlder(version, rows.get(key)?.version) || isOlder(version, deletions.get(key))) continue;
    if (version.deletes) {
      rows.delete(key);
      deletions.set(key, version);
    } else {
      rows.set(key, { version, shape });
    }
  }
  return [...rows.values()]
    .map(({ version, shape }) => ({ content: version.content, shape }))
    .sort((a, b) => a.content - b.content);
}

/** What each key's newest version makes of it, of versions of which no two are the same age: no order of arrival in it. */
export function newest({ pool }: History): number[] {
  const rank = ({ cursor, extracted }: Version) => (cursor ?? 0) * 10 + extracted;
  const best = new Map<string, Version>();
  for (const each of pool) {
    const key = each.key === 2 ? 'none' : 'a';
    const known = best.get(key);
    if (known === undefined || rank(each) > rank(known)) best.set(key, each);
  }
  return [...best.values()]
    .filter(({ deletes }) => !deletes)
    .map(({ content }) => content)
    .sort((a, b) => a - b);
}
