import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { syncLogBehaviours } from '../sync-log.js';

const warehouse = new StandInWarehouse();
const page = fileURLToPath(new URL('../../../docs/monitoring.md', import.meta.url));

syncLogBehaviours(warehouse, async () => {
  const queries = [...readFileSync(page, 'utf8').matchAll(/```sql\n(SELECT[\s\S]*?);\n```/g)].map(
    ([, sql = '']) => sql,
  );
  expect(queries).toHaveLength(3);
  const results: Record<string, unknown>[][] = [];
  for (const sql of queries) {
    results.push(await warehouse.query(sql.replaceAll('_HUBFLAKE_SYNCS', '"ANALYTICS"."HUBSPOT"."_HUBFLAKE_SYNCS"')));
  }
  return results;
});
