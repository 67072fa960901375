import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { DuckDbConfig } from '../../config/destination.js';
import { WarehouseConfigError, WarehouseError } from '../../errors.js';
import type { JsonObject } from '../../protocol/messages.js';
import { narrowTarget, rawTarget } from '../raw-form.js';
import type { SpoolFile } from '../spool.js';
import { type Counts, NO_ROWS, type StateToKeep, type Store } from '../store.js';
import type { Target } from '../target.js';
import * as raw from './raw.js';
import * as sql from './sql.js';
import { DUCKDB_NAMES, TableKeeper } from './table-keeper.js';

/** Of longer ones DuckDB's JSON reader wants eight times their size in one piece, more than its memory below (measured). */
const LONGEST_RECORD = 32 * 1024 * 1024;

/** Enough for a batch of wide records, and little enough for a small container. */
const MEMORY_LIMIT = '512MB';

/** The embedded warehouse: a DuckDB file. Each commit is one transaction. */
export class DuckDbStore implements Store {
  readonly names = DUCKDB_NAMES;
  readonly longestRecord = LONGEST_RECORD;
  readonly parallelCommits = 1;
  readonly defaultSchema: string;
  readonly #path: string;
  readonly #isRaw: boolean;
  #instance: DuckDBInstance | null = null;
  #connection: DuckDBConnection | null = null;
  /** The overwrites that this run has begun. */
  readonly #sides = new Set<Target>();
  readonly #tables: TableKeeper;

  constructor(config: DuckDbConfig) {
    this.#path = resolve(config.path);
    this.defaultSchema = config.schema;
    this.#isRaw = config.loader.tableForm === 'raw';
    const connection = { run: (text: string) => this.#run(text), rows: (text: string) => this.#rows(text) };
    this.#tables = new TableKeeper(connection, this.#isRaw);
  }

  async open(): Promise<void> {
    const folder = dirname(this.#path);
    if (!existsSync(folder)) {
      throw new WarehouseConfigError(
        `The folder ${folder} of the DuckDB file does not exist. Create it, or change "path".`,
      );
    }
    if (existsSync(this.#path) && statSync(this.#path).isDirectory()) {
      throw new WarehouseConfigError(`${this.#path} is a folder. Set "path" to the DuckDB file in it.`);
    }
    try {
      this.#instance = await DuckDBInstance.create(this.#path, { memory_limit: MEMORY_LIMIT });
      this.#connection = await this.#instance.connect();
      await this.#run("SET TimeZone = 'UTC'");
    } catch (error) {
      throw cannotOpen(this.#path, error);
    }
  }

  async close(): Promise<void> {
    this.#connection?.closeSync();
    this.#instance?.closeSync();
    this.#connection = null;
    this.#instance = null;
  }

  async loadStates(pipeline: string): Promise<Map<string, JsonObject>> {
    const table = { schema: this.defaultSchema, table: sql.STATE_TABLE };
    if ((await this.#tables.columns(table)).length === 0) return new Map();
    const rows = await this.#rows(sql.loadStates(this.defaultSchema), [pipeline]);
    return new Map(rows.map((row) => [String(row.stream), JSON.parse(String(row.state)) as JsonObject]));
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#transaction(async () => {
      for (const state of states) await this.#keep(state);
    });
  }

  async commit(target: Target, files: readonly SpoolFile[], state: StateToKeep | null): Promise<Counts> {
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const longest = Math.max(...files.map((file) => file.longestLine));
    return this.#of(target, () =>
      this.#transaction(async () => {
        await this.#run(
          sql.loadRaw(
            files.map((file) => file.path),
            longest,
          ),
        );
        const loaded = await this.#count(sql.COUNT_RAW);
        if (loaded !== rows) throw new Error(`${rows} rows were spooled, but ${loaded} loaded`);
        const placed = await this.#tables.placed(target);
        await this.#stage(placed);
        const counts = await this.#write(placed, rows);
        await this.#run(sql.DROP_TEMPORARY);
        if (state) await this.#keep(state);
        return counts;
      }),
    );
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#of(target, () =>
      this.#transaction(async () => {
        const counts =
          target.mode === 'overwrite'
            ? await this.#replace(await this.#tables.placed(target))
            : await this.#dropOldGenerations(target);
        if (state && (counts.inserted > 0 || (await this.#tables.columns(target)).length > 0)) await this.#keep(state);
        return counts;
      }),
    );
  }

  async abandon(target: Target): Promise<void> {
    if (target.mode === 'overwrite') await this.#of(target, () => this.#run(sql.dropSide(target)));
  }

  async remove(target: Target): Promise<void> {
    await this.#of(target, async () => {
      if (this.#isRaw) await this.#run(raw.dropView(target));
      await this.#run(sql.dropTable(target));
    });
  }

  /** Makes rows of the batch's lines; of a raw table's, only the columns that tell rows and versions apart. */
  async #stage(target: Target): Promise<void> {
    await this.#run(this.#isRaw ? sql.stage(narrowTarget(target), { id: raw.keyText(target) }) : sql.stage(target));
  }

  #append(target: Target, table: string): Promise<number> {
    return this.#change(this.#isRaw ? raw.appendRaw(table) : sql.append(target, table));
  }

  /** The stream as its table sees it. */
  #tableOf(target: Target): Target {
    return this.#isRaw ? rawTarget(target) : target;
  }

  async #write(target: Target, rows: number): Promise<Counts> {
    if (target.mode === 'overwrite') {
      await this.#run(sql.createSchema(target));
      // What a run that died has left there is not ours.
      if (!this.#sides.has(target)) await this.#run(sql.dropSide(target));
      await this.#run(sql.createTable(this.#tableOf(target), sql.sideTable(target)));
      await this.#append(target, sql.sideTable(target));
      this.#sides.add(target);
      return NO_ROWS;
    }
    if (target.mode === 'append') {
      await this.#tables.make(target);
      return { ...NO_ROWS, inserted: await this.#append(target, sql.tableName(target)) };
    }
    const tombstones = await this.#count(sql.COUNT_TOMBSTONES);
    // Tombstones mark rows; a table that has none is not made for them.
    if (tombstones === rows && (await this.#tables.columns(target)).length === 0) return NO_ROWS;
    await this.#tables.make(target);
    const before = await this.#count(sql.countRows(target));
    if (this.#isRaw) return this.#mergeRaw(target, before);
    const merged = await this.#change(sql.mergeLive(target));
    const inserted = (await this.#count(sql.countRows(target))) - before;
    const marked = tombstones === 0 ? 0 : await this.#change(sql.mergeTombstones(target));
    return { inserted, updated: merged - inserted, marked };
  }

  async #mergeRaw(target: Target, before: number): Promise<Counts> {
    const changed = await this.#change(raw.mergeRaw(narrowTarget(target)));
    const grown = (await this.#count(sql.countRows(target))) - before;
    const marked = await this.#count(raw.countMarkedRaw(target));
    // A table that shrank has lost rows to hard deletes, which are marks as well.
    const inserted = Math.max(grown, 0);
    const deleted = Math.max(-grown, 0);
    return { inserted, updated: Math.max(changed - inserted - marked - deleted, 0), marked: marked + deleted };
  }

  async #replace(target: Target): Promise<Counts> {
    if (!this.#sides.has(target)) {
      if ((await this.#tables.columns(target)).length > 0) await this.#run(sql.deleteAll(target));
      return NO_ROWS;
    }
    await this.#tables.make(target);
    await this.#run(sql.deleteAll(target));
    const inserted = await this.#change(sql.insertSide(this.#tableOf(target)));
    await this.#run(sql.dropSide(target));
    return { ...NO_ROWS, inserted };
  }

  async #dropOldGenerations(target: Target): Promise<Counts> {
    if (target.minimumGeneration > 0 && (await this.#tables.columns(target)).length > 0) {
      await this.#run(sql.deleteOldGenerations(target));
    }
    return NO_ROWS;
  }

  async #keep({ pipeline, stream, state }: StateToKeep): Promise<void> {
    await this.#run(sql.createSchema({ schema: this.defaultSchema }));
    await this.#run(sql.createStateTable(this.defaultSchema));
    await this.#run(sql.keepState(this.defaultSchema), [pipeline, stream, JSON.stringify(state)]);
  }

  async #transaction<T>(body: () => Promise<T>): Promise<T> {
    await this.#run('BEGIN');
    try {
      const result = await body();
      await this.#run('COMMIT');
      return result;
    } catch (error) {
      // The transaction may be gone already, when the connection or the disk failed.
      await this.#run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #of<T>(target: Target, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof WarehouseConfigError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      throw new WarehouseError(
        `Writing to the table ${target.table} in ${this.#path} failed: ${text.split('\n')[0]}. Nothing of this batch was committed; run it again.`,
        { cause: error, internal: text },
      );
    }
  }

  async #run(statement: string, values?: string[]): Promise<void> {
    await this.#open.run(statement, values);
  }

  /** Runs a statement that changes rows; how many. */
  async #change(statement: string): Promise<number> {
    return (await this.#open.run(statement)).rowsChanged;
  }

  async #count(query: string): Promise<number> {
    return Number((await this.#rows(query))[0]?.rows ?? 0);
  }

  async #rows(query: string, values?: string[]): Promise<Record<string, unknown>[]> {
    return (await this.#open.runAndReadAll(query, values)).getRowObjectsJS();
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
