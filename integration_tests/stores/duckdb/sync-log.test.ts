import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { query } from '../../support/duckdb.js';
import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { syncLogBehaviours } from '../sync-log.js';

const warehouse = new DuckDbWarehouse();
const page = fileURLToPath(new URL('../../../docs/monitoring.md', import.meta.url));

syncLogBehaviours(warehouse, async () => {
  const queries = [...readFileSync(page, 'utf8').matchAll(/```sql\n(SELECT[\s\S]*?)```/g)].map(([, sql = '']) => sql);
  expect(queries).toHaveLength(3);
  return Promise.all(queries.map((sql) => query(warehouse.config().path, sql)));
});
