import { randomBytes } from 'node:crypto';
import type { Connection } from 'snowflake-sdk';
import type { LoaderOptions } from '../../src/config/destination.js';
import { parseSnowflakeConfig, type SnowflakeConfig } from '../../src/config/snowflake.js';
import { newConnection } from '../../src/warehouse/snowflake/driver.js';
import { close, execute, type Row } from './snowflake-driver.js';
import { quoted, SnowflakeTestWarehouse } from './snowflake-warehouse.js';
import type { ConfigOptions } from './test-warehouse.js';

/** A real account, from SNOWFLAKE_TEST_* in the environment: a schema of its own, made anew for each test, and dropped at the end. */
export class AccountWarehouse extends SnowflakeTestWarehouse {
  readonly schema = `HUBFLAKE_TEST_${randomBytes(6).toString('hex').toUpperCase()}`;
  readonly #config = fromEnvironment(this.schema);
  #connection: Promise<Connection> | null = null;

  get database(): string {
    return this.#config.database;
  }

  config({ schema = this.schema, tableForm = 'typed' }: ConfigOptions = {}) {
    return { ...this.#config, schema, loader: { tableForm } as LoaderOptions };
  }

  async begin(): Promise<void> {
    await this.query(`CREATE OR REPLACE TRANSIENT SCHEMA ${quoted(this.database, this.schema)}`);
  }

  async end(): Promise<void> {
    await this.query(`DROP SCHEMA IF EXISTS ${quoted(this.database, this.schema)}`);
    if (this.#connection) await close(await this.#connection);
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

/** Throws where a variable is missing: this suite is only run on purpose. */
function fromEnvironment(schema: string): SnowflakeConfig {
  const variable = (name: string): string | undefined => process.env[`SNOWFLAKE_TEST_${name}`];
  const missing = ['HOST', 'DATABASE', 'WAREHOUSE', 'ROLE', 'USERNAME'].filter((name) => !variable(name));
  const credentials = Object.entries({
    private_key_file: variable('PRIVATE_KEY_FILE'),
    private_key_password: variable('PRIVATE_KEY_PASSWORD'),
    token: variable('TOKEN'),
  }).filter(([, value]) => value !== undefined);
  if (credentials.length === 0) missing.push('PRIVATE_KEY_FILE (or SNOWFLAKE_TEST_TOKEN)');
  if (missing.length > 0) throw new Error(`Set ${missing.map((name) => `SNOWFLAKE_TEST_${name}`).join(', ')}.`);
  return parseSnowflakeConfig({
    host: variable('HOST'),
    database: variable('DATABASE'),
    warehouse: variable('WAREHOUSE'),
    role: variable('ROLE'),
    username: variable('USERNAME'),
    schema,
    credentials: Object.fromEntries(credentials),
  });
}
