import { tableName } from './sql.js';

/** The table in which pipelines keep their states, beside the data. */

export const STATE_TABLE = '_HUBFLAKE_STATE';

function stateTable(schema: string): string {
  return tableName({ schema, table: STATE_TABLE });
}

export function createStateTable(schema: string): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${stateTable(schema)} (PIPELINE VARCHAR, STREAM VARCHAR, STATE VARCHAR, SEQ BIGINT, ` +
    'UPDATED_AT TIMESTAMP WITH TIME ZONE, REFRESH BIGINT, PRIMARY KEY (PIPELINE, STREAM))'
  );
}

/** Binds pipeline, stream, state. @param refresh the generation of the refresh that is under way */
export function keepState(schema: string, refresh: number | null): string {
  return (
    `INSERT INTO ${stateTable(schema)} VALUES ($1, $2, $3, 1, now(), ${refresh ?? 'NULL'}) ` +
    'ON CONFLICT DO UPDATE SET STATE = EXCLUDED.STATE, SEQ = SEQ + 1, UPDATED_AT = EXCLUDED.UPDATED_AT, REFRESH = EXCLUDED.REFRESH'
  );
}

/** Binds pipeline. */
export function loadStates(schema: string): string {
  return `SELECT STREAM AS stream, STATE AS state, REFRESH AS refresh FROM ${stateTable(schema)} WHERE PIPELINE = $1`;
}
