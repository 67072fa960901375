import type { DuckDbConfig } from '../../config/destination.js';
import { crashPoint } from '../../crash-point.js';
import { asHubflakeError, isProgrammingError, WarehouseConfigError, WarehouseError } from '../../errors.js';
import { log } from '../../log.js';
import { type FoundTable, type KeptTable, packColumns } from '../kept-table.js';
import { hasGenerations, isRefresh, startsAnew } from '../refresh.js';
import type { SpoolFile } from '../spool.js';
import {
  addCounts,
  type Counts,
  type Kept,
  type KeptState,
  NO_ROWS,
  type Preview,
  type StateToKeep,
  type Store,
} from '../store.js';
import { hasTombstones, type Target } from '../target.js';
import { type Batch, batchOf, portionsOf } from './batch.js';
import { BatchWriter, type Way } from './batch-writer.js';
import { Database } from './database.js';
import { RAW, type TableForm, TYPED } from './forms.js';
import { Places, sideOf, sideOfGeneration } from './places.js';
import * as raw from './raw.js';
import * as rows from './rows.js';
import * as sql from './sql.js';
import * as states from './states.js';
import { DUCKDB_NAMES, TableKeeper } from './table-keeper.js';
import { Tombstones } from './tombstones.js';

/** Of longer ones DuckDB's JSON reader wants eight times their size in one piece, more than its memory (measured). */
const LONGEST_RECORD = 32 * 1024 * 1024;

/** DuckDB keeps the values that a MERGE has written in memory until its transaction ends, several times over (measured). */
const MERGED_AT_ONCE = 100 * 1024 * 1024;

/**
 * The embedded warehouse: a DuckDB file. Each commit is one transaction; where a large batch has to be merged, the first of several that
 * keeps its state is the last of them, since of merged rows a part does no harm without the rest.
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
  /** How each stream's batches may still be written, the cheapest first. A way that was wrong once is not tried again. */
  readonly #ways = new Map<Target, Way[]>();
  /** The file is this process's alone: nobody takes over. */
  onLost = () => undefined;

  /** @param readOnly only to look at it: nothing can be written, and no file is made */
  constructor(config: DuckDbConfig, readOnly = false) {
    this.#db = new Database(config.path, readOnly);
    this.defaultSchema = config.schema;
    const isRaw = config.loader.tableForm === 'raw';
    this.#form = isRaw ? RAW : TYPED;
    this.#tables = new TableKeeper(this.#db, isRaw);
    this.#tombstones = new Tombstones(this.#db, this.#tables);
    this.#places = new Places(this.#db, this.#tables, this.#tombstones, isRaw);
    this.#writer = new BatchWriter(this.#db, this.#tables, this.#tombstones, this.#form);
  }

  async open(): Promise<void> {
    await this.#db.open();
  }

  async close(): Promise<void> {
    this.#db.close();
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

  async commit(target: Target, files: readonly SpoolFile[], state: StateToKeep | null): Promise<Counts> {
    const batch = batchOf(files);
    return this.#of(target, async () => {
      const ways = this.#ways.get(target) ?? this.#writer.waysOf(target);
      this.#ways.set(target, ways);
      for (const way of [...ways]) {
        const undo = [this.#places.mark(), this.#tombstones.mark()];
        try {
          return await this.#commitBy(way, target, batch, state);
        } catch (error) {
          if (way === 'lines' || error instanceof WarehouseConfigError || isProgrammingError(error)) throw error;
          log.debug(`${target.stream}: not by the way "${way}": ${(error as Error).message}`);
          ways.splice(ways.indexOf(way), 1);
          // What was found out on the way was undone with the rest.
          for (const each of undo) each();
        }
      }
      throw new Error('there is no way to write the batch');
    });
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#of(target, () =>
      this.#db.transaction(async () => {
        const placed = await this.#places.placed(target);
        const place = isRefresh(target) ? await this.#places.of(placed) : placed;
        const counts = place === placed ? NO_ROWS : await this.#replace(placed, place);
        crashPoint('after-swap');
        // That a refresh is over is kept also where it has brought no table.
        if (state && (hasGenerations(target) || (await this.#tables.columns(target)).length > 0))
          await this.#keep(state, place === placed ? undefined : await this.#aboutOf(placed, placed));
        return counts;
      }),
    );
  }

  async abandon(target: Target): Promise<void> {
    // What a generation has collected is gone on with by its next attempt.
    if (startsAnew(target)) await this.#of(target, () => this.#db.run(sql.dropTable(sideOf(target))));
  }

  async remove(target: Target): Promise<void> {
    await this.#of(target, async () => {
      if (this.#form.hasView) await this.#db.run(raw.dropView(target));
      await this.#db.run(sql.dropTable(target));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#of(target, async () => {
      const placed = await this.#tables.placed(target);
      const place = isRefresh(target) ? sideOf(placed) : placed;
      const beside = place !== placed;
      const form = this.#form;
      const merge = [...form.mergeLive(place), ...(hasTombstones(target) ? [form.mergeTombstones(place)] : [])];
      const own = await this.#tables.statements(placed);
      const statements = [
        rows.loadRaw({ paths: ['<files of spooled records>'], longest: 0 }),
        form.stage(placed),
        ...(beside ? await this.#tables.statements(place, false) : own),
        ...(target.mode === 'append_dedup' ? merge : [form.append(place)]),
        ...(beside
          ? [...own, sql.deleteAll(placed), sql.insertFrom(form.tableOf(placed), place), sql.dropTable(place)]
          : []),
        states.keepState(this.defaultSchema, null, false),
      ];
      const isThere = (await this.#tables.columns(placed)).length > 0;
      return { table: !isThere ? 'new' : own.length > 0 ? 'changed' : 'there', statements };
    });
  }

  async #commitBy(way: Way, target: Target, batch: Batch, state: StateToKeep | null): Promise<Counts> {
    const isMerged = way === 'lines' && target.mode === 'append_dedup';
    const portions = isMerged ? portionsOf(batch, MERGED_AT_ONCE) : [batch];
    const sum = { ...NO_ROWS };
    for (const portion of portions) {
      addCounts(sum, await this.#commitPortion(way, target, portion, portion === portions.at(-1) ? state : null));
    }
    return sum;
  }

  #commitPortion(way: Way, target: Target, batch: Batch, state: StateToKeep | null): Promise<Counts> {
    return this.#db.transaction(async () => {
      const placed = await this.#places.placed(target);
      const counts = await this.#write(way, placed, batch);
      crashPoint('after-write');
      await this.#db.run(rows.DROP_TEMPORARY);
      if (state) await this.#keep(state, await this.#aboutOf(placed, await this.#places.of(placed)));
      return counts;
    });
  }

  async #write(way: Way, target: Target, batch: Batch): Promise<Counts> {
    const place = await this.#places.of(target);
    const counts = await this.#writer.write(way, target, place, batch);
    return place === target ? counts : NO_ROWS;
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

  /** The table that a state is about whose rows go to `place`; undefined where there is none. */
  async #aboutOf({ schema, table }: Target, place: Target): Promise<KeptTable | undefined> {
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
      throw new WarehouseError(
        `Writing to the table ${target.table} in ${this.#db.path} failed: ${text.split('\n')[0]}. The state behind this batch was not kept; run it again.`,
        { cause: error, internal: text },
      );
    }
  }
}
