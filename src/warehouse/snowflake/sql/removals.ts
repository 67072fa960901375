import type { Column } from '../../target.js';
import { groupNames, removals } from './lines.js';
import type { Batch } from './rows.js';

/** Takes the rows away that the batch's removals name. @param rowValue what a row `t` has for a column */
export function removeRows(batch: Batch, table: string, rowValue: (column: Column) => string): string {
  const names = groupNames(batch);
  const same = batch.mapping.removedBy.map((column, i) => `${rowValue(column)} = s.${names[i]}`).join(' AND ');
  const named = `SELECT DISTINCT ${names.join(', ')} FROM (${removals(batch)})`;
  return `MERGE INTO ${table} t USING (${named}) s ON ${same} WHEN MATCHED THEN DELETE`;
}
