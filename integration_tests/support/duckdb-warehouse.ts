import { DuckDBInstance } from '@duckdb/node-api';
import type { LoaderOptions } from '../../src/config/destination.js';
import { query } from './duckdb.js';
import { TestFolder } from './processes/command.js';
import { type ConfigOptions, canonical, type ReadAs, sorted, type TestWarehouse } from './test-warehouse.js';

const SCHEMA = 'main';

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** DuckDB as a warehouse under test. */
export class DuckDbWarehouse implements TestWarehouse {
  readonly wide = 2000;
  readonly widens = true;
  #folder: TestFolder | null = null;

  get folder(): string {
    return (this.#folder as TestFolder).path;
  }

  get #path(): string {
    return (this.#folder as TestFolder).join('w.duckdb');
  }

  config({ schema = SCHEMA, tableForm = 'typed' }: ConfigOptions = {}) {
    const loader = { tableForm, spoolDir: this.#folder?.path } as LoaderOptions;
    return { type: 'duckdb' as const, path: this.#path, schema, memoryBytes: null, loader };
  }

  /** The options of a destination, as a user writes them. */
  destination(): object {
    return { type: 'duckdb', path: this.#path };
  }

  async begin(): Promise<void> {
    this.#folder = new TestFolder();
  }

  async end(): Promise<void> {
    this.#folder?.remove();
  }

  canName(): boolean {
    return true;
  }

  name(given: string): string {
    return given;
  }

  async tables(): Promise<string[]> {
    return (await this.#tables()).filter((name) => !/^_HUBFLAKE_(STATE|SYNCS)$/.test(name));
  }

  async hasStates(): Promise<boolean> {
    return (await this.#tables()).includes('_HUBFLAKE_STATE');
  }

  async rows<T extends Record<string, ReadAs>>(stream: string, fields: T): Promise<Record<keyof T, unknown>[]> {
    const columns = Object.entries(fields).map(
      ([field, as], i) => `${quoted(field)}${as === 'text' ? '::VARCHAR' : ''} AS c${i}`,
    );
    const rows = await query(this.#path, `SELECT ${columns.join(', ')} FROM ${quoted(stream)}`);
    const named = rows.map((row) =>
      Object.fromEntries(Object.entries(fields).map(([field, as], i) => [field, canonical(row[`c${i}`], as)])),
    );
    return sorted(named) as Record<keyof T, unknown>[];
  }

  async columns(stream: string): Promise<string[]> {
    const sql = `SELECT column_name FROM duckdb_columns() WHERE table_name = '${stream}' ORDER BY column_index`;
    return (await query(this.#path, sql)).map((row) => String(row.column_name));
  }

  async comment(stream: string, field: string): Promise<string | null> {
    const [row] = await query(
      this.#path,
      `SELECT comment FROM duckdb_columns() WHERE table_name = '${stream}' AND column_name = '${field}'`,
    );
    return (row?.comment as string | null | undefined) ?? null;
  }

  async execute(sql: string, stream: string): Promise<void> {
    const instance = await DuckDBInstance.create(this.#path);
    const connection = await instance.connect();
    await connection.run(sql.replaceAll('{table}', quoted(stream)));
    connection.closeSync();
    instance.closeSync();
  }

  async #tables(): Promise<string[]> {
    const rows = await query(this.#path, 'SELECT table_name FROM duckdb_tables() ORDER BY 1');
    return rows.map((row) => String(row.table_name));
  }
}
