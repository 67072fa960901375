/** What an administrator made of the account, for all clients but a test's own connections. */
export interface Account {
  /** The default of AUTOCOMMIT. A session that sets it has its own. Default: true, as in Snowflake. */
  autocommit?: boolean;
  /** In bytes. Snowflake has no such limit, only a recommendation of 1 MB. Default: none. */
  longestStatement?: number;
  /** In characters. Snowflake documents no limit. Default: none. */
  longestComment?: number;
  /**
   * GRANT OWNERSHIP ON FUTURE TABLES IN SCHEMA … TO ROLE …: the role, by schema (`DB.S`, as a statement would name it). Tables
   * that clients make from then on are that role's, and everything but ownership remains with their makers.
   */
  futureOwners?: Record<string, string>;
  policies?: Policy[];
}

/** A masking policy of a column, or a row access policy of a table (`DB.S.T`, as a statement would name it). */
export type Policy = { table: string } & (
  | {
      column: string;
      /**
       * What is read in the place of every value: an expression of the column's type. Default: `'***'`. Of a VARIANT that is
       * flattened let it be an object (`PARSE_JSON('{"masked":true}')`): DuckDB cannot flatten a text, as Snowflake can.
       */
      value?: string;
    }
  | {
      /** The rows that are seen: a condition on the table's columns. */
      rows: string;
    }
);

/**
 * A session that meets all that is said here is ended before a statement, its transaction is rolled back, and all that is asked
 * of it from then on is refused with the code. At least one of the conditions is needed.
 */
export interface Ending {
  /** Default: 390111. */
  code?: '390104' | '390111' | '390114' | '390195';
  /** Before its nth statement, from 1, or a later one. Its first are those that the client sends of itself after the login. */
  nth?: number;
  /** The number of the login, from 1. */
  session?: number;
  /** After so long without a statement or a heartbeat, as by SESSION_IDLE_TIMEOUT_MINS. */
  idleSeconds?: number;
  /** So long after the login, as by SESSION_MAX_LIFESPAN_MINS. */
  lifespanSeconds?: number;
  /** How many sessions it ends. Default: all that fit. */
  times?: number;
}
