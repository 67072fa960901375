import { existsSync, realpathSync } from 'node:fs';
import type { DuckDbConfig } from '../../config/destination.js';
import {
  asHubflakeError,
  ConfigError,
  isProgrammingError,
  WarehouseConfigError,
  WarehouseError,
} from '../../errors.js';
import { type ComparedTables, type SchemaPair, tablesOf } from '../compare/schema-pair.js';
import { messageOf } from '../error-parts.js';
import { SpoolFolder } from '../loader/spool.js';
import { Database } from './database.js';
import { allowedBytes, isOutOfMemory } from './memory.js';
import { columnsOfSchema } from './sql/schema.js';
import { FILE, identifier } from './sql/sql.js';

/** Two schemas of one DuckDB file, or of two. Both are opened for reading only. */
export class DuckDbSchemaPair implements SchemaPair {
  readonly #db: Database;
  readonly #temporary: SpoolFolder;
  readonly #leftConfig: DuckDbConfig;
  readonly #rightConfig: DuckDbConfig;
  #leftDatabase = FILE;

  private constructor(left: DuckDbConfig, right: DuckDbConfig) {
    this.#leftConfig = left;
    this.#rightConfig = right;
    this.#db = new Database(right.path, allowedBytes(right.memoryBytes), true);
    this.#temporary = new SpoolFolder(right.loader.spoolDir);
  }

  static async open(left: DuckDbConfig, right: DuckDbConfig): Promise<DuckDbSchemaPair> {
    for (const { path } of [left, right]) {
      if (!existsSync(path)) throw new ConfigError(`There is no DuckDB file ${path}. Correct "path".`);
    }
    const pair = new DuckDbSchemaPair(left, right);
    try {
      await pair.#open();
    } catch (error) {
      await pair.close();
      throw error;
    }
    return pair;
  }

  async #open(): Promise<void> {
    await this.#db.open(this.#temporary.path);
    const [left, right] = [realpathSync(this.#leftConfig.path), realpathSync(this.#rightConfig.path)];
    if (left === right) return;
    this.#leftDatabase = `${FILE}:left`;
    await this.#db.attach(left, this.#leftDatabase);
  }

  left(): Promise<ComparedTables> {
    return this.#tables(this.#leftDatabase, this.#leftConfig.schema);
  }

  right(): Promise<ComparedTables> {
    return this.#tables(FILE, this.#rightConfig.schema);
  }

  async #tables(database: string, schema: string): Promise<ComparedTables> {
    const rows = await this.rows(columnsOfSchema(database, schema), 'Looking at the tables');
    return tablesOf(rows, (table) => [database, schema, table].map(identifier).join('.'));
  }

  async rows(query: string, doing: string): Promise<Record<string, unknown>[]> {
    try {
      return await this.#db.rows(query);
    } catch (error) {
      if (isProgrammingError(error)) throw asHubflakeError(error);
      const details = { cause: error, internal: messageOf(error) };
      if (isOutOfMemory(error)) {
        throw new WarehouseConfigError(
          `${doing} takes more memory than DuckDB may take. Raise memory_limit_mb of --right.`,
          details,
        );
      }
      throw new WarehouseError(`${doing} failed: ${details.internal.split('\n')[0]}.`, details);
    }
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#temporary.remove();
  }
}
