import { jest } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/protocol/messages.js';
import { NotAllNew } from '../../../src/warehouse/duckdb/batch.js';
import { BatchWriter } from '../../../src/warehouse/duckdb/batch-writer.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';
import { type Extracted, loadBatches } from '../../support/loading.js';
import { randomRuns } from '../../support/schedules/random-runs.js';

const PROPERTIES: JsonObject = {
  id: { type: ['null', 'string'] },
  name: { type: ['null', 'string'] },
  updatedAt: { type: ['null', 'string'], format: 'date-time' },
  _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time' },
};

const at = (day: number) => new Date(Date.UTC(2024, 0, day)).toISOString();

const version: fc.Arbitrary<Extracted> = fc
  .record({
    id: fc.constantFrom('1', '2', '3', '4'),
    name: fc.constantFrom('a', 'b', null),
    day: fc.integer({ min: 1, max: 4 }),
    seenOn: fc.integer({ min: 5, max: 8 }),
    isDeleted: fc.boolean(),
  })
  .map(({ id, name, day, seenOn, isDeleted }) => {
    const rest: JsonObject = isDeleted ? { _ab_cdc_deleted_at: at(day) } : { name };
    return { data: { id, updatedAt: at(day), ...rest }, emittedAt: Date.UTC(2024, 0, seenOn) };
  });
const batches = fc.array(fc.array(version, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 });

/** How a batch is written, and how its records are read, is a matter of cost alone. */
describe.each(['typed', 'raw'] as const)('the ways of writing a batch, %s', (tableForm) => {
  const warehouse = new DuckDbWarehouse();
  const fresh = freshForEach(warehouse);

  async function written(given: Extracted[][], hardDeletes: boolean, properties = PROPERTIES): Promise<unknown[]> {
    await warehouse.begin();
    await loadBatches(warehouse, fresh.folder, given, { stream: 't', properties, tableForm, hardDeletes });
    if ((await warehouse.tables()).every((name) => name !== 't')) return [];
    const fields = { id: 'text', name: 'text', updatedAt: 'instant', _ab_cdc_deleted_at: 'instant' } as const;
    return warehouse.rows(tableForm === 'raw' ? 't_VIEW' : 't', { ...fields, _airbyte_extracted_at: 'instant' });
  }

  afterEach(() => void jest.restoreAllMocks());

  test.each([true, false])('leave the same rows; hard deletes: %s', async (hardDeletes) => {
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const usual = await written(given, hardDeletes);
        // A struct cannot have both.
        expect(await written(given, hardDeletes, { ...PROPERTIES, NAME: { type: 'string' } })).toEqual(usual);
        const forced = jest.spyOn(BatchWriter.prototype, 'append').mockRejectedValue(new NotAllNew());
        const replaced = await written(given, hardDeletes);
        forced.mockRestore();
        expect(replaced).toEqual(usual);
      }),
      randomRuns(8),
    );
  });

  test('an error of ours is no reason to try another way, and no fault of the database', async () => {
    const write = jest.spyOn(BatchWriter.prototype, 'append').mockRejectedValue(new TypeError('x is not a function'));
    const one = { data: { id: '1', name: 'a', updatedAt: at(1) }, emittedAt: Date.UTC(2024, 0, 5) };
    await expect(written([[one]], true)).rejects.toMatchObject({ code: 'HF-INTERNAL', kind: 'system_error' });
    expect(write).toHaveBeenCalledTimes(1);
  });

  test('a version between two rows that share its key, as appending leaves them, is no update and no row more', async () => {
    const load = (day: number) => {
      const batch = [{ data: { id: '1', updatedAt: at(day) }, emittedAt: Date.UTC(2024, 0, 9) }];
      return loadBatches(warehouse, fresh.folder, [batch], { stream: 't', properties: PROPERTIES, tableForm });
    };
    await load(1);
    const later =
      tableForm === 'raw'
        ? `replace("PAYLOAD"::VARCHAR, '-01T', '-05T')::JSON AS "PAYLOAD"`
        : `'${at(5)}'::TIMESTAMPTZ AS "updatedAt"`;
    await warehouse.execute(`INSERT INTO {table} SELECT * REPLACE (${later}) FROM {table}`, 't');
    expect(await load(3)).toMatchObject({ inserted: 0, updated: 0 });
    expect(await warehouse.rows(tableForm === 'raw' ? 't_VIEW' : 't', { updatedAt: 'instant' })).toContainEqual({
      updatedAt: at(5),
    });
  });
});
