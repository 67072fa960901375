import type { LoaderOptions } from '../../../src/config/destination.js';
import type { SnowflakeConfig } from '../../../src/config/snowflake/snowflake.js';
import { type ConfigOptions, canonical, type ReadAs, sorted, type TestWarehouse } from '../test-warehouse.js';
import { type StandIn, startStandIn } from './snowflake.js';
import type { Row } from './snowflake-driver.js';

export const DATABASE = 'ANALYTICS';
export const SCHEMA = 'HUBSPOT';

export function quoted(...names: string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}

/** Snowflake as a warehouse under test, looked at through a query function of the test's own. */
export abstract class SnowflakeTestWarehouse implements TestWarehouse {
  abstract config(options?: ConfigOptions): SnowflakeConfig & { loader: LoaderOptions };
  abstract begin(): Promise<void>;
  abstract end(): Promise<void>;
  abstract query(sql: string): Promise<Row[]>;
  abstract readonly database: string;
  abstract readonly schema: string;
  readonly wide: number = 2000;
  readonly widens = false;

  canName(_name: string): boolean {
    return true;
  }

  name(given: string): string {
    return given.toUpperCase();
  }

  async tables(): Promise<string[]> {
    return (await this.#tables()).filter((name) => !/^_HUBFLAKE_(STATE|SYNCS)$/.test(name));
  }

  async hasStates(): Promise<boolean> {
    return (await this.#tables()).includes('_HUBFLAKE_STATE');
  }

  async rows<T extends Record<string, ReadAs>>(stream: string, fields: T): Promise<Record<keyof T, unknown>[]> {
    const columns = Object.entries(fields).map(
      ([field, as], i) => `${quoted(this.name(field))}${as === 'text' ? '::VARCHAR' : ''} AS C${i}`,
    );
    const rows = await this.query(`SELECT ${columns.join(', ')} FROM ${this.table(stream)}`);
    const named = rows.map((row) =>
      Object.fromEntries(Object.entries(fields).map(([field, as], i) => [field, canonical(row[`C${i}`], as)])),
    );
    return sorted(named) as Record<keyof T, unknown>[];
  }

  async columns(stream: string): Promise<string[]> {
    return (await this.query(`DESCRIBE TABLE ${this.table(stream)}`)).map((row) => String(row.name));
  }

  async comment(stream: string, field: string): Promise<string | null> {
    const rows = await this.query(`DESCRIBE TABLE ${this.table(stream)}`);
    return (rows.find((row) => row.name === this.name(field))?.comment as string | null | undefined) ?? null;
  }

  async execute(sql: string, stream: string): Promise<void> {
    await this.query(sql.replaceAll('{table}', this.table(stream)));
  }

  table(stream: string): string {
    return quoted(this.database, this.schema, this.name(stream));
  }

  async #tables(): Promise<string[]> {
    const rows = await this.query(`SHOW TERSE TABLES IN SCHEMA ${quoted(this.database, this.schema)}`);
    return rows.map((row) => String(row.name)).sort();
  }
}

/** The stand-in. One process serves a whole test file; each test begins with an empty one. */
export class StandInWarehouse extends SnowflakeTestWarehouse {
  readonly database = DATABASE;
  readonly schema = SCHEMA;
  /** 2,000 take it half a minute. */
  override readonly wide = 500;
  #standIn: StandIn | null = null;

  get standIn(): StandIn {
    return this.#standIn as StandIn;
  }

  config({ schema = SCHEMA, tableForm = 'typed' }: ConfigOptions = {}) {
    return {
      type: 'snowflake' as const,
      url: this.standIn.url,
      account: 'LOCAL',
      role: 'LOADER',
      warehouse: 'LOADING',
      database: DATABASE,
      schema,
      credentials: { kind: 'password' as const, username: 'LOADER', password: 'secret-of-the-loader' },
      sessionParameters: new Map<string, string>(),
      retentionDays: null,
      transient: false,
      createSchema: true,
      loader: { tableForm } as LoaderOptions,
    };
  }

  async begin(): Promise<void> {
    if (this.#standIn) await this.#standIn.reset();
    else this.#standIn = await startStandIn();
    await this.query(`CREATE DATABASE ${quoted(DATABASE)}`);
    await this.query(`CREATE SCHEMA ${quoted(DATABASE, SCHEMA)}`);
  }

  async end(): Promise<void> {
    await this.#standIn?.stop();
    this.#standIn = null;
  }

  /** The options of a destination, as a user writes them. */
  destination(): object {
    return {
      host: this.standIn.url,
      database: DATABASE,
      schema: SCHEMA,
      warehouse: 'LOADING',
      role: 'LOADER',
      username: 'LOADER',
      credentials: { auth_type: 'Programmatic Access Token', token: 'token-of-the-loader' },
    };
  }

  query(sql: string): Promise<Row[]> {
    return this.standIn.query(sql);
  }

  /**
   * fakesnow quotes no apostrophes in what it notes about columns, takes `$x` for a variable wherever it stands, finds the whole
   * object under the empty name, and takes a slash for the beginning of a path.
   */
  override canName(name: string): boolean {
    return name !== '' && !/^\/|['$]/.test(name);
  }
}
