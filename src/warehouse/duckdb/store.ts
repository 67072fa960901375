import type { DuckDbConfig } from '../../config/destination.js';
import { crashPoint } from '../../crash-point.js';
import { WarehouseConfigError, WarehouseError } from '../../errors.js';
import type { JsonObject } from '../../protocol/messages.js';
import { narrowTarget, rawTarget } from '../raw-form.js';
import { isRefresh, sideSuffix, startsAnew } from '../refresh.js';
import type { SpoolFile } from '../spool.js';
import { type Counts, NO_ROWS, type Preview, type StateToKeep, type Store } from '../store.js';
import type { Target } from '../target.js';
import { Database } from './database.js';
import * as raw from './raw.js';
import * as sql from './sql.js';
import * as states from './states.js';
import { DUCKDB_NAMES, TableKeeper } from './table-keeper.js';

/** Of longer ones DuckDB's JSON reader wants eight times their size in one piece, more than its memory (measured). */
const LONGEST_RECORD = 32 * 1024 * 1024;

/** The embedded warehouse: a DuckDB file. Each commit is one transaction. */
export class DuckDbStore implements Store {
  readonly names = DUCKDB_NAMES;
  readonly longestRecord = LONGEST_RECORD;
  readonly parallelCommits = 1;
  readonly defaultSchema: string;
  readonly #db: Database;
  readonly #isRaw: boolean;
  readonly #tables: TableKeeper;
  /** Where each stream's rows go in this run. */
  readonly #places = new Map<Target, Target>();

  /** @param readOnly only to look at it: nothing can be written, and no file is made */
  constructor(config: DuckDbConfig, readOnly = false) {
    this.#db = new Database(config.path, readOnly);
    this.defaultSchema = config.schema;
    this.#isRaw = config.loader.tableForm === 'raw';
    this.#tables = new TableKeeper(this.#db, this.#isRaw);
  }

  async open(): Promise<void> {
    await this.#db.open();
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  async loadStates(pipeline: string): Promise<Map<string, JsonObject>> {
    const table = { schema: this.defaultSchema, table: states.STATE_TABLE };
    if ((await this.#tables.columns(table)).length === 0) return new Map();
    const rows = await this.#db.rows(states.loadStates(this.defaultSchema), [pipeline]);
    return new Map(rows.map((row) => [String(row.stream), JSON.parse(String(row.state)) as JsonObject]));
  }

  async keepStates(states: readonly StateToKeep[]): Promise<void> {
    await this.#db.transaction(async () => {
      for (const state of states) await this.#keep(state);
    });
  }

  async commit(target: Target, files: readonly SpoolFile[], state: StateToKeep | null): Promise<Counts> {
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const longest = Math.max(...files.map((file) => file.longestLine));
    return this.#of(target, () =>
      this.#db.transaction(async () => {
        await this.#db.run(
          sql.loadRaw(
            files.map((file) => file.path),
            longest,
          ),
        );
        const loaded = await this.#db.count(sql.COUNT_RAW);
        if (loaded !== rows) throw new Error(`${rows} rows were spooled, but ${loaded} loaded`);
        crashPoint('after-copy');
        const placed = await this.#tables.placed(target);
        await this.#stage(placed);
        const counts = await this.#write(placed, rows);
        crashPoint('after-write');
        await this.#db.run(sql.DROP_TEMPORARY);
        if (state) await this.#keep(state);
        return counts;
      }),
    );
  }

  async complete(target: Target, state: StateToKeep | null): Promise<Counts> {
    return this.#of(target, () =>
      this.#db.transaction(async () => {
        const placed = await this.#tables.placed(target);
        const place = isRefresh(target) ? await this.#placeOf(placed) : placed;
        const counts = place === placed ? NO_ROWS : await this.#replace(placed, place);
        crashPoint('after-swap');
        if (state && (await this.#tables.columns(target)).length > 0) await this.#keep(state);
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
      if (this.#isRaw) await this.#db.run(raw.dropView(target));
      await this.#db.run(sql.dropTable(target));
    });
  }

  async preview(target: Target): Promise<Preview> {
    return this.#of(target, async () => {
      const placed = await this.#tables.placed(target);
      const place = isRefresh(target) ? sideOf(placed) : placed;
      const beside = place !== placed;
      const table = sql.tableName(place);
      const insert = this.#isRaw ? raw.appendRaw(table) : sql.append(placed, table);
      const merge = this.#isRaw
        ? [raw.mergeRaw(narrowTarget(place))]
        : [sql.mergeLive(place), ...(target.tombstone || target.deletedAt ? [sql.mergeTombstones(place)] : [])];
      const own = await this.#tables.statements(placed);
      const statements = [
        sql.loadRaw(['<files of spooled records>'], 0),
        this.#stageStatement(placed),
        ...(beside ? await this.#tables.statements(place, false) : own),
        ...(target.mode === 'append_dedup' ? merge : [insert]),
        ...(beside
          ? [...own, sql.deleteAll(placed), sql.insertFrom(this.#tableOf(placed), place), sql.dropTable(place)]
          : []),
        states.keepState(this.defaultSchema),
      ];
      const isThere = (await this.#tables.columns(placed)).length > 0;
      return { table: !isThere ? 'new' : own.length > 0 ? 'changed' : 'there', statements };
    });
  }

  /** Makes rows of the batch's lines; of a raw table's, only the columns that tell rows and versions apart. */
  async #stage(target: Target): Promise<void> {
    await this.#db.run(this.#stageStatement(target));
  }

  #stageStatement(target: Target): string {
    return this.#isRaw ? sql.stage(narrowTarget(target), { id: raw.keyText(target) }) : sql.stage(target);
  }

  #append(target: Target, table: string): Promise<number> {
    return this.#db.change(this.#isRaw ? raw.appendRaw(table) : sql.append(target, table));
  }

  /** The stream as its table sees it. */
  #tableOf(target: Target): Target {
    return this.#isRaw ? rawTarget(target) : target;
  }

  async #write(target: Target, rows: number): Promise<Counts> {
    const place = await this.#placeOf(target);
    if (target.mode !== 'append_dedup') {
      await this.#tables.make(place, place === target);
      const inserted = await this.#append(target, sql.tableName(place));
      return { ...NO_ROWS, inserted: place === target ? inserted : 0 };
    }
    const tombstones = await this.#db.count(sql.COUNT_TOMBSTONES);
    // Tombstones mark rows; a table that has none is not made for them.
    if (tombstones === rows && (await this.#tables.columns(place)).length === 0) return NO_ROWS;
    await this.#tables.make(place, place === target);
    const counts = await this.#merge(place, tombstones);
    return place === target ? counts : NO_ROWS;
  }

  async #merge(target: Target, tombstones: number): Promise<Counts> {
    const before = await this.#db.count(sql.countRows(target));
    if (this.#isRaw) return this.#mergeRaw(target, before);
    const merged = await this.#db.change(sql.mergeLive(target));
    const inserted = (await this.#db.count(sql.countRows(target))) - before;
    const marked = tombstones === 0 ? 0 : await this.#db.change(sql.mergeTombstones(target));
    return { inserted, updated: merged - inserted, marked };
  }

  /** Where the run's rows of a stream go: into its table, or in a refresh into a table beside it. */
  async #placeOf(target: Target): Promise<Target> {
    const known = this.#places.get(target) ?? (await this.#findPlace(target));
    this.#places.set(target, known);
    return known;
  }

  async #findPlace(target: Target): Promise<Target> {
    if (!isRefresh(target)) return target;
    const side = sideOf(target);
    if (startsAnew(target)) {
      // What an attempt that died has left there is not ours.
      await this.#db.run(sql.dropTable(side));
      return side;
    }
    if ((await this.#tables.columns(side)).length > 0) return side;
    if ((await this.#tables.columns(target)).length === 0) return target.mode === 'overwrite' ? side : target;
    return (await this.#db.count(sql.countOldGenerations(target))) > 0 ? side : target;
  }

  async #mergeRaw(target: Target, before: number): Promise<Counts> {
    const changed = await this.#db.change(raw.mergeRaw(narrowTarget(target)));
    const grown = (await this.#db.count(sql.countRows(target))) - before;
    const marked = await this.#db.count(raw.countMarkedRaw(target));
    // A table that shrank has lost rows to hard deletes, which are marks as well.
    const inserted = Math.max(grown, 0);
    const deleted = Math.max(-grown, 0);
    return { inserted, updated: Math.max(changed - inserted - marked - deleted, 0), marked: marked + deleted };
  }

  /** Puts the side table's rows, or none, in the place of the table's. */
  async #replace(target: Target, side: Target): Promise<Counts> {
    const collected = (await this.#tables.columns(side)).length > 0;
    if (!collected && (await this.#tables.columns(target)).length === 0) return NO_ROWS;
    await this.#tables.make(target);
    await this.#db.run(sql.deleteAll(target));
    if (!collected) return NO_ROWS;
    const inserted = await this.#db.change(sql.insertFrom(this.#tableOf(target), side));
    await this.#db.run(sql.dropTable(side));
    return { ...NO_ROWS, inserted };
  }

  async #keep({ pipeline, stream, state }: StateToKeep): Promise<void> {
    await this.#db.run(sql.createSchema({ schema: this.defaultSchema }));
    await this.#db.run(states.createStateTable(this.defaultSchema));
    await this.#db.run(states.keepState(this.defaultSchema), [pipeline, stream, JSON.stringify(state)]);
  }

  async #of<T>(target: Target, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (error instanceof WarehouseConfigError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      throw new WarehouseError(
        `Writing to the table ${target.table} in ${this.#db.path} failed: ${text.split('\n')[0]}. Nothing of this batch was committed; run it again.`,
        { cause: error, internal: text },
      );
    }
  }
}

const sides = new WeakMap<Target, Target>();

/** A stream with the table beside its own, in which a refresh is collected. */
function sideOf(target: Target): Target {
  const side = sides.get(target) ?? { ...target, table: target.table + sideSuffix(target), cleared: [] };
  sides.set(target, side);
  return side;
}
