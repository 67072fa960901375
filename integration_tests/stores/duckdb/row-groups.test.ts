import { ROWS_OF_GROUP } from '../../../src/warehouse/duckdb/database.js';
import { Loader } from '../../../src/warehouse/loader/loader.js';
import { query } from '../../support/duckdb.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { openFor } from '../../support/loading.js';

const ROWS = 75_000;
const PROPERTIES = { id: { type: 'string' }, updatedAt: { type: ['null', 'string'], format: 'date-time' } };
/** What a spooled line has beside its record, about. */
const REST_OF_LINE = 50;

const warehouse = new DuckDbWarehouse();
const fresh = freshForEach(warehouse);

/** Loads many rows, with a commit for about so many. @returns how many rows each row group has, and the blocks of the file that hold nothing */
async function groupsAfter(rowsOfCommit: number): Promise<{ rows: number[]; freeBlocks: number }> {
  const data = (row: number) =>
    Buffer.from(JSON.stringify({ id: `${1e9 + row}`, updatedAt: '2026-03-01T00:00:00.000Z', filler: 'x'.repeat(300) }));
  const { store, target } = await openFor(warehouse, { stream: 'things', properties: PROPERTIES });
  const loader = new Loader(store, [target], {
    spoolDir: fresh.folder.path,
    flushBytes: rowsOfCommit * (data(0).length + REST_OF_LINE),
    flushMilliseconds: 1e6,
    spoolMaxBytes: 1e9,
    pipeline: null,
  });
  try {
    for (let row = 0; row < ROWS; row += 100) {
      const page = Array.from({ length: 100 }, (_, i) => ({ data: data(row + i), emittedAt: 1e12, changes: null }));
      await loader.records('things', page);
    }
    loader.complete('things');
    const [result] = await loader.finish();
    expect(result).toMatchObject({ error: null, records: ROWS });
  } finally {
    loader.close();
    await store.close();
  }
  const counted = await query(
    warehouse.config().path,
    `SELECT SUM(count) AS n FROM pragma_storage_info('things') WHERE column_name = 'id' AND segment_type <> 'VALIDITY' GROUP BY row_group_id ORDER BY row_group_id`,
  );
  const [size] = await query(warehouse.config().path, 'SELECT free_blocks FROM pragma_database_size()');
  return { rows: counted.map(({ n }) => Number(n)), freeBlocks: Number(size?.free_blocks) };
}

test.each([1.01, 1.2, 1.3, 1.45, 2.1, 2.4])(
  'of commits that hold %f row groups, none leaves a short one that is compressed again',
  async (groups) => {
    const { rows, freeBlocks } = await groupsAfter(groups * ROWS_OF_GROUP);
    expect(rows.reduce((sum, n) => sum + n)).toBe(ROWS);
    // What is compressed again leaves the blocks that it had.
    expect(freeBlocks).toBe(0);
    // The last commit has what is left.
    for (const n of rows.slice(0, -1)) expect(n).toBeGreaterThan(0.5 * ROWS_OF_GROUP);
  },
);
