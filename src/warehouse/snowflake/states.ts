import type { StateToKeep } from '../store.js';
import { identifier, qualified } from './quote.js';

/** The table in which pipelines keep their states, beside the data. */

export const STATE_TABLE = '_HUBFLAKE_STATE';

export interface BoundStatement {
  sql: string;
  binds: string[];
}

export function stateTable(database: string, schema: string): string {
  return qualified(database, schema, STATE_TABLE);
}

export function createStateTable(table: string): string {
  const columns = [
    ['PIPELINE', 'VARCHAR'],
    ['STREAM', 'VARCHAR'],
    ['STATE', 'VARCHAR'],
    ['SEQ', 'NUMBER(38,0)'],
    ['UPDATED_AT', 'TIMESTAMP_TZ'],
  ].map(([name, type]) => `${identifier(name as string)} ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`;
}

export function loadStates(table: string, pipeline: string): BoundStatement {
  return { sql: `SELECT "STREAM", "STATE" FROM ${table} WHERE "PIPELINE" = ?`, binds: [pipeline] };
}

/** Keeps states, each in place of the one before it. */
export function keepStates(table: string, states: readonly StateToKeep[]): BoundStatement {
  const row = 'SELECT ? AS PIPELINE, ? AS STREAM, ? AS STATE';
  return {
    sql: [
      `MERGE INTO ${table} t USING (${states.map(() => row).join(' UNION ALL ')}) s`,
      'ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = s.STREAM',
      'WHEN MATCHED THEN UPDATE SET "STATE" = s.STATE, "SEQ" = t."SEQ" + 1, "UPDATED_AT" = CURRENT_TIMESTAMP()',
      'WHEN NOT MATCHED THEN INSERT ("PIPELINE", "STREAM", "STATE", "SEQ", "UPDATED_AT") VALUES (s.PIPELINE, s.STREAM, s.STATE, 1, CURRENT_TIMESTAMP())',
    ].join('\n'),
    binds: states.flatMap(({ pipeline, stream, state }) => [pipeline, stream, JSON.stringify(state)]),
  };
}

/** A statement stays far below Snowflake's limit on its text. */
const STATES_AT_ONCE = 20;
const BYTES_AT_ONCE = 500_000;

/** States in portions that one statement can take. */
export function* portions(states: readonly StateToKeep[]): Generator<StateToKeep[]> {
  let portion: StateToKeep[] = [];
  let bytes = 0;
  for (const state of states) {
    const size = JSON.stringify(state.state).length;
    if (portion.length > 0 && (portion.length === STATES_AT_ONCE || bytes + size > BYTES_AT_ONCE)) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(state);
    bytes += size;
  }
  if (portion.length > 0) yield portion;
}
