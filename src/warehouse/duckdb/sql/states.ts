import { type KeptTable, keptTableText, placeText } from '../../kept-table.js';
import { tableName } from './sql.js';

/** The table in which pipelines keep their states, beside the data. */

export const STATE_TABLE = '_HUBFLAKE_STATE';

function stateTable(schema: string): string {
  return tableName({ schema, table: STATE_TABLE });
}

/** What {@link createStateTable} gives a table that is there. */
export const STATE_COLUMNS = ['PLACE', 'ABOUT'];

/** With the columns that tables of earlier versions lack. */
export function createStateTable(schema: string): string[] {
  const table = stateTable(schema);
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (PIPELINE VARCHAR, STREAM VARCHAR, STATE VARCHAR, SEQ BIGINT, ` +
      'UPDATED_AT TIMESTAMP WITH TIME ZONE, REFRESH BIGINT, PRIMARY KEY (PIPELINE, STREAM))',
    ...STATE_COLUMNS.map((name) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${name} VARCHAR`),
  ];
}

/**
 * Binds what {@link stateValues} gives.
 *
 * @param refresh the generation of the refresh that is under way @param keepsTable whether it is about the same table as before
 */
export function keepState(schema: string, refresh: number | null, keepsTable: boolean): string {
  const about = keepsTable ? '' : ', PLACE = EXCLUDED.PLACE, ABOUT = EXCLUDED.ABOUT';
  return (
    `INSERT INTO ${stateTable(schema)} (PIPELINE, STREAM, STATE, SEQ, UPDATED_AT, REFRESH, PLACE, ABOUT) ` +
    `VALUES ($1, $2, NULLIF($3, 'null'), 1, now(), ${refresh ?? 'NULL'}, NULLIF($4, ''), NULLIF($5, '')) ` +
    'ON CONFLICT DO UPDATE SET STATE = EXCLUDED.STATE, SEQ = SEQ + 1, UPDATED_AT = EXCLUDED.UPDATED_AT, ' +
    `REFRESH = EXCLUDED.REFRESH${about}`
  );
}

export function stateValues(
  { pipeline, stream, state }: { pipeline: string; stream: string; state: unknown },
  table: KeptTable | null,
): string[] {
  const about = table === null ? ['', ''] : [placeText(table), keptTableText(table)];
  return [pipeline, stream, JSON.stringify(state), ...about];
}

export function loadStates(schema: string): string {
  return `SELECT * FROM ${stateTable(schema)}`;
}
