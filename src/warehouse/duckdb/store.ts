import { reachedStep } from '../../commit-steps.js';
import type { DuckDbConfig } from '../../config/destination.js';
import { isProgrammingError, WarehouseConfigError } from '../../errors.js';
import { log } from '../../log.js';
import { messageOf } from '../error-parts.js';
import type { FoundTable, KeptTable } from '../kept-table.js';
import type { BatchContents } from '../loader/batch-contents.js';
import { type SpoolFile, SpoolFolder } from '../loader/spool.js';
import { type LogTable, logStatements } from '../log-table.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import {
  addCounts,
  type Counts,
  type Kept,
  type KeptState,
  NO_ROWS,
  type Preview,
  type ReachedState,
  type Reader,
  type SpooledBatch,
  type StateToKeep,
  type Store,
} from '../store.js';
import type { Catalog } from '../tables/catalog.js';
import { newMapping } from '../tables/column-mapping.js';
import { type DestinationTable, ownTable, type TableWrite, writeTo } from '../tables/destination-table.js';
import { DestinationTables } from '../tables/destination-tables.js';
import { Tombstones } from '../tables/tombstones.js';
import type { Target } from '../target.js';
import { readableTable } from '../verify/readable.js';
import { batchOf, NotAllNew } from './batch.js';
import { BatchWriter } from './batch-writer.js';
import { DuckDbCatalog } from './catalog.js';
import { Database, ROWS_OF_GROUP } from './database.js';
import { storeError, writeError } from './faults.js';
import { allowedBytes, COMMITTED_BYTES, fittingRows, isOutOfMemory, neededBytes } from './memory.js';
import { inParts, type Part, rowsOf } from './parts.js';
import { previewOf } from './preview.js';
import { RAW, type TableForm, TYPED } from './sql/forms.js';
import * as raw from './sql/raw.js';
import * as rows from './sql/rows.js';
import * as sql from './sql/sql.js';
import { STATE_TABLE } from './sql/states.js';
import { forget } from './sql/tombstones.js';
import { StateKeeper } from './state-keeper.js';
import { DUCKDB_NAMES, TableKeeper, TooManyStatements } from './table-keeper.js';

/** A longer record would take more memory than a small container has. */
const LONGEST_RECORD = 32 * 1024 * 1024;

const LOG_TYPES = {
  text: 'VARCHAR',
  number: 'BIGINT',
  decimal: 'DOUBLE',
  instant: 'TIMESTAMP WITH TIME ZONE',
  boolean: 'BOOLEAN',
};

/**
 * A DuckDB file. Each commit is one transaction. Only a deduplicated stream's batch that does not fit into memory is committed in
 * parts, each with the state that it reaches.
 */
export class DuckDbStore implements Store {
  readonly names = DUCKDB_NAMES;
  readonly longestRecord = LONGEST_RECORD;
  /** On one machine, compressing costs more than the disk that it saves. */
  readonly spoolIsCompressed = false;
  readonly parallelCommits = 1;
  readonly defaultSchema: string;
  readonly #db: Database;
  readonly #form: TableForm;
  readonly #tables: TableKeeper;
  readonly #tombstones = new Tombstones();
  readonly #catalog: Catalog;
  readonly #destinations = new DestinationTables((table, suffix) => table + suffix, this.#tombstones);
  readonly #writer: BatchWriter;
  readonly #states: StateKeeper;
  readonly #spoolDir: string;
  readonly #readOnly: boolean;
  readonly #memoryBytes: number;
  /** Holds what DuckDB spills from memory. */
  #temporary: SpoolFolder | null = null;
  /** Streams whose batches cannot be appended, since their rows are not all new. */
  readonly #replaced = new Set<Target>();
  /** Streams whose records cannot be read as a struct. */
  readonly #asJson = new Set<Target>();
  /** How many rows of a stream fitted into memory, after more did not. */
  readonly #fitting = new Map<Target, number>();
  /**
   * Rows behind the last whole row group are compressed again by a checkpoint, together with the groups before them, where that makes these
   * fewer: where the tails of two batches fit into one group. That took a fifth more CPU (measured).
   */
  readonly leavesShortTail = (rows: number): boolean => {
    return rows >= ROWS_OF_GROUP && rows % ROWS_OF_GROUP <= ROWS_OF_GROUP / 2;
  };
  /** Never called: no other process can open the file. */
  onLost = () => undefined;

  /** @param readOnly only to look at it: nothing can be written, and no file is made */
  constructor(config: DuckDbConfig, readOnly = false) {
    this.#memoryBytes = allowedBytes(config.memoryBytes);
    this.#db = new Database(config.path, Math.min(this.#memoryBytes, neededBytes(0, 0)), readOnly);
    this.#spoolDir = config.loader.spoolDir;
    this.#readOnly = readOnly;
    this.defaultSchema = config.schema;
    const isRaw = config.loader.tableForm === 'raw';
    this.#form = isRaw ? RAW : TYPED;
    this.#tables = new TableKeeper(this.#db, isRaw);
    this.#states = new StateKeeper(this.#db, this.#tables, config.schema, config.loader.tableForm);
    this.#catalog = new DuckDbCatalog(this.#db, this.#tables);
    this.#writer = new BatchWriter(this.#db, this.#tables, this.#catalog, this.#tombstones, this.#form);
  }

  async open(): Promise<void> {
    if (!this.#readOnly) this.#temporary = new SpoolFolder(this.#spoolDir);
    await this.#db.open(this.#temporary?.path ?? '');
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#temporary?.remove();
  }

  fittingRows(target: Target): number {
    const rows = fittingRows(this.#newColumns(target), this.#memoryBytes);
    return Math.min(rows, this.#fitting.get(target) ?? rows);
  }

  async loadStates(pipeline: string): Promise<Kept> {
    return this.#do(`Reading the states in ${STATE_TABLE}`, () => this.#states.load(pipeline));
  }

  /** No other program can have the file open. */
  async refuseOthers(): Promise<void> {}

  async findTables(): Promise<ReadonlyMap<string, FoundTable>> {
    const doing = `Looking at the tables of the schema "${this.defaultSchema}"`;
    return this.#do(doing, () => this.#tables.findTables(this.defaultSchema));
  }

  async lacking(target: Target): Promise<string[]> {
    return this.#of(target, () => this.#tables.lacking(target));
  }

  async beginRefresh(target: Target, pipeline: string, known: KeptState | null): Promise<number | null> {
    return this.#of(target, () =>
      this.#db.transaction(async () => {
        if (known === null && (await this.#tables.columns(target)).length === 0) return null;
        const generation = await this.#destinations.nextGeneration(this.#catalog, target, known?.refresh ?? 0);
        await this.#states.keep({ pipeline, stream: target.stream, state: null, refresh: generation }, null);
        return generation;
      }),
    );
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#do(`Keeping states in ${STATE_TABLE}`, () =>
      this.#db.transaction(async () => {
        for (const state of states) await this.#states.keep(state);
      }),
    );
  }

  async commit(target: Target, { files, contents }: SpooledBatch, states: readonly ReachedState[]): Promise<Counts> {
    return this.#of(target, async () => {
      const longest = Math.max(...files.map((file) => file.longestLine));
      let room = (await this.#neededBytes(target, longest)) + COMMITTED_BYTES;
      const divided = (records: number) => {
        log.info(`${target.stream}: a batch did not fit into memory, and is written in parts of ${records} records.`);
        this.#fitting.set(target, records);
        // The estimate was too low: up to what is allowed, DuckDB may take more.
        room *= 2;
      };
      const sum = { ...NO_ROWS };
      let before = 0;
      const write = async (parts: readonly Part[]) => {
        const end = before + rowsOf(parts.flat());
        const state = states.findLast(({ rows }) => rows <= end) ?? null;
        await this.#db.limitMemory(Math.min(this.#memoryBytes, room));
        addCounts(sum, await this.#commit(target, parts, contents, state));
        before = end;
      };
      // A part of appended rows would be there twice if their batch came again.
      await inParts(files, target.mode !== 'append_dedup', write, divided);
      return sum;
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#of(target, () =>
      this.#transaction(async () => {
        const own = { target, mapping: await this.#catalog.mapColumns(target), destination: ownTable(target) };
        const side = await this.#destinations.resolve(this.#catalog, target);
        const counts = side.isSide ? await this.#replace(own, side) : NO_ROWS;
        reachedStep('after-swap');
        // That a refresh is over is kept also where it has brought no table.
        if (state && (hasGenerations(target) || (await this.#tables.columns(target)).length > 0))
          await this.#states.keep(state, side.isSide ? await this.#states.tableAt(target, target) : undefined);
        return counts;
      }),
    );
  }

  async abandon(target: Target): Promise<void> {
    if (!startsAnew(target)) return;
    // The next attempt at a generation resumes with what this one has collected.
    await this.#of(target, () => this.#db.run(sql.dropTable(this.#destinations.sideOf(target))));
  }

  async reader(given: Target): Promise<Reader | null> {
    // A copy: what is cached for the target itself is the table as it was when the run began.
    const target = { ...given };
    return this.#of(target, async () => {
      if ((await this.#tables.columns(target)).length === 0) return null;
      const mapping = await this.#catalog.mapColumns(target);
      const table = readableTable(
        sql.tableName(target),
        mapping,
        { lacking: await this.#tables.lacking(target), masked: [] },
        {
          value: this.#form.rowValue,
          milliseconds: (time) => `epoch_ms(${time})`,
        },
      );
      // A connection runs one query at a time.
      let last: Promise<unknown> = Promise.resolve();
      const rows = (query: string) => {
        const result = last.then(() => this.#of(target, () => this.#db.rows(query)));
        last = result.catch(() => undefined);
        return result;
      };
      return table && { table, rows, literal: sql.literal };
    });
  }

  async log<Row>(table: LogTable<Row>, rows: readonly Row[]): Promise<void> {
    const name = sql.tableName({ schema: this.defaultSchema, table: table.name });
    await this.#do(`Writing to ${table.name}`, () =>
      this.#db.transaction(async () => {
        for (const statement of logStatements(table, name, rows, { types: LOG_TYPES, literal: sql.literal })) {
          await this.#db.run(statement);
        }
      }),
    );
  }

  async remove(target: Target, isRaw: boolean): Promise<void> {
    await this.#of(target, async () => {
      if (isRaw) await this.#db.run(raw.dropView(target));
      await this.#db.run(sql.dropTable(target));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#of(target, async () => {
      const mapping = await this.#catalog.mapColumns(target);
      const destination = isRefresh(target) ? this.#destinations.sideOf(target) : ownTable(target);
      const [tables, writer, form, schema] = [this.#tables, this.#writer, this.#form, this.defaultSchema];
      return previewOf(writeTo(target, mapping, destination), { tables, writer, form, schema });
    });
  }

  /** How many columns a new table has for the stream. */
  #newColumns(target: Target): number {
    return this.#form.tableOf(newMapping(target)).columns.length;
  }

  /** What DuckDB needs for a batch of the stream. @param longest bytes of the longest line */
  async #neededBytes(target: Target, longest: number): Promise<number> {
    const columns = Math.max(this.#newColumns(target), (await this.#tables.columns(target)).length);
    return neededBytes(columns, longest);
  }

  /** Commits parts of a batch and a state in one transaction, by whichever strategy works. */
  async #commit(target: Target, parts: readonly Part[], of: BatchContents, state: StateToKeep | null): Promise<Counts> {
    for (;;) {
      try {
        return await this.#transaction(async () => {
          const counts = { ...NO_ROWS };
          for (const part of parts) addCounts(counts, await this.#write(target, part, of));
          if (state) await this.#states.keep(state, await this.#aboutOf(target));
          return counts;
        });
      } catch (error) {
        if (!this.#adapt(target, error)) throw error;
      }
    }
  }

  /** Runs `body` in a transaction. A table that takes many statements to make or complete is made in transactions of its own before. */
  async #transaction<T>(body: () => Promise<T>): Promise<T> {
    for (;;) {
      const undo = [this.#destinations.mark(), this.#tombstones.mark()];
      try {
        return await this.#db.transaction(body);
      } catch (error) {
        // What was found out on the way was rolled back with the rest.
        for (const each of undo) each();
        if (!(error instanceof TooManyStatements)) throw error;
        for (const step of error.steps()) {
          await this.#db.transaction(async () => {
            for (const statement of step) await this.#db.run(statement);
          });
        }
      }
    }
  }

  async #write(target: Target, files: readonly SpoolFile[], contents: BatchContents): Promise<Counts> {
    const write = await this.#destinations.writeOf(this.#catalog, target);
    const generation = await this.#destinations.generation(this.#catalog, target);
    const strategy = target.mode === 'append_dedup' && this.#replaced.has(target) ? 'replace' : 'append';
    const batch = batchOf(files, this.#asJson.has(target) || !rows.fitStruct(write.mapping));
    const stamp = { generation, syncId: target.syncId };
    const counts = await this.#writer.write(strategy, { write, stamp, batch, contents });
    reachedStep('after-write');
    await this.#db.run(sql.DROP_TEMPORARY);
    return write.destination.isSide ? NO_ROWS : counts;
  }

  /** Changes the strategy for the stream after it failed. @returns whether there is another one to try */
  #adapt(target: Target, error: unknown): boolean {
    if (error instanceof WarehouseConfigError || isProgrammingError(error) || isOutOfMemory(error)) return false;
    const others = error instanceof NotAllNew ? this.#replaced : this.#asJson;
    if (others.has(target)) return false;
    others.add(target);
    log.debug(`${target.stream}: written in another way, since ${messageOf(error)}`);
    return true;
  }

  /** Replaces the table's rows with those of the side table, or with none. */
  async #replace(own: TableWrite, side: DestinationTable): Promise<Counts> {
    const { target, mapping, destination } = own;
    const collected = (await this.#tables.columns(side)).length > 0;
    if (!collected && (await this.#tables.columns(destination)).length === 0) return NO_ROWS;
    await this.#tables.make(own);
    await this.#db.run(sql.deleteAll(destination));
    const tombstones = await this.#tombstones.of(this.#catalog, target);
    if (tombstones !== null) await this.#db.run(forget(tombstones, target));
    if (!collected) return NO_ROWS;
    const inserted = await this.#db.change(sql.insertFrom(destination, side, this.#form.tableOf(mapping)));
    await this.#db.run(sql.dropTable(side));
    return { ...NO_ROWS, inserted };
  }

  /** The table that a stream's state is about while its rows are written; undefined where there is none. */
  async #aboutOf(target: Target): Promise<KeptTable | undefined> {
    return this.#states.tableAt(target, await this.#destinations.resolve(this.#catalog, target));
  }

  async #of<T>(target: Target, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      throw writeError(error, target, { path: this.#db.path, memoryBytes: this.#memoryBytes });
    }
  }

  /** @param doing what is done, as errors name it */
  async #do<T>(doing: string, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      throw storeError(error, doing, this.#db.path);
    }
  }
}
