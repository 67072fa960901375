import { jest } from '@jest/globals';
import { BatchWriter } from '../../../src/warehouse/duckdb/batch-writer.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { loadBatches } from '../../support/loading.js';
import { extracted, type Item, KEY, KEYWORDS, modelOf, PROPERTIES, removalBehaviours } from '../removals.js';

const removed = new DuckDbWarehouse();
removalBehaviours(removed, 60, {
  points: ['after-remove', 'after-write', 'before-commit', 'after-commit'],
  destination: () => removed.destination(),
});

describe('where a batch does not fit into memory', () => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);
  afterEach(() => void jest.restoreAllMocks());

  test.each(['append_dedup', 'overwrite'] as const)(
    'its parts (%s) make what it would make as a whole',
    async (mode) => {
      const rows = Array.from({ length: 400 }, (_, i): Item => [i % 7, i % 5, `${i}`]);
      const items = rows.flatMap((row, i): Item[] => (i % 23 === 0 ? [[row[0]], row] : [row]));
      const real = BatchWriter.prototype.write;
      const tried: number[] = [];
      jest.spyOn(BatchWriter.prototype, 'write').mockImplementation(async function (this: BatchWriter, way, grouped) {
        tried.push(grouped.batch.rows);
        if (grouped.batch.rows > 60) throw new Error('Out of Memory Error: failed to allocate data of size 256.0 KiB');
        return real.call(this, way, grouped);
      });
      const options = { stream: 't', properties: PROPERTIES, keywords: KEYWORDS, key: KEY, cursor: null, mode };
      await loadBatches(warehouse, fresh.folder, [items.map(extracted)], options);
      expect(tried.filter((rows) => rows <= 60).length).toBeGreaterThan(6);
      const found = await warehouse.rows('t', { deal: 'number', company: 'number', label: 'text' });
      expect(found.map(({ deal, company, label }) => `${deal}-${company}: ${label}`).sort()).toEqual(
        modelOf(items, mode),
      );
    },
  );
});
