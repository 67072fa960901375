import { parseKeptTable } from '../kept-table.js';
import type { Kept, KeptState } from '../store.js';

/** What is kept in a schema, as one pipeline sees it. @param rows of the table of states */
export function keptOf(rows: readonly Record<string, unknown>[], pipeline: string): Kept {
  const states = new Map<string, KeptState>();
  const taken: { pipeline: string; schema: string; table: string }[] = [];
  for (const row of rows) {
    const table = parseKeptTable(row.PLACE, row.ABOUT);
    if (row.PIPELINE !== pipeline) {
      if (table) taken.push({ pipeline: String(row.PIPELINE), schema: table.schema, table: table.table });
      continue;
    }
    const state = row.STATE === null ? null : JSON.parse(String(row.STATE));
    const refresh = row.REFRESH === null ? null : Number(row.REFRESH);
    // A row without either is there only to be changed by the next state.
    if (state !== null || refresh !== null) states.set(String(row.STREAM), { state, refresh, table });
  }
  return { states, taken };
}
