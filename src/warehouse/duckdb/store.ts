import type { DuckDbConfig } from '../../config/destination.js';
import { crashPoint } from '../../crash-point.js';
import { asHubflakeError, isProgrammingError, WarehouseConfigError, WarehouseError } from '../../errors.js';
import { log } from '../../log.js';
import { type FoundTable, type KeptTable, packColumns } from '../kept-table.js';
import { type SpoolFile, SpoolFolder } from '../loader/spool.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import {
  addCounts,
  type Counts,
  type Kept,
  type KeptState,
  NO_ROWS,
  type Preview,
  type ReachedState,
  type SpooledBatch,
  type StateToKeep,
  type Store,
} from '../store.js';
import type { Target } from '../target.js';
import { BatchWriter, batchOf, NotAllNew } from './batch-writer.js';
import { Database } from './database.js';
import { allowedBytes, fittingRows, isOutOfMemory, neededBytes } from './memory.js';
import { inParts, type Part, rowsOf } from './parts.js';
import { Places, sideOf, sideOfGeneration } from './places.js';
import { RAW, type TableForm, TYPED } from './sql/forms.js';
import * as raw from './sql/raw.js';
import * as rows from './sql/rows.js';
import * as sql from './sql/sql.js';
import * as states from './sql/states.js';
import { DUCKDB_NAMES, TableKeeper, TooManyStatements } from './table-keeper.js';
import { Tombstones } from './tombstones.js';

/** A longer one would take more memory than a small container has. */
const LONGEST_RECORD = 32 * 1024 * 1024;

/**
 * The embedded warehouse: a DuckDB file. Each commit is one transaction, but for batches that do not fit into memory: of a deduplicated
 * stream their parts are committed one after the other, each with the state that it reaches.
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
  readonly #tombstones: Tombstones;
  readonly #places: Places;
  readonly #writer: BatchWriter;
  readonly #spoolDir: string;
  readonly #readOnly: boolean;
  readonly #memoryBytes: number;
  /** For what does not fit into memory. */
  #temporary: SpoolFolder | null = null;
  /** Streams whose rows are not all new to their tables. */
  readonly #replaced = new Set<Target>();
  /** Streams whose records cannot be read as a struct. */
  readonly #asJson = new Set<Target>();
  /** How many rows of a stream fit into memory, where more did not. */
  readonly #fitting = new Map<Target, number>();
  /** The file is this process's alone: nobody takes over. */
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
    this.#tombstones = new Tombstones(this.#db, this.#tables);
    this.#places = new Places(this.#db, this.#tables, this.#tombstones, isRaw);
    this.#writer = new BatchWriter(this.#db, this.#tables, this.#tombstones, this.#form);
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
    const rows = fittingRows(this.#form.tableOf(target).columns.length, this.#memoryBytes);
    return Math.min(rows, this.#fitting.get(target) ?? rows);
  }

  async loadStates(pipeline: string): Promise<Kept> {
    const table = { schema: this.defaultSchema, table: states.STATE_TABLE };
    const isThere = (await this.#tables.columns(table)).length > 0;
    return states.keptOf(isThere ? await this.#db.rows(states.loadStates(this.defaultSchema)) : [], pipeline);
  }

  /** No other program can have the file open. */
  async refuseOthers(): Promise<void> {}

  async look(): Promise<ReadonlyMap<string, FoundTable>> {
    return this.#tables.look(this.defaultSchema);
  }

  async lacking(target: Target): Promise<string[]> {
    return this.#of(target, () => this.#tables.lacking(target));
  }

  async beginRefresh(target: Target, pipeline: string, known: KeptState | null): Promise<number | null> {
    return this.#of(target, () =>
      this.#db.transaction(async () => {
        if (known === null && (await this.#tables.columns(target)).length === 0) return null;
        const last = known?.refresh ?? 0;
        const generation = Math.max(last, await this.#places.newestGeneration(target)) + 1;
        if (last > 0) await this.#db.run(sql.dropTable(sideOfGeneration(target, last)));
        await this.#keep({ pipeline, stream: target.stream, state: null, refresh: generation }, null);
        return generation;
      }),
    );
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#db.transaction(async () => {
      for (const state of states) await this.#keep(state);
    });
  }

  async commit(target: Target, { files }: SpooledBatch, states: readonly ReachedState[]): Promise<Counts> {
    return this.#of(target, async () => {
      let room = await this.#neededBytes(target, Math.max(...files.map((file) => file.longestLine)));
      const divided = (records: number) => {
        log.info(`${target.stream}: a batch did not fit into memory, and is written in parts of ${records} records.`);
        this.#fitting.set(target, records);
        // Where more may be taken than was reckoned, it was reckoned too low.
        room *= 2;
      };
      const sum = { ...NO_ROWS };
      let before = 0;
      const write = async (parts: readonly Part[]) => {
        const end = before + rowsOf(parts.flat());
        const state = states.findLast(({ rows }) => rows <= end) ?? null;
        await this.#db.limitMemory(Math.min(this.#memoryBytes, room));
        addCounts(sum, await this.#commit(target, parts, state));
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
        const placed = await this.#places.placed(target);
        const place = isRefresh(target) ? await this.#places.of(placed) : placed;
        const counts = place === placed ? NO_ROWS : await this.#replace(placed, place);
        crashPoint('after-swap');
        // That a refresh is over is kept also where it has brought no table.
        if (state && (hasGenerations(target) || (await this.#tables.columns(target)).length > 0))
          await this.#keep(state, place === placed ? undefined : await this.#tableAt(placed, placed));
        return counts;
      }),
    );
  }

  async abandon(target: Target): Promise<void> {
    // What a generation has collected is gone on with by its next attempt.
    if (startsAnew(target)) await this.#of(target, () => this.#db.run(sql.dropTable(sideOf(target))));
  }

  async remove(target: Target, isRaw: boolean): Promise<void> {
    await this.#of(target, async () => {
      if (isRaw) await this.#db.run(raw.dropView(target));
      await this.#db.run(sql.dropTable(target));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#of(target, async () => {
      const placed = await this.#tables.placed(target);
      const place = isRefresh(target) ? sideOf(placed) : placed;
      const beside = place !== placed;
      const own = await this.#tables.statements(placed);
      const batch = batchOf([], !rows.fitStruct(placed));
      const statements = [
        ...(beside ? await this.#tables.statements(place, false) : own),
        ...this.#writer.statements(place, { ...batch, paths: ['<files of spooled records>'] }),
        ...(beside
          ? [...own, sql.deleteAll(placed), sql.insertFrom(this.#form.tableOf(placed), place), sql.dropTable(place)]
          : []),
        states.keepState(this.defaultSchema, null, false),
      ];
      const isThere = (await this.#tables.columns(placed)).length > 0;
      return { table: !isThere ? 'new' : own.length > 0 ? 'changed' : 'there', statements };
    });
  }

  /** What DuckDB needs for a batch of the stream. @param longest bytes of the longest line */
  async #neededBytes(target: Target, longest: number): Promise<number> {
    const columns = Math.max(this.#form.tableOf(target).columns.length, (await this.#tables.columns(target)).length);
    return neededBytes(columns, longest);
  }

  /** Commits parts of a batch and a state in one transaction, in whichever way it can be done. */
  async #commit(target: Target, parts: readonly Part[], state: StateToKeep | null): Promise<Counts> {
    for (;;) {
      try {
        return await this.#transaction(async () => {
          const counts = { ...NO_ROWS };
          for (const part of parts) addCounts(counts, await this.#write(target, part));
          if (state) await this.#keep(state, await this.#aboutOf(target));
          return counts;
        });
      } catch (error) {
        if (!this.#adapt(target, error)) throw error;
      }
    }
  }

  /** All that `body` does, or nothing of it; but a table that takes many statements is made, or gets its columns, before. */
  async #transaction<T>(body: () => Promise<T>): Promise<T> {
    for (;;) {
      const undo = [this.#places.mark(), this.#tombstones.mark()];
      try {
        return await this.#db.transaction(body);
      } catch (error) {
        // What was found out on the way was undone with the rest.
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

  async #write(target: Target, files: readonly SpoolFile[]): Promise<Counts> {
    const placed = await this.#places.placed(target);
    const place = await this.#places.of(placed);
    const way = target.mode === 'append_dedup' && this.#replaced.has(target) ? 'replace' : 'append';
    const batch = batchOf(files, this.#asJson.has(target) || !rows.fitStruct(placed));
    const counts = await this.#writer[way](placed, place, batch);
    crashPoint('after-write');
    await this.#db.run(sql.DROP_TEMPORARY);
    return place === placed ? counts : NO_ROWS;
  }

  /** Chooses how the stream is written from now on, after it could not be as it was. @returns whether there is another way */
  #adapt(target: Target, error: unknown): boolean {
    if (error instanceof WarehouseConfigError || isProgrammingError(error) || isOutOfMemory(error)) return false;
    const others = error instanceof NotAllNew ? this.#replaced : this.#asJson;
    if (others.has(target)) return false;
    others.add(target);
    log.debug(`${target.stream}: written in another way, since ${(error as Error).message}`);
    return true;
  }

  /** Puts the side table's rows, or none, in the place of the table's. */
  async #replace(target: Target, side: Target): Promise<Counts> {
    const collected = (await this.#tables.columns(side)).length > 0;
    if (!collected && (await this.#tables.columns(target)).length === 0) return NO_ROWS;
    await this.#tables.make(target);
    await this.#db.run(sql.deleteAll(target));
    await this.#tombstones.forget(target);
    if (!collected) return NO_ROWS;
    const inserted = await this.#db.change(sql.insertFrom(this.#form.tableOf(target), side));
    await this.#db.run(sql.dropTable(side));
    return { ...NO_ROWS, inserted };
  }

  /** @param table what it is about from now on; undefined: as before */
  async #keep(state: StateToKeep, table?: KeptTable | null): Promise<void> {
    await this.#db.run(sql.createSchema({ schema: this.defaultSchema }));
    for (const statement of states.createStateTable(this.defaultSchema)) await this.#db.run(statement);
    const statement = states.keepState(this.defaultSchema, state.refresh, table === undefined);
    await this.#db.run(statement, states.stateValues(state, table ?? null));
  }

  /** The table that a stream's state is about while its rows are written; undefined where there is none. */
  async #aboutOf(target: Target): Promise<KeptTable | undefined> {
    const placed = await this.#places.placed(target);
    return this.#tableAt(placed, await this.#places.of(placed));
  }

  /** The same where rows go to `place`. */
  async #tableAt({ schema, table }: Target, place: Target): Promise<KeptTable | undefined> {
    const found = (await this.#tables.look(schema)).get(DUCKDB_NAMES.same(place.table));
    if (!found) return undefined;
    const form = this.#form.hasView ? 'raw' : 'typed';
    return { schema, table, form, holder: place.table, identity: found.identity, columns: packColumns(found.columns) };
  }

  async #of<T>(target: Target, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof WarehouseConfigError) throw error;
      if (isProgrammingError(error)) throw asHubflakeError(error);
      const text = error instanceof Error ? error.message : String(error);
      if (isOutOfMemory(error)) {
        throw new WarehouseConfigError(
          `Writing to the table ${target.table}, which has ${target.columns.length} columns, takes more than the ${Math.round(this.#memoryBytes / 2 ** 20)} MB of memory that DuckDB may take. Raise memory_limit_mb.`,
          { cause: error, internal: text },
        );
      }
      if (/NOT NULL constraint/i.test(text)) {
        throw new WarehouseConfigError(
          `Writing to the table ${target.table} failed: a column was made NOT NULL, and a record has no value for it. DuckDB says: ${text.split('\n')[0]}. Run: ALTER TABLE … ALTER COLUMN … DROP NOT NULL`,
          { cause: error, internal: text },
        );
      }
      throw new WarehouseError(
        `Writing to the table ${target.table} in ${this.#db.path} failed: ${text.split('\n')[0]}. The state behind this batch was not kept; run it again.`,
        { cause: error, internal: text },
      );
    }
  }
}
