import { EVERYTHING, WarehouseRows } from '../../src/commands/verify/warehouse-rows.js';
import { freshForEach } from '../support/fresh.js';
import { loadBatches, openFor } from '../support/loading.js';
import type { TestWarehouse } from '../support/test-warehouse.js';

const AT = '2026-03-01T00:00:00Z';

/** How verifications tell rows apart and divide them, in every warehouse. */
export function tableRowBehaviours(warehouse: TestWarehouse): void {
  const fresh = freshForEach(warehouse);

  async function rowsOf<T>(
    records: readonly Record<string, string>[],
    key: readonly string[],
    ask: (rows: WarehouseRows) => Promise<T>,
  ) {
    const properties = Object.fromEntries([...key, 'updatedAt'].map((name) => [name, { type: 'string' }]));
    const options = { stream: 'things', properties, key: [...key] };
    const batch = records.map((data) => ({ data: { updatedAt: AT, ...data }, emittedAt: 1 }));
    await loadBatches(warehouse, fresh.folder, [batch], options);
    const { store, target } = await openFor(warehouse, options);
    try {
      const reader = await store.reader(target);
      if (!reader) throw new Error('there is no table to read');
      return await ask(new WarehouseRows(reader));
    } finally {
      await store.close();
    }
  }

  test('ids with quotes, backslashes and line ends are found as they are', async () => {
    const ids = ["it's", 'a\\b', "\\'", 'two\nlines', 'plain'];
    const found = await rowsOf(
      ids.map((id) => ({ id })),
      ['id'],
      async (rows) => [...(await rows.find([...ids, "it''s", 'a\\\\b'])).keys()],
    );
    expect(found.sort()).toEqual([...ids].sort());
  });

  test('keys of several columns that read alike are of several rows', async () => {
    const pairs = [
      { from: 'a', to: 'b,c' },
      { from: 'a,b', to: 'c' },
      { from: 'a","b', to: 'c' },
      { from: 'a', to: 'b","c' },
    ];
    const keys = pairs.map(({ from, to }) => `["${from.replaceAll('"', '""')}","${to.replaceAll('"', '""')}"]`);
    const found = await rowsOf(pairs, ['from', 'to'], async (rows) => [...(await rows.find(keys)).keys()]);
    expect(found.sort()).toEqual([...keys].sort());
    expect(new Set(found).size).toBe(pairs.length);
  });

  test.each([[[1, 9]], [[9, 1]], [[1, 9, 1]], [[4, 9]], [[1, 1]]])(
    'rows of several instants are divided, however many of them are of one: %j',
    async (counts) => {
      const records = counts.flatMap((count, instant) =>
        Array.from({ length: count }, (_, i) => ({
          id: String(100 * instant + i),
          updatedAt: `2026-03-0${instant + 1}T00:00:00Z`,
        })),
      );
      const [parts = []] = await rowsOf(records, ['id'], (rows) => rows.divide([EVERYTHING], 2));
      const sizes = parts.map(({ rows }) => rows);
      expect(sizes).toHaveLength(2);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
      expect(sizes.reduce((sum, rows) => sum + rows)).toBe(records.length);
    },
  );
}
