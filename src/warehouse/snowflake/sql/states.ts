import type { KeptTable } from '../../kept-table.js';
import { keptTableText, placeText } from '../../kept-table.js';
import type { StateToKeep } from '../../store.js';
import { identifier, literal, qualified } from './quote.js';

/** The table in which pipelines keep their states, beside the data. */

export const STATE_TABLE = '_HUBFLAKE_STATE';

export interface BoundStatement {
  sql: string;
  binds: string[];
}

/** A state's move to the next one. */
export interface Move {
  state: StateToKeep;
  /** The sequence of the state that it is to take the place of. */
  from: number;
  /** The table that it is about from now on; undefined: as before. */
  table: KeptTable | null | undefined;
}

export function stateTable(database: string, schema: string): string {
  return qualified(database, schema, STATE_TABLE);
}

/** Columns that tables of earlier versions lack. */
const ADDED = ['PLACE', 'ABOUT'];

/** A row for each pipeline and stream; the row of the stream '' holds the pipeline's lease. */
export function createStateTable(table: string): string {
  const columns: [name: string, type: string][] = [
    ['PIPELINE', 'VARCHAR'],
    ['STREAM', 'VARCHAR'],
    ['STATE', 'VARCHAR'],
    ['SEQ', 'NUMBER(38,0)'],
    ['UPDATED_AT', 'TIMESTAMP_TZ'],
    ['FENCE', 'NUMBER(38,0)'],
    ['OWNER', 'VARCHAR'],
    ['LEASE_UNTIL', 'TIMESTAMP_TZ'],
    ['REFRESH', 'NUMBER(38,0)'],
    ...ADDED.map((name): [string, string] => [name, 'VARCHAR']),
  ];
  const definitions = columns.map(([name, type]) => `${identifier(name)} ${type}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${definitions.join(', ')})`;
}

/** Gives a table of an earlier version what it lacks. */
export function completeStateTable(table: string): string {
  return `ALTER TABLE ${table} ADD COLUMN ${ADDED.map((name) => `IF NOT EXISTS ${identifier(name)} VARCHAR`).join(', ')}`;
}

/**
 * What is kept in a schema: of other pipelines than this one without their states. The text is the same in every run and has no binds, so
 * that Snowflake answers it from the result of the run before, without a warehouse, as long as nothing was kept since
 * (https://docs.snowflake.com/en/user-guide/querying-persisted-results).
 */
export function loadStates(table: string, pipeline: string): string {
  return (
    `SELECT "PIPELINE", "STREAM", IFF("PIPELINE" = ${literal(pipeline)}, "STATE", NULL) AS "STATE", "REFRESH", "SEQ", "PLACE", "ABOUT", ` +
    `"OWNER", "FENCE", "LEASE_UNTIL" FROM ${table}`
  );
}

/** Leases of a pipeline, and sequences and tables of all pipelines' streams. */
export function positions(table: string): string {
  return `SELECT "PIPELINE", "STREAM", "SEQ", "PLACE", "OWNER", "FENCE", "LEASE_UNTIL" FROM ${table}`;
}

/** Makes rows for streams, without a state yet, so that there is a sequence to compare with. */
export function makeRows(table: string, pipeline: string, streams: readonly string[], guard: string): BoundStatement {
  const rows = streams.map(() => 'SELECT ? AS PIPELINE, ? AS STREAM').join(' UNION ALL ');
  return {
    sql: [
      `MERGE INTO ${table} t USING (SELECT PIPELINE, STREAM FROM (${rows}) WHERE ${guard}) s`,
      'ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = s.STREAM',
      'WHEN NOT MATCHED THEN INSERT ("PIPELINE", "STREAM", "SEQ") VALUES (s.PIPELINE, s.STREAM, 0)',
    ].join('\n'),
    binds: streams.flatMap((stream) => [pipeline, stream]),
  };
}

/** Moves a stream's state on, if nobody else has, and the lease is still held: changes one row, or none. */
export function moveState(table: string, { state: to, from, table: about }: Move, guard: string): BoundStatement {
  const { pipeline, stream, state, refresh } = to;
  const aboutIt = about === undefined ? '' : `"PLACE" = NULLIF(?, ''), "ABOUT" = NULLIF(?, ''), `;
  return {
    sql:
      `UPDATE ${table} SET "STATE" = NULLIF(?, 'null'), "REFRESH" = ${generation(refresh)}, ${aboutIt}"SEQ" = ${from + 1}, ` +
      `"UPDATED_AT" = CURRENT_TIMESTAMP() WHERE "PIPELINE" = ? AND "STREAM" = ? AND "SEQ" = ${from} AND ${guard}`,
    binds: [JSON.stringify(state), ...(about === undefined ? [] : aboutTexts(about)), pipeline, stream],
  };
}

/** The same for several streams, whose tables stay as they are: changes a row for each, or some, or none. */
export function moveStates(table: string, moves: readonly Move[], guard: string): BoundStatement {
  const rows = moves
    .map(
      ({ state: { refresh }, from }) =>
        `SELECT ? AS PIPELINE, ? AS STREAM, NULLIF(?, 'null') AS STATE, ${generation(refresh)} AS REFRESH, ${from} AS SEQ`,
    )
    .join(' UNION ALL ');
  return {
    sql: [
      `MERGE INTO ${table} t USING (SELECT PIPELINE, STREAM, STATE, REFRESH, SEQ FROM (${rows}) WHERE ${guard}) s`,
      'ON t."PIPELINE" = s.PIPELINE AND t."STREAM" = s.STREAM AND t."SEQ" = s.SEQ',
      'WHEN MATCHED THEN UPDATE SET "STATE" = s.STATE, "REFRESH" = s.REFRESH, "SEQ" = t."SEQ" + 1, "UPDATED_AT" = CURRENT_TIMESTAMP()',
    ].join('\n'),
    binds: moves.flatMap(({ state: { pipeline, stream, state } }) => [pipeline, stream, JSON.stringify(state)]),
  };
}

function aboutTexts(table: KeptTable | null): string[] {
  return table === null ? ['', ''] : [placeText(table), keptTableText(table)];
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
