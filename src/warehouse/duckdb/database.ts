import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { reachedStep } from '../../commit-steps.js';
import {
  type HubflakeError,
  isProgrammingError,
  WarehouseBusyError,
  WarehouseConfigError,
  WarehouseError,
} from '../../errors.js';
import { loadPackage } from '../../load-package.js';
import { log } from '../../log.js';
import { FILE, identifier, literal, USE_FILE } from './sql/sql.js';

const duckdb: typeof import('@duckdb/node-api') = loadPackage('@duckdb/node-api');

const MEGABYTE = 1024 * 1024;
/**
 * The write-ahead log is checkpointed beyond this size. A checkpoint compresses the tables' last row groups anew, so it should not
 * come with every batch.
 */
const LOG_BYTES = 256 * MEGABYTE;

/**
 * Rows that are compressed together. A batch with as many new rows is compressed when it is inserted, in the place of being written to the
 * log and compressed by a checkpoint: a quarter less memory, and a twentieth less CPU, than with DuckDB's own 122,880 (measured).
 */
export const ROWS_OF_GROUP = 16_384;

const SETTINGS = {
  // A second thread would need as much memory again and a quarter more CPU (measured), and records come no faster than one takes them.
  threads: '1',
  auto_checkpoint_skip_wal_threshold: `${LOG_BYTES}`,
  // Never within a COMMIT: a checkpoint that runs out of memory there fails the statement though the rows are committed.
  wal_autocheckpoint: '1TB',
};

/** Statements that change no table or view but temporary ones. */
const KEEPS_TABLES =
  /^(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE|BEGIN|COMMIT|SET|CHECKPOINT|CREATE OR REPLACE TEMP|DROP TABLE IF EXISTS temp\.main\.|USE)/;

/** A DuckDB file that only this process has open. Statements throw DuckDB's own errors. */
export class Database {
  readonly path: string;
  readonly #readOnly: boolean;
  #memoryBytes: number;
  #instance: DuckDBInstance | null = null;
  #connection: DuckDBConnection | null = null;
  #tablesVersion = 0;

  /**
   * @param memoryBytes DuckDB's memory limit at first
   * @param readOnly nothing is written; a file that does not exist is taken for an empty one, and not made
   */
  constructor(path: string, memoryBytes: number, readOnly = false) {
    this.path = resolve(path);
    this.#memoryBytes = memoryBytes;
    this.#readOnly = readOnly;
  }

  /**
   * Throws a WarehouseConfigError that says why the file cannot be used.
   *
   * @param temporary the folder that DuckDB spills to
   */
  async open(temporary: string): Promise<void> {
    const folder = dirname(this.path);
    if (!existsSync(folder)) {
      throw new WarehouseConfigError(
        `The folder ${folder} of the DuckDB file does not exist. Create it, or change "path".`,
      );
    }
    if (existsSync(this.path) && statSync(this.path).isDirectory()) {
      throw new WarehouseConfigError(`${this.path} is a folder. Set "path" to the DuckDB file in it.`);
    }
    try {
      const settings = { ...SETTINGS, memory_limit: this.#memoryLimit, temp_directory: temporary };
      this.#instance = await duckdb.DuckDBInstance.create(':memory:', settings);
      this.#connection = await this.#instance.connect();
      for (const statement of [...this.#attaching(), "SET TimeZone = 'UTC'"]) await this.run(statement);
    } catch (error) {
      if (isProgrammingError(error)) throw error;
      throw cannotOpen(this.path, error);
    }
  }

  /** The statements by which the file becomes the database that names are looked for in. */
  #attaching(): string[] {
    const options = this.#readOnly ? 'READ_ONLY' : `ROW_GROUP_SIZE ${ROWS_OF_GROUP}`;
    const attach =
      this.#readOnly && !existsSync(this.path)
        ? `ATTACH ':memory:' AS ${identifier(FILE)}`
        : `ATTACH ${literal(this.path)} AS ${identifier(FILE)} (TYPE duckdb, ${options})`;
    return [attach, USE_FILE];
  }

  /** Opens another file beside it, for reading only. Throws a WarehouseConfigError that says why it cannot be used. */
  async attach(path: string, name: string): Promise<void> {
    try {
      await this.run(`ATTACH ${literal(path)} AS ${identifier(name)} (READ_ONLY)`);
    } catch (error) {
      if (isProgrammingError(error)) throw error;
      throw cannotOpen(path, error);
    }
  }

  close(): void {
    this.#connection?.closeSync();
    this.#instance?.closeSync();
    this.#connection = null;
    this.#instance = null;
  }

  /** Sets DuckDB's memory limit. */
  async limitMemory(bytes: number): Promise<void> {
    this.#memoryBytes = bytes;
    await this.#giveBack();
  }

  /** Another number once a statement was run that may have changed tables or views, or taken their changes back. */
  get tablesVersion(): number {
    return this.#tablesVersion;
  }

  async run(statement: string, values?: string[]): Promise<void> {
    try {
      await this.#open.run(statement, values);
    } finally {
      if (!KEEPS_TABLES.test(statement)) this.#tablesVersion += 1;
    }
  }

  /** Runs a statement that changes rows. @returns how many */
  async change(statement: string): Promise<number> {
    const { rowsChanged } = await this.#open.run(statement);
    await this.#giveBack();
    return rowsChanged;
  }

  /** The number that a query gives as `rows`. */
  async count(query: string): Promise<number> {
    return Number((await this.rows(query))[0]?.rows ?? 0);
  }

  async rows(query: string, values?: string[]): Promise<Record<string, unknown>[]> {
    return (await this.#open.runAndReadAll(query, values)).getRowObjectsJS();
  }

  /** Runs `body` in a transaction: all that it does is done, or nothing. */
  async transaction<T>(body: () => Promise<T>): Promise<T> {
    const result = await this.#transact(body);
    await this.#giveBack();
    await this.#checkpoint();
    return result;
  }

  async #transact<T>(body: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    try {
      const result = await body();
      reachedStep('before-commit');
      await this.run('COMMIT');
      reachedStep('after-commit');
      return result;
    } catch (error) {
      // The transaction may be gone already, when the connection or the disk failed.
      await this.run('ROLLBACK').catch(() => undefined);
      await this.#giveBack();
      throw error;
    }
  }

  /** The rows are committed by then: after a checkpoint that fails they stay in the log, for the next one. */
  async #checkpoint(): Promise<void> {
    const written = statSync(`${this.path}.wal`, { throwIfNoEntry: false });
    if (written === undefined || written.size <= LOG_BYTES) return;
    await this.change('CHECKPOINT').catch((error) => log.debug(`CHECKPOINT failed: ${error}`));
  }

  /**
   * Setting the limit has DuckDB return unused memory to the system. Otherwise each of the threads that Node runs statements on keeps, in
   * an arena of its own, as much as a statement once took. It must not fail after a COMMIT, or what is committed would be written again.
   */
  async #giveBack(): Promise<void> {
    const statement = `SET memory_limit = '${this.#memoryLimit}'`;
    await this.run(statement).catch((error) => log.debug(`${statement} failed: ${error}`));
  }

  get #memoryLimit(): string {
    return `${Math.round(this.#memoryBytes / MEGABYTE)}MiB`;
  }

  get #open(): DuckDBConnection {
    if (!this.#connection) throw new WarehouseError('The DuckDB file is not open.');
    return this.#connection;
  }
}

function cannotOpen(path: string, error: unknown): HubflakeError {
  const text = error instanceof Error ? error.message : String(error);
  if (/set lock|conflicting lock|another process/i.test(text)) {
    return new WarehouseBusyError(
      `The DuckDB file ${path} cannot be opened: another run is going on, or another program has it open. Let it finish, and run this again.`,
      { cause: error, internal: text },
    );
  }
  const why = /not a valid DuckDB/i.test(text)
    ? 'it is not a DuckDB file. Set "path" to another file'
    : `${text.split('\n')[0]}. Check "path" and the rights on it`;
  return new WarehouseConfigError(`The DuckDB file ${path} cannot be opened: ${why}.`, {
    cause: error,
    internal: text,
  });
}
