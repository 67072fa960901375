import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { crashPoint } from '../../crash-point.js';
import { WarehouseConfigError, WarehouseError } from '../../errors.js';
import { loadPackage } from '../../load-package.js';

const duckdb = loadPackage('@duckdb/node-api') as typeof import('@duckdb/node-api');

/**
 * Enough for a batch of wide records, and little enough for a small container. A second thread would hold as much again for
 * the rows it builds, and costs a quarter more CPU (measured): the records come no faster than one can take them.
 */
const SETTINGS = { memory_limit: '768MB', threads: '1' };

/** A DuckDB file, open in this process alone. Statements throw DuckDB's own errors. */
export class Database {
  readonly path: string;
  readonly #readOnly: boolean;
  #instance: DuckDBInstance | null = null;
  #connection: DuckDBConnection | null = null;

  /** @param readOnly only to look at it: a file that does not exist is taken for an empty one, and not made */
  constructor(path: string, readOnly = false) {
    this.path = resolve(path);
    this.#readOnly = readOnly;
  }

  /** Throws a WarehouseConfigError that says why the file cannot be used. */
  async open(): Promise<void> {
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
      this.#instance = await this.#create();
      this.#connection = await this.#instance.connect();
      await this.run("SET TimeZone = 'UTC'");
    } catch (error) {
      throw cannotOpen(this.path, error);
    }
  }

  #create(): Promise<DuckDBInstance> {
    if (!this.#readOnly) return duckdb.DuckDBInstance.create(this.path, SETTINGS);
    if (!existsSync(this.path)) return duckdb.DuckDBInstance.create(':memory:');
    return duckdb.DuckDBInstance.create(this.path, { ...SETTINGS, access_mode: 'READ_ONLY' });
  }

  close(): void {
    this.#connection?.closeSync();
    this.#instance?.closeSync();
    this.#connection = null;
    this.#instance = null;
  }

  async run(statement: string, values?: string[]): Promise<void> {
    await this.#open.run(statement, values);
  }

  /** Runs a statement that changes rows; how many. */
  async change(statement: string): Promise<number> {
    return (await this.#open.run(statement)).rowsChanged;
  }

  /** The number that a query gives as `rows`. */
  async count(query: string): Promise<number> {
    return Number((await this.rows(query))[0]?.rows ?? 0);
  }

  async rows(query: string, values?: string[]): Promise<Record<string, unknown>[]> {
    return (await this.#open.runAndReadAll(query, values)).getRowObjectsJS();
  }

  /** All that `body` does, or nothing of it. */
  async transaction<T>(body: () => Promise<T>): Promise<T> {
    await this.run('BEGIN');
    try {
      const result = await body();
      crashPoint('before-commit');
      await this.run('COMMIT');
      crashPoint('after-commit');
      return result;
    } catch (error) {
      // The transaction may be gone already, when the connection or the disk failed.
      await this.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  get #open(): DuckDBConnection {
    if (!this.#connection) throw new WarehouseError('The DuckDB file is not open.');
    return this.#connection;
  }
}

function cannotOpen(path: string, error: unknown): WarehouseConfigError {
  const text = error instanceof Error ? error.message : String(error);
  const why = /lock/i.test(text)
    ? 'another program has it open. Close it, and run this again'
    : /not a valid DuckDB/i.test(text)
      ? 'it is not a DuckDB file. Set "path" to another file'
      : `${text.split('\n')[0]}. Check "path" and the rights on it`;
  return new WarehouseConfigError(`The DuckDB file ${path} cannot be opened: ${why}.`, {
    cause: error,
    internal: text,
  });
}
