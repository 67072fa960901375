import { jest } from '@jest/globals';
import fc from 'fast-check';
import { log } from '../../src/log.js';
import type { JsonObject } from '../../src/protocol/messages.js';
import { REMOVES } from '../../src/warehouse/schema-keywords.js';
import { freshForEach } from '../support/fresh.js';
import { type LoadOptions, loadBatches, openFor } from '../support/loading.js';
import { randomRuns } from '../support/schedules/random-runs.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const INSTANT: JsonObject = { type: ['null', 'string'], format: 'date-time' };
const PROPERTIES: JsonObject = {
  id: { type: ['null', 'integer'] },
  property: { type: ['null', 'string'] },
  at: INSTANT,
  value: { type: ['null', 'string'] },
  valid_from: INSTANT,
  valid_to: INSTANT,
  is_current: { type: ['null', 'boolean'] },
};
const VALIDITY = {
  of: ['id', 'property'],
  by: 'at',
  from: 'valid_from',
  to: 'valid_to',
  current: 'is_current',
};
const KEY = ['id', 'property', 'at'];
const NEVER = '9999-12-31T23:59:59.999Z';

/** A version: of which record, and on which day of January 2024 it begins; null: it is not known. */
type Version = [id: number, day: number | null, more?: JsonObject];

const instant = (day: number | null) => (day === null ? null : new Date(Date.UTC(2024, 0, day)).toISOString());

function recordOf([id, day, more = {}]: Version): JsonObject {
  // As if it were the only one, which is wrong as soon as another comes.
  const told = { valid_from: instant(day), valid_to: null, is_current: true };
  return { id, property: 'stage', at: instant(day), value: `of day ${day}`, ...told, ...more };
}

/** Validity, in every store: behind each batch, the rows of each group say when the next one begins. */
export function validityBehaviours(warehouse: TestWarehouse, histories: number): void {
  const fresh = freshForEach(warehouse);
  let tables = 0;

  const load = (batches: Version[][], validity: JsonObject = {}, options: Partial<LoadOptions> = {}) =>
    loadBatches(
      warehouse,
      fresh.folder,
      batches.map((batch) => batch.map((version) => ({ data: recordOf(version), emittedAt: 1_700_000_000_000 }))),
      {
        stream: 't',
        properties: PROPERTIES,
        keywords: { hubflake_validity: { ...VALIDITY, ...validity } },
        key: KEY,
        cursor: null,
        ...options,
      },
    );

  const FIELDS = { id: 'number', property: 'text', at: 'instant', valid_from: 'instant' } as const;
  const all = (stream = 't') => warehouse.rows(stream, { ...FIELDS, valid_to: 'instant', is_current: 'boolean' });

  /** The rows as `id: from → to`, those that hold now with a star; instants of January 2024 by their days. */
  async function found(stream = 't'): Promise<string[]> {
    const rows = await all(stream);
    return rows
      .map((row) => `${row.id}: ${dayOf(row.valid_from)} → ${dayOf(row.valid_to)}${row.is_current ? ' *' : ''}`)
      .sort();
  }

  test('each row ends where the next of its group begins, in whatever order and batches they come', async () => {
    const result = await load([
      [
        [1, 3],
        [1, 1],
        [2, 2],
        [1, 2, { property: 'owner' }],
      ],
      [[1, 5]],
    ]);
    expect(result).toMatchObject({ inserted: 5, updated: 0, marked: 0, removed: 0 });
    expect(await found()).toEqual(['1: 1 → 3', '1: 2 → null *', '1: 3 → 5', '1: 5 → null *', '2: 2 → null *']);
  });

  test('a version that comes late, and one that was lost, come right', async () => {
    await load([[[1, 1]], [[1, 9]]]);
    await load([
      [
        [1, 4],
        [1, 6],
      ],
    ]);
    expect(await found()).toEqual(['1: 1 → 4', '1: 4 → 6', '1: 6 → 9', '1: 9 → null *']);
    await load([[[1, 0]]]);
    expect((await found())[0]).toBe('1: 0 → 1');
  });

  test('a batch that comes twice changes nothing', async () => {
    const batch: Version[] = [
      [1, 1],
      [1, 3],
      [2, 1],
    ];
    await load([batch, batch]);
    const before = await all();
    await load([batch]);
    expect(await all()).toEqual(before);
    expect(await found()).toEqual(['1: 1 → 3', '1: 3 → null *', '2: 1 → null *']);
  });

  test('a gap, and an end that is open by an instant', async () => {
    await load(
      [
        [
          [1, 1],
          [1, 3],
        ],
      ],
      { gap_ms: 1, open: NEVER },
    );
    expect((await all()).map(({ valid_to, is_current }) => [valid_to, is_current])).toEqual([
      ['2024-01-02T23:59:59.999Z', false],
      [NEVER, true],
    ]);
    // Thirty days have more milliseconds than 32 bits hold.
    await load([[[1, 40]]], { gap_ms: 30 * 86_400_000, open: NEVER });
    expect((await found()).slice(0, 2)).toEqual(['1: 1 → -27', '1: 3 → 10']);
  });

  test('instants without a zone', async () => {
    const instants = ['at', 'valid_from', 'valid_to'];
    const local = instants.map((name) => [name, { ...INSTANT, airbyte_type: 'timestamp_without_timezone' }]);
    const properties = { ...PROPERTIES, ...Object.fromEntries(local) };
    const batch: Version[] = [
      [1, 1],
      [1, 3],
    ];
    await load([batch], { gap_ms: 1, open: NEVER }, { properties });
    const rows = await warehouse.rows('t', { valid_from: 'text', valid_to: 'text', is_current: 'boolean' });
    expect(
      rows.map(({ valid_from, valid_to, is_current }) => [timeOf(valid_from), timeOf(valid_to), is_current]),
    ).toEqual([
      ['2024-01-01 00:00:00', '2024-01-02 23:59:59.999', false],
      ['2024-01-03 00:00:00', '9999-12-31 23:59:59.999', true],
    ]);
  });

  test('"from" may be what the rows go by', async () => {
    const { valid_from: _, ...properties } = PROPERTIES;
    await load(
      [
        [
          [1, 4],
          [1, 1],
        ],
      ],
      { from: 'at' },
      { properties },
    );
    const rows = await warehouse.rows('t', { at: 'instant', valid_to: 'instant', is_current: 'boolean' });
    expect(rows.map(({ at, valid_to, is_current }) => [dayOf(at), dayOf(valid_to), is_current])).toEqual([
      ['1', '4', false],
      ['4', 'null', true],
    ]);
  });

  test('rows without an instant, and groups that a batch is not about, stay as they are', async () => {
    const wrong = { valid_from: instant(20), valid_to: instant(21), is_current: false };
    await load(
      [
        [
          [1, 1, wrong],
          [2, 1, wrong],
          [3, null, wrong],
        ],
      ],
      {},
      { keywords: {} },
    );
    await load([
      [
        [1, 2],
        [3, 5],
        [3, null, wrong],
      ],
    ]);
    expect(await found()).toEqual(['1: 1 → 2', '1: 2 → null *', '2: 20 → 21', '3: 20 → 21', '3: 5 → null *']);
  });

  test.each(['append_dedup', 'overwrite'] as const)('in a refresh (%s), what is collected is dated', async (mode) => {
    const of = (generation: number) => ({ mode, generation, minimumGeneration: generation });
    await load(
      [
        [
          [1, 9],
          [1, 8],
        ],
      ],
      {},
      of(1),
    );
    await load([[[1, 3]], [[1, 1]]], {}, { ...of(2), complete: false }).catch(() => undefined);
    expect(await found()).toEqual(['1: 8 → 9', '1: 9 → null *']);
    await load([[[1, 2]]], {}, of(2));
    expect(await found()).toEqual(['1: 1 → 2', '1: 2 → 3', '1: 3 → null *']);
  });

  test('in overwrite rows are dated, in append they stay as they came', async () => {
    const batch: Version[] = [
      [1, 3],
      [1, 1],
    ];
    await load([batch], {}, { mode: 'overwrite', stream: 'anew' });
    await load([batch], {}, { mode: 'append', stream: 'seen' });
    expect(await found('anew')).toEqual(['1: 1 → 3', '1: 3 → null *']);
    expect(await found('seen')).toEqual(['1: 1 → null *', '1: 3 → null *']);
  });

  test('where removals take versions away, the one before goes on', async () => {
    const keywords = (by: string[]) => ({ keywords: { hubflake_removes: { by }, hubflake_validity: VALIDITY } });
    const version: Version[] = [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
    ];
    await load([version], {}, keywords(KEY));
    const removal: Version = [1, 2, { [REMOVES]: true }];
    for (const batch of [[removal], [removal, [1, 2] as Version, removal]]) {
      await load([batch], {}, keywords(KEY));
      expect(await found()).toEqual(['1: 1 → 3', '1: 3 → null *', '2: 1 → 2', '2: 2 → null *']);
    }
    await load(
      [
        [
          [2, 9, { [REMOVES]: true }],
          [2, 5],
          [2, 4],
        ],
      ],
      {},
      keywords(['id']),
    );
    expect(await found()).toEqual(['1: 1 → 3', '1: 3 → null *', '2: 4 → 5', '2: 5 → null *']);
  });

  test('plan shows how they are dated', async () => {
    const keywords = { hubflake_validity: VALIDITY };
    const options = { stream: 't', properties: PROPERTIES, keywords, key: KEY, cursor: null };
    const { store, target } = await openFor(warehouse, options);
    const { statements } = await store.preview(target);
    await store.close();
    expect(statements.filter((text) => /LEAD\(/i.test(text))).toHaveLength(1);
  });

  test('in raw tables they are what the records say, and that is said', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => undefined);
    await load(
      [
        [
          [1, 3],
          [1, 1],
        ],
        [[1, 2]],
      ],
      {},
      { tableForm: 'raw' },
    );
    const said = warn.mock.calls.map(([message]) => message).filter((message) => message.includes('raw tables'));
    warn.mockRestore();
    expect(said).toHaveLength(1);
    expect(await found('t_VIEW')).toEqual(['1: 1 → null *', '1: 2 → null *', '1: 3 → null *']);
  });

  test('whatever comes, each group has one row that holds, and no instant twice', async () => {
    const version = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 9 }));
    const batches = fc.array(fc.array(version, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        tables += 1;
        const stream = `t${tables}`;
        await load(given, {}, { stream });
        expect(await found(stream)).toEqual(modelOf(given.flat()));
      }),
      randomRuns(histories),
    );
  });
}

function dayOf(value: unknown): string {
  return value === null ? 'null' : String((Date.parse(String(value)) - Date.UTC(2023, 11, 31)) / 86_400_000);
}

/** A time's text without the zeros at its end. */
function timeOf(text: unknown): string {
  return String(text).replace(/\.?0+$/, (zeros) => (zeros.startsWith('.') ? '' : zeros));
}

function modelOf(versions: readonly (readonly [number, number])[]): string[] {
  return [1, 2]
    .flatMap((id) => {
      const days = [...new Set(versions.filter(([of]) => of === id).map(([, day]) => day))].sort((a, b) => a - b);
      return days.map((day, i) => `${id}: ${day} → ${days[i + 1] ?? 'null *'}`);
    })
    .sort();
}
