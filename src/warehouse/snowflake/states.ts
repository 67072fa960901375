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

/** A row for each pipeline and stream; the row of the stream '' holds the pipeline's lease. */
export function createStateTable(table: string): string {
  const columns = [
    ['PIPELINE', 'VARCHAR'],
    ['STREAM', 'VARCHAR'],
    ['STATE', 'VARCHAR'],
    ['SEQ', 'NUMBER(38,0)'],
    ['UPDATED_AT', 'TIMESTAMP_TZ'],
    ['FENCE', 'NUMBER(38,0)'],
    ['OWNER', 'VARCHAR'],
    ['LEASE_UNTIL', 'TIMESTAMP_TZ'],
    ['REFRESH', 'NUMBER(38,0)'],
  ].map(([name, type]) => `${identifier(name as string)} ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`;
}

export function loadStates(table: string, pipeline: string): BoundStatement {
  return {
    sql: `SELECT "STREAM", "STATE", "REFRESH", "SEQ" FROM ${table} WHERE "PIPELINE" = ? AND "STREAM" <> ''`,
    binds: [pipeline],
  };
}

/** Keeps states, each in place of the one before it. @param guard the condition that the lease is still held */
export function keepStates(table: string, states: readonly StateToKeep[], guard: string): BoundStatement {
  const rows = states
    .map(
      ({ refresh }) =>
        `SELECT ? AS PIPELINE, ? AS STREAM, NULLIF(?, 'null') AS STATE, ${generation(refresh)} AS REFRESH`,
    )
    .join(' UNION ALL ');
  return {
    sql: [
      `MERGE INTO ${table} t USING (SELECT PIPELINE, STREAM, STATE, REFRESH FROM (${rows}) WHERE ${guard}) s`,
      'ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = s.STREAM',
      'WHEN MATCHED THEN UPDATE SET "STATE" = s.STATE, "REFRESH" = s.REFRESH, "SEQ" = t."SEQ" + 1, "UPDATED_AT" = CURRENT_TIMESTAMP()',
      'WHEN NOT MATCHED THEN INSERT ("PIPELINE", "STREAM", "STATE", "REFRESH", "SEQ", "UPDATED_AT") VALUES (s.PIPELINE, s.STREAM, s.STATE, s.REFRESH, 1, CURRENT_TIMESTAMP())',
    ].join('\n'),
    binds: states.flatMap(({ pipeline, stream, state }) => [pipeline, stream, JSON.stringify(state)]),
  };
}

export function sequences(table: string, pipeline: string): BoundStatement {
  return { sql: `SELECT "STREAM", "SEQ" FROM ${table} WHERE "PIPELINE" = ? AND "STREAM" <> ''`, binds: [pipeline] };
}

export function sequenceOf(table: string, pipeline: string, stream: string): BoundStatement {
  return { sql: `SELECT "SEQ" FROM ${table} WHERE "PIPELINE" = ? AND "STREAM" = ?`, binds: [pipeline, stream] };
}

/** Makes a stream's row, without a state yet, so that there is a sequence to compare with. */
export function makeRow(table: string, pipeline: string, stream: string, guard: string): BoundStatement {
  return {
    sql: [
      `MERGE INTO ${table} t USING (SELECT PIPELINE, STREAM FROM (SELECT ? AS PIPELINE, ? AS STREAM) WHERE ${guard}) s`,
      'ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = s.STREAM',
      'WHEN NOT MATCHED THEN INSERT ("PIPELINE", "STREAM", "SEQ") VALUES (s.PIPELINE, s.STREAM, 0)',
    ].join('\n'),
    binds: [pipeline, stream],
  };
}

/** Moves a stream's state on, if nobody else has: changes one row, or none. */
export function compareAndSwap(
  table: string,
  { pipeline, stream, state, refresh }: StateToKeep,
  sequence: number,
  guard: string,
): BoundStatement {
  return {
    sql:
      `UPDATE ${table} SET "STATE" = ?, "REFRESH" = ${generation(refresh)}, "SEQ" = ${sequence + 1}, "UPDATED_AT" = CURRENT_TIMESTAMP() ` +
      `WHERE "PIPELINE" = ? AND "STREAM" = ? AND "SEQ" = ${sequence} AND ${guard}`,
    binds: [JSON.stringify(state), pipeline, stream],
  };
}

function generation(refresh: number | null): string {
  return refresh === null ? 'NULL::NUMBER(38,0)' : `${refresh}::NUMBER(38,0)`;
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
