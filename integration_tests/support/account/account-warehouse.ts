import { randomBytes } from 'node:crypto';
import type { Connection } from 'snowflake-sdk';
import type { LoaderOptions } from '../../../src/config/destination.js';
import { parseSnowflakeConfig } from '../../../src/config/snowflake/snowflake.js';
import { newConnection } from '../../../src/warehouse/snowflake/session/driver.js';
import { close, execute, type Row } from '../stand-in/snowflake-driver.js';
import { quoted, SnowflakeTestWarehouse } from '../stand-in/snowflake-warehouse.js';
import type { ConfigOptions } from '../test-warehouse.js';
import { Sweeper } from './sweeper.js';
import { accountOptions } from './variables.js';

/** A real account, from SNOWFLAKE_TEST_* in the environment: a schema of its own, made anew for each test, and dropped at the end. */
export class AccountWarehouse extends SnowflakeTestWarehouse {
  readonly schema = `HUBFLAKE_TEST_${randomBytes(6).toString('hex').toUpperCase()}`;
  readonly #options = { ...accountOptions({ secrets: 'given' }), schema: this.schema };
  readonly #config = parseSnowflakeConfig(structuredClone(this.#options));
  #connection: Promise<Connection> | null = null;
  #sweeper: Sweeper | null = null;

  get database(): string {
    return this.#config.database;
  }

  config({ schema = this.schema, tableForm = 'typed' }: ConfigOptions = {}) {
    return { ...this.#config, schema, loader: { tableForm } as LoaderOptions };
  }

  async begin(): Promise<void> {
    if (!this.#sweeper) {
      this.#sweeper = new Sweeper(this.#options);
      this.#sweeper.willUndo(`DROP SCHEMA IF EXISTS ${quoted(this.database, this.schema)}`);
    }
    await this.query(`CREATE OR REPLACE TRANSIENT SCHEMA ${quoted(this.database, this.schema)}`);
  }

  async end(): Promise<void> {
    if (this.#connection) await close(await this.#connection);
    await this.#sweeper?.finish();
  }

  async query(sql: string): Promise<Row[]> {
    this.#connection ??= this.#connect();
    return execute(await this.#connection, sql);
  }

  async #connect(): Promise<Connection> {
    const connection = await newConnection(this.#config, null);
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    await execute(connection, "ALTER SESSION SET TIMEZONE = 'UTC'");
    return connection;
  }
}
