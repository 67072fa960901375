import type { Bind, Connection, RowStatement } from 'snowflake-sdk';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { HubflakeError, isProgrammingError, WarehouseConfigError } from '../../../errors.js';
import { messageOf } from '../../error-parts.js';
import { literal, qualified } from '../sql/quote.js';
import { BROWSER_LOGIN_MS } from './browser-login.js';
import { clockError } from './clock-error.js';
import { newConnection } from './driver.js';
import { codeOf, databaseMissing, isConnectionLost, isMissing, noWarehouse, SilenceError } from './faults.js';
import { loginError } from './login-error.js';
import { freshToken } from './login-token.js';
import { reach } from './reach.js';

/** A row of an answer; numbers are text, so that none loses digits. */
export type Row = Record<string, unknown>;

/** Timeouts in ms. The driver's own retries go on for hours. */
export interface Timeouts {
  /** For a login, from the first byte to the last. */
  login: number;
  /** Between heartbeats while a statement runs. */
  heartbeat: number;
  /** Without an answered heartbeat, before the connection is given up. */
  silence: number;
  /** For the longest statement. */
  statement: number;
  /** The pauses before retries of transient failures. */
  again: readonly number[];
  /** For which a pipeline's lease is acquired at least. */
  leastLease: number;
}

export const TIMEOUTS: Readonly<Timeouts> = {
  login: 50_000,
  heartbeat: 20_000,
  silence: 120_000,
  statement: 4 * 3600_000,
  again: [1_000, 5_000, 20_000, 60_000],
  leastLease: 60_000,
};

/** For closing a session whose server may be gone. */
const CLOSE_MS = 3000;
/** For a second look at whether the host can be reached, after a failed login. */
const AGAIN_MS = 5000;

export interface RunOptions {
  binds?: readonly Bind[];
  /** Shown in Snowflake's query history. */
  tag?: string | undefined;
  /** A timeout in ms that is shorter than usual. */
  longest?: number;
}

/**
 * Parameters without which values or names would mean something else here than they do elsewhere.
 * https://docs.snowflake.com/en/sql-reference/parameters
 */
const PARAMETERS: readonly [string, string][] = [
  ['TIMEZONE', 'UTC'],
  ['TIMESTAMP_INPUT_FORMAT', 'AUTO'],
  ['TIME_INPUT_FORMAT', 'AUTO'],
  // Snowflake's own defaults: keys that are dates or times are kept as text in the memory of deleted rows.
  ['DATE_OUTPUT_FORMAT', 'YYYY-MM-DD'],
  ['TIME_OUTPUT_FORMAT', 'HH24:MI:SS'],
  ['TIMESTAMP_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'],
  ['TIMESTAMP_NTZ_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3'],
  ['TIMESTAMP_LTZ_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'],
  ['TIMESTAMP_TZ_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'],
  ['QUOTED_IDENTIFIERS_IGNORE_CASE', 'FALSE'],
  ['ERROR_ON_NONDETERMINISTIC_MERGE', 'TRUE'],
  ['AUTOCOMMIT', 'TRUE'],
  // A run that was killed must not go on in the warehouse, and hold up the next one.
  ['ABORT_DETACHED_QUERY', 'TRUE'],
];

/**
 * Timeouts that the server applies when this process cannot any more; its defaults are twelve hours for a lock and two days for a
 * statement. Other values may be configured.
 */
const LIMITS: readonly [string, string][] = [
  ['LOCK_TIMEOUT', '900'],
  ['STATEMENT_TIMEOUT_IN_SECONDS', '14400'],
];

/** What the driver knows of the session from each answer. */
interface SessionState {
  getCurrentWarehouse(): unknown;
}

/** One login, which runs one statement at a time. */
export class Session {
  readonly #connection: Connection;
  readonly #timeouts: Timeouts;
  /** Its full name. */
  readonly #schema: string;
  /** The session's warehouse, as of the last answer; null: there is none, or none that may be used. */
  #warehouse: unknown;
  /** Whether it was given up: nothing may be run on it any more. */
  broken = false;
  /** Whether the configured schema is the current one: it was there at login, or has been made since. */
  schemaIsThere = true;

  private constructor(connection: Connection, config: SnowflakeConfig, timeouts: Timeouts) {
    this.#connection = connection;
    this.#timeouts = timeouts;
    this.#schema = qualified(config.database, config.schema);
  }

  /**
   * Logs in. Throws CredentialsError, WarehouseConfigError, WarehouseUnavailableError, or a ConfigError about a proxy.
   *
   * @param isSetUp whether the warehouse, the database and the schema are there to be used. If not, none of them is looked at
   */
  static async open(config: SnowflakeConfig, timeouts: Timeouts = TIMEOUTS, isSetUp = true): Promise<Session> {
    await reach(config, timeouts.login);
    const connection = newConnection(config, freshToken(config));
    try {
      const longest = config.credentials.kind === 'browser' ? BROWSER_LOGIN_MS : timeouts.login;
      await within(longest, () => connected(connection));
    } catch (error) {
      connection.destroy(() => undefined);
      if (codeOf(error) === '390144') throw (await clockError(config)) ?? loginError(error, config);
      // What stands in the way now says more than the driver's error.
      if (isConnectionLost(error)) await reach(config, AGAIN_MS, true);
      throw loginError(error, config);
    }
    const session = new Session(connection, config, timeouts);
    try {
      await session.#setParameters(config);
      if (!isSetUp) return session;
      await session.#enter(config);
      // Said now, not after minutes of reading. Each answer tells it, so it costs no statement.
      if (session.#warehouse === null) throw noWarehouse('Logging in', config);
    } catch (error) {
      await session.close();
      throw error instanceof HubflakeError ? error : loginError(error, config);
    }
    return session;
  }

  /** Runs a statement. Throws the driver's errors as they are, or a SilenceError. */
  async run(sql: string, { binds, tag, longest = this.#timeouts.statement }: RunOptions = {}): Promise<Row[]> {
    let statement: RowStatement | undefined;
    const answer = new Promise<Row[]>((resolve, reject) => {
      statement = this.#connection.execute({
        sqlText: sql,
        ...(binds ? { binds } : {}),
        ...(tag === undefined ? {} : { parameters: { QUERY_TAG: tag } }),
        fetchAsString: ['Number'],
        complete: (error, answered, rows) => {
          if (error) return reject(error);
          this.#warehouse = (answered.getSessionState() as SessionState | undefined)?.getCurrentWarehouse();
          resolve(rows ?? []);
        },
      });
    });
    try {
      return await this.#watched(answer, longest);
    } catch (error) {
      if (isConnectionLost(error)) this.broken = true;
      if (error instanceof SilenceError) {
        answer.catch(() => undefined);
        // Whether the server hears it or not: nobody waits for the statement any more.
        statement?.cancel(() => undefined);
      }
      throw error;
    }
  }

  /** Makes the configured schema the current one, where it was not there at login and is now. */
  async enterSchema(): Promise<void> {
    if (this.schemaIsThere) return;
    await this.run(`USE SCHEMA ${this.#schema}`);
    this.schemaIsThere = true;
  }

  async close(): Promise<void> {
    this.broken = true;
    await within(CLOSE_MS, () => new Promise((resolve) => this.#connection.destroy(resolve))).catch(() => undefined);
  }

  /** Waits for an answer as long as the server answers heartbeats. */
  async #watched<T>(answer: Promise<T>, longest: number): Promise<T> {
    const { heartbeat, silence } = this.#timeouts;
    const startedAt = Date.now();
    let lastSign = startedAt;
    let timer: NodeJS.Timeout | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      timer = setInterval(
        () => {
          const now = Date.now();
          if (now - startedAt > longest) reject(new SilenceError(`no answer within ${longest / 1000} s`));
          else if (now - lastSign > silence) reject(new SilenceError(`no sign of life for ${silence / 1000} s`));
          else {
            this.#connection.isValidAsync().then(
              (alive) => {
                if (alive) lastSign = Date.now();
              },
              () => undefined,
            );
          }
        },
        Math.min(heartbeat, longest),
      );
    });
    try {
      return await Promise.race([answer, givenUp]);
    } finally {
      clearInterval(timer);
    }
  }

  async #setParameters(config: SnowflakeConfig): Promise<void> {
    const parameters = new Map([...LIMITS, ...config.sessionParameters, ...PARAMETERS]);
    parameters.delete('QUERY_TAG');
    const list = [...parameters].map(([name, value]) => `${name} = ${parameterValue(value)}`);
    try {
      await this.run(`ALTER SESSION SET ${list.join(' ')}`);
    } catch (error) {
      if (isConnectionLost(error) || isProgrammingError(error) || config.sessionParameters.size === 0) throw error;
      throw new WarehouseConfigError(
        `Snowflake does not take the session parameters of jdbc_url_params: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** Makes the schema the current one; a schema that is still to be created, its database. */
  async #enter(config: SnowflakeConfig): Promise<void> {
    const { database } = config;
    try {
      await this.run(`USE SCHEMA ${this.#schema}`);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.schemaIsThere = false;
      await this.run(`USE DATABASE ${qualified(database)}`).catch((inner: Error) => {
        if (isMissing(inner)) throw new WarehouseConfigError(databaseMissing(config), { cause: inner });
        throw inner;
      });
    }
  }
}

function parameterValue(value: string): string {
  return /^(\d+|true|false)$/i.test(value) ? value.toUpperCase() : literal(value);
}

/** By the callback: the promise of the driver's `connectAsync` resolves for refused logins, too. */
function connected(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
}

async function within<T>(milliseconds: number, body: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SilenceError(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  const answer = body();
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
