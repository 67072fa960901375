import type { JsonObject } from '../../../src/protocol/messages.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { type Extracted, loadBatches } from '../../support/loading.js';
import { deletionBehaviours } from '../deletions.js';

deletionBehaviours(new DuckDbWarehouse(), ['after-write', 'before-commit', 'after-commit']);

/** Rows of fields whose names differ by case only are merged from the lines, not replaced. */
describe('where rows are merged', () => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);
  const properties: JsonObject = {
    id: { type: ['null', 'string'] },
    name: { type: ['null', 'string'] },
    NAME: { type: ['null', 'string'] },
    updatedAt: { type: ['null', 'string'], format: 'date-time' },
    _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' },
  };
  const version = (id: string, day: number, more: JsonObject = {}): Extracted => ({
    data: { id, name: `of day ${day}`, updatedAt: `2024-01-0${day}T00:00:00Z`, ...more },
    emittedAt: Date.UTC(2024, 0, day),
  });
  const load = (batch: Extracted[]) =>
    loadBatches(warehouse, fresh.folder, [batch], { stream: 't', properties, hardDeletes: true });

  test('a version that is older than the deletion does not come back; a newer one does', async () => {
    await load([version('1', 1), version('2', 1)]);
    expect(await load([version('1', 5, { _ab_cdc_deleted_at: '2024-01-05T00:00:00Z' })])).toMatchObject({ marked: 1 });
    await load([version('1', 4), version('2', 4)]);
    expect(await warehouse.rows('t', { id: 'text', name: 'text' })).toEqual([{ id: '2', name: 'of day 4' }]);
    await load([version('1', 6)]);
    expect(await warehouse.rows('t', { id: 'text' })).toEqual([{ id: '1' }, { id: '2' }]);
  });
});
