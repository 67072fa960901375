import { WarehouseError } from '../../../src/errors.js';
import { DuckDbStore } from '../../../src/warehouse/duckdb/store.js';
import { SYNCS } from '../../../src/warehouse/syncs.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { freshForEach } from '../../support/fresh.js';

const warehouse = new DuckDbWarehouse();
freshForEach(warehouse);

const state = { pipeline: 'crm', stream: 'contacts', state: {}, refresh: null };

test.each<[string, string, (store: DuckDbStore) => Promise<unknown>]>([
  ['_HUBFLAKE_STATE', 'Keeping states in _HUBFLAKE_STATE', (store) => store.keepStates([state])],
  ['_HUBFLAKE_SYNCS', 'Writing to _HUBFLAKE_SYNCS', (store) => store.log(SYNCS, [])],
])(
  "what DuckDB says of hubflake's own table %s, where a view has its place, is an error of the warehouse: %s",
  async (table, doing, act) => {
    const { path } = warehouse.config();
    await warehouse.execute(`CREATE VIEW {table} AS SELECT 1 AS mine`, table);
    const store = new DuckDbStore(warehouse.config());
    await store.open();
    const error = await act(store).then(
      () => null,
      (caught: unknown) => caught,
    );
    await store.close();
    expect(error).toBeInstanceOf(WarehouseError);
    expect((error as Error).message).toMatch(`${doing} in ${path} failed: `);
  },
);
