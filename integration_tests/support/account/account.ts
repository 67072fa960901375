import { randomBytes } from 'node:crypto';
import type { Connection } from 'snowflake-sdk';
import { parseSnowflakeConfig } from '../../../src/config/snowflake/snowflake.js';
import { newConnection } from '../../../src/warehouse/snowflake/session/driver.js';
import { type SentStatement, type StandIn, startStandIn } from '../stand-in/snowflake.js';
import { close, execute, type Row } from '../stand-in/snowflake-driver.js';
import { quoted } from '../stand-in/snowflake-warehouse.js';
import { Sweeper } from './sweeper.js';
import { accountOptions, dryRun } from './variables.js';

/** The tag of the suite's own statements, which are no part of what a sync costs. */
const LOOKING = 'hubflake first hour: looking';

/** https://docs.snowflake.com/en/user-guide/session-policies: what a statement is answered whose session is no more; none was run. */
const SESSION_GONE = ['390104', '390111', '390112', '390114', '390195'];

/** The account that the first hour is spent on; in a dry run, a stand-in. Opened by the first step that is run. */
export class Account {
  /** Tells this run's schemas and tags from another's. */
  readonly run = randomBytes(4).toString('hex').toUpperCase();
  readonly isDryRun = dryRun() !== undefined;
  #standIn: StandIn | null = null;
  #url: string | undefined;
  #connection: Promise<Connection> | null = null;
  #sweeper: Sweeper | null = null;

  get database(): string {
    return this.options('given').database;
  }

  get warehouse(): string {
    return this.options('given').warehouse;
  }

  get user(): string {
    return this.options('given').username;
  }

  get role(): string {
    return this.options('given').role;
  }

  get sweeper(): Sweeper {
    return this.#sweeper as Sweeper;
  }

  /** The destination's options but for the schema. @param secrets `named`: for a pipeline's file, which takes them from the environment */
  options(secrets: 'given' | 'named') {
    return accountOptions({ secrets, standIn: this.#url });
  }

  async open(): Promise<void> {
    if (this.#connection) return this.#connection.then(() => undefined);
    this.#url = dryRun();
    if (this.#url === 'stand-in') {
      this.#standIn = await startStandIn();
      this.#url = this.#standIn.url;
    }
    this.#connection = this.#login();
    await this.#connection;
    this.#sweeper = new Sweeper({ ...this.options('given'), schema: 'PUBLIC' });
  }

  /** Undoes what the steps have left, and says so where it could not. */
  async end(): Promise<void> {
    if (!this.#connection) return;
    try {
      await this.#sweeper?.finish();
    } finally {
      await this.#connection.then(close, () => undefined);
      await this.#standIn?.stop();
    }
  }

  /** A login of the test's own. */
  async connect(): Promise<Connection> {
    const connection = newConnection(parseSnowflakeConfig({ ...this.options('given'), schema: 'PUBLIC' }), null);
    await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
    return connection;
  }

  /** On a session that all steps share. One that Snowflake has ended, as by the session policy of a step, is replaced by another. */
  async query(sql: string): Promise<Row[]> {
    try {
      return await execute(await (this.#connection as Promise<Connection>), sql);
    } catch (error) {
      if (!SESSION_GONE.includes(String((error as { code?: unknown }).code))) throw error;
      this.#connection = this.#login();
      return execute(await this.#connection, sql);
    }
  }

  async #login(): Promise<Connection> {
    const connection = await this.connect();
    await execute(connection, `ALTER SESSION SET TIMEZONE = 'UTC' QUERY_TAG = '${LOOKING}'`);
    if (this.isDryRun) await execute(connection, `CREATE DATABASE IF NOT EXISTS ${quoted(this.database)}`);
    await execute(connection, `USE DATABASE ${quoted(this.database)}`);
    return connection;
  }

  /** Makes a schema, transient, which is dropped at the end at the latest. @returns its name */
  async newSchema(name = `HUBFLAKE_TEST_${this.run}_${randomBytes(3).toString('hex').toUpperCase()}`): Promise<string> {
    this.sweeper.willUndo(this.#dropping(name));
    await this.query(`CREATE TRANSIENT SCHEMA ${quoted(this.database, name)}`);
    return name;
  }

  async dropSchema(name: string): Promise<void> {
    await this.query(this.#dropping(name));
    this.sweeper.forget(this.#dropping(name));
  }

  /** What a stand-in was sent. Only in a dry run. */
  async sent(): Promise<SentStatement[]> {
    return (await (await fetch(`${this.#url}/__test/statements`)).json()) as SentStatement[];
  }

  #dropping(schema: string): string {
    return `DROP SCHEMA IF EXISTS ${quoted(this.database, schema)}`;
  }
}
