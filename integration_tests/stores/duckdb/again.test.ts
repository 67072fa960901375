import fc from 'fast-check';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { type Extracted, type LoadOptions, loadBatches } from '../../support/loading.js';
import { randomRuns } from '../../support/schedules/random-runs.js';

const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  name: { type: ['null', 'string'] },
  amount: { type: ['null', 'number'] },
  isOpen: { type: ['null', 'boolean'] },
  more: { type: ['null', 'object'] },
};

const EARLIER = 1_700_000_000_000;
const LATER = EARLIER + 60_000;

/** Rows that come again, most of them as they are: a first load that is repeated, the part of an increment that is read twice. */
describe('rows that come again', () => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);

  const load = (batches: Extracted[][], options: Partial<LoadOptions> = {}) =>
    loadBatches(warehouse, fresh.folder, batches, { stream: 't', properties: PROPERTIES, ...options });

  const record = (id: string, others: JsonObject = {}, emittedAt = EARLIER): Extracted => ({
    data: {
      id,
      updatedAt: '2024-01-01T00:00:00Z',
      name: `name ${id}`,
      amount: 1.5,
      isOpen: true,
      more: { a: 1 },
      ...others,
    },
    emittedAt,
  });

  const expectUpdated = async (batch: Extracted[], options: Partial<LoadOptions> = {}) =>
    expect(await load([batch], options)).toMatchObject({ inserted: 0, updated: batch.length });

  test.each(['typed', 'raw'] as const)('have the metadata of their new version, %s', async (tableForm) => {
    await load([[record('a'), record('b'), record('c')]], { tableForm });
    const before = await warehouse.rows('t', { _airbyte_raw_id: 'text' });
    const batch = [record('a', {}, LATER), record('b', { name: 'another' }, LATER), record('c', {}, LATER)];
    await expectUpdated(batch, { generation: 7, tableForm });
    const rows = await warehouse.rows('t', {
      _airbyte_raw_id: 'text',
      _airbyte_extracted_at: 'instant',
      _airbyte_generation_id: 'number',
    });
    const at = new Date(LATER).toISOString();
    expect(rows).toMatchObject(batch.map(() => ({ _airbyte_extracted_at: at, _airbyte_generation_id: 7 })));
    expect(new Set([...before, ...rows].map(({ _airbyte_raw_id }) => _airbyte_raw_id)).size).toBe(6);
    expect(await warehouse.rows(tableForm === 'raw' ? 't_VIEW' : 't', { id: 'text', name: 'text' })).toEqual([
      { id: 'a', name: 'name a' },
      { id: 'b', name: 'another' },
      { id: 'c', name: 'name c' },
    ]);
  });

  test('a version of the time in between is older than what was seen again since', async () => {
    await load([[record('a')], [record('a', {}, LATER)], [record('a', { name: 'in between' }, EARLIER + 1)]]);
    expect(await warehouse.rows('t', { name: 'text' })).toEqual([{ name: 'name a' }]);
  });

  test.each([
    ['a text that is empty now', { name: null }, { name: '' }],
    ['a text that is none now', { name: '' }, { name: null }],
    ['a number', { amount: 1 }, { amount: 1.0000000001 }],
    ['false instead of nothing', { isOpen: null }, { isOpen: false }],
    ['a member of an object', { more: { a: 1, b: null } }, { more: { a: 1 } }],
    ['two values that have changed places', { name: '1', amount: 2 }, { name: '2', amount: 1 }],
  ])('%s is a change, though the cursor is the same', async (_, one, other) => {
    await load([[record('a', one), record('b', one)]]);
    await expectUpdated([record('a', other), record('b', one)]);
    const [first, second] = await warehouse.rows('t', {
      id: 'text',
      name: 'text',
      amount: 'number',
      isOpen: 'boolean',
      more: 'json',
    });
    expect(first).toMatchObject(other);
    expect(second).toMatchObject(one);
  });

  test('beside a tombstone, which marks its row and changes nothing else, rows are written as without', async () => {
    const properties = { ...PROPERTIES, archived: { type: ['null', 'boolean'], hubflake_tombstone: true } };
    await load([[record('a'), record('b'), record('c')]], { properties });
    const tombstone: Extracted = {
      data: { id: 'c', updatedAt: '2024-02-01T00:00:00Z', archived: true },
      emittedAt: LATER,
    };
    const batch = [record('a', {}, LATER), record('b', { name: 'another' }, LATER), tombstone, record('d', {}, LATER)];
    expect(await load([batch], { properties })).toMatchObject({ inserted: 1, updated: 2, marked: 1 });
    expect(await warehouse.rows('t', { id: 'text', name: 'text', archived: 'boolean' })).toEqual([
      { id: 'a', name: 'name a', archived: null },
      { id: 'b', name: 'another', archived: null },
      { id: 'c', name: 'name c', archived: true },
      { id: 'd', name: 'name d', archived: null },
    ]);
  });

  test('a value that the stream has no more is taken away', async () => {
    await load([[record('a'), record('b', { name: null })]]);
    const { name: _, ...properties } = PROPERTIES;
    const without = ({ data, emittedAt }: Extracted): Extracted => {
      const { name: __, ...rest } = data;
      return { data: rest, emittedAt };
    };
    await expectUpdated([record('a'), record('b')].map(without), { properties });
    expect(await warehouse.rows('t', { id: 'text', name: 'text' })).toEqual([
      { id: 'a', name: null },
      { id: 'b', name: null },
    ]);
  });

  test('several rows of one key become one, though the new version is as one of them', async () => {
    await load([[record('a'), record('b')]]);
    await warehouse.execute("INSERT INTO {table} SELECT * FROM {table} WHERE id = 'a'", 't');
    await load([[record('a'), record('b')]]);
    expect(await warehouse.rows('t', { id: 'text' })).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  describe('of a large batch', () => {
    const MANY = 3000;
    const all = (change: (i: number) => JsonObject, emittedAt = EARLIER) =>
      Array.from({ length: MANY }, (_, i) => record(String(i), change(i), emittedAt));

    test.each([
      ['none has changed', 0],
      ['every third has changed', 3],
      ['each has changed', 1],
    ])('%s, and none has another cursor', async (_, each) => {
      await load([all(() => ({}))]);
      const isChanged = (i: number) => each > 0 && i % each === 0;
      const batch = all((i): JsonObject => (isChanged(i) ? { amount: i } : {}), LATER);
      await expectUpdated(batch);
      const rows = await warehouse.rows('t', { id: 'text', amount: 'number', _airbyte_extracted_at: 'instant' });
      const at = new Date(LATER).toISOString();
      expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
        new Set(batch.map(({ data: { id, amount } }) => JSON.stringify({ id, amount, _airbyte_extracted_at: at }))),
      );
    });
  });

  /** Few values, so that most versions say the same as the one before. */
  const version = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    cursor: fc.constantFrom(null, '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'),
    extracted: fc.integer({ min: 1, max: 4 }),
    name: fc.constantFrom(null, '', 'x'),
    isOpen: fc.constantFrom(null, true, false),
    amount: fc.constantFrom<unknown>(null, 0, 1, 'no number'),
  });

  test('whatever comes, each row has the values and the time of its newest version', async () => {
    let tables = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(version, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 6 }),
        fc.boolean(),
        async (batches, hasCursor) => {
          tables += 1;
          const stream = `t${tables}`;
          await loadBatches(
            warehouse,
            fresh.folder,
            batches.map((batch) =>
              batch.map(({ key, cursor, extracted, ...values }) => ({
                data: { id: key, updatedAt: cursor, ...values } as JsonObject,
                emittedAt: EARLIER + extracted,
              })),
            ),
            { stream, properties: PROPERTIES, cursor: hasCursor ? 'updatedAt' : null },
          );
          const newest = new Map<string, (typeof batches)[0][0]>();
          const age = ({ cursor, extracted }: (typeof batches)[0][0]) =>
            `${hasCursor ? (cursor ?? '') : ''} ${extracted}`;
          for (const each of batches.flat()) {
            const known = newest.get(each.key);
            if (known === undefined || age(each) >= age(known)) newest.set(each.key, each);
          }
          const rows = await warehouse.rows(stream, {
            id: 'text',
            updatedAt: 'instant',
            name: 'text',
            isOpen: 'boolean',
            amount: 'number',
            _airbyte_extracted_at: 'instant',
            _airbyte_meta: 'json',
          });
          expect(
            rows.map(({ _airbyte_meta, ...row }) => ({
              ...row,
              notes: ((_airbyte_meta as JsonObject).changes as unknown[]).length,
            })),
          ).toEqual(
            [...newest.values()]
              .sort((a, b) => (a.key < b.key ? -1 : 1))
              .map(({ key, cursor, extracted, name, isOpen, amount }) => ({
                id: key,
                updatedAt: cursor === null ? null : new Date(cursor).toISOString(),
                name,
                isOpen,
                amount: typeof amount === 'number' ? amount : null,
                _airbyte_extracted_at: new Date(EARLIER + extracted).toISOString(),
                notes: amount === 'no number' ? 1 : 0,
              })),
          );
        },
      ),
      randomRuns(60),
    );
  });
});
