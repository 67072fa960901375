import { crashPoint } from '../../crash-point.js';
import { narrowTarget } from '../raw-form.js';
import { addCounts, type Counts, NO_ROWS } from '../store.js';
import type { Target } from '../target.js';
import { type Batch, batchOf } from './batch.js';
import type { Database } from './database.js';
import * as raw from './raw.js';
import * as rows from './rows.js';
import * as sql from './sql.js';
import type { TableKeeper } from './table-keeper.js';
import type { Tombstones } from './tombstones.js';
import { stageHashed, UnchangedRows } from './unchanged.js';

/** Appending to a table of more rows than this would spend more on comparing keys than it saves. */
const MOST_COMPARED = 2_000_000;

/**
 * How a batch is written: in one pass from the files into the table, where each row is a new one; the same after the rows that it
 * replaces were deleted, with tombstones behind; or file by file from the lines as they are, which also finds what the others
 * cannot: fields that come twice, fields whose names differ only by case.
 */
export type Way = 'append' | 'replace' | 'lines';

/** Why batches of a stream cannot be written by a way. */
export class NotThisWay extends Error {}

/** Writes batches into tables, each by the way that it is told. */
export class BatchWriter {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #tombstones: Tombstones;
  readonly #isRaw: boolean;
  readonly #unchanged: UnchangedRows;
  /** Tables that were empty when the run began to append to them. */
  readonly #begun = new WeakSet<Target>();

  constructor(db: Database, tables: TableKeeper, tombstones: Tombstones, isRaw: boolean) {
    this.#db = db;
    this.#tables = tables;
    this.#tombstones = tombstones;
    this.#isRaw = isRaw;
    this.#unchanged = new UnchangedRows(db);
  }

  /** The ways that a stream's batches may be written, the cheapest first. The last takes every batch. */
  waysOf(target: Target): Way[] {
    if (this.#isRaw) return ['lines'];
    return target.mode === 'append_dedup' ? ['append', 'replace', 'lines'] : ['append', 'lines'];
  }

  /**
   * Writes a batch, in the transaction that is open.
   *
   * @param target the stream with its own table @param place the same with the table that its rows go to
   */
  async write(way: Way, target: Target, place: Target, batch: Batch): Promise<Counts> {
    // Before anything is made or deleted for it.
    if (way !== 'lines' && !rows.areDirect(place)) throw new NotThisWay('the columns cannot be read at once');
    if (way === 'append') return this.#appendNew(target, place, batch);
    if (way === 'replace') return this.#replaceRows(target, place, batch);
    const sum = { ...NO_ROWS };
    for (const file of batch.files) {
      addCounts(sum, await this.#writeLines(target, place, batchOf([file])));
    }
    return sum;
  }

  /** The statement that makes rows of a batch's lines; of a raw table's, only the columns that tell rows and versions apart. */
  stage(target: Target): string {
    return this.#isRaw ? rows.stage(narrowTarget(target), { id: raw.keyText(target) }) : rows.stage(target);
  }

  /** Inserts a batch in one pass. Of a deduplicated stream that is right where it turns out that every row is a new one. */
  async #appendNew(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const isDeduplicated = place.mode === 'append_dedup';
    if (isDeduplicated && !(await this.#mayAllBeNew(place))) throw new NotThisWay('the table has rows');
    if (isDeduplicated && (await this.#tombstones.hasAny(target))) throw new NotThisWay('rows were deleted');
    await this.#tables.make(place, place === target);
    const inserted = await this.#db.change(rows.appendDirect(place, batch, isDeduplicated ? 'NOT hf_tomb' : 'true'));
    crashPoint('after-copy');
    if (inserted !== batch.rows) throw new NotThisWay(`${batch.rows} rows were spooled, but ${inserted} inserted`);
    if (isDeduplicated && (await this.#db.count(sql.countDoubles(place))) > 0) {
      throw new NotThisWay('not every row is new');
    }
    this.#begun.add(place);
    return { ...NO_ROWS, inserted };
  }

  /** Whether the table had no rows when the run began, and still has so few that their keys are soon compared. */
  async #mayAllBeNew(place: Target): Promise<boolean> {
    if ((await this.#tables.columns(place)).length === 0) return true;
    return (await this.#db.count(sql.countRows(place))) <= (this.#begun.has(place) ? MOST_COMPARED : 0);
  }

  /** Deletes the rows of which the batch has versions that are not older, and inserts those; rows that would be the same stay. */
  async #replaceRows(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const narrow = narrowTarget(place);
    const isOwn = place === target;
    const isThere = (await this.#tables.columns(place)).length > 0;
    // It may lack the columns by which rows are found.
    if (isThere) await this.#tables.make(place, isOwn);
    const isCompared = isThere && (await this.#unchanged.areExpected(place, batch));
    await this.#db.run(isCompared ? stageHashed(place, batch) : rows.stageDirect(narrow, batch));
    await this.#expectRows(batch.rows);
    await this.#tombstones.sift(narrowTarget(target), false);
    if (!isThere && (await this.#hasNoLive())) return NO_ROWS;
    if (!isThere) await this.#tables.make(place, isOwn);
    if (!(await this.#tables.hasNoOthers(place))) throw new NotThisWay('the table has columns of others');
    await this.#db.run(sql.match(narrow));
    const updated = await this.#db.count(sql.COUNT_REPLACED);
    const kept = isCompared ? await this.#unchanged.keep(place, batch) : 0;
    const inserted = await this.#exchange(place, batch);
    const marked = await this.#mark(place, batch);
    return { ...NO_ROWS, inserted: inserted - (updated - kept), updated, marked };
  }

  /** Puts versions in the place of the rows that were found, and the new ones beside. @returns how many it inserted */
  async #exchange(place: Target, batch: Batch): Promise<number> {
    const narrow = narrowTarget(place);
    // The files are not read once more for nothing.
    if ((await this.#db.count(sql.countToInsert(narrow))) === 0) return 0;
    await this.#db.run(sql.deleteReplaced(place));
    const inserted = await this.#db.change(rows.appendDirect(place, batch, sql.isToInsert(narrow)));
    crashPoint('after-copy');
    return inserted;
  }

  /** Marks the rows whose newest version in the batch is a tombstone. Of those lines all is needed that they carry. */
  async #mark(place: Target, batch: Batch): Promise<number> {
    if ((await this.#db.count(sql.COUNT_TOMBSTONES)) === 0) return 0;
    await this.#db.run(rows.loadRaw(batch, sql.isLastTombstone(narrowTarget(place))));
    await this.#db.run(this.stage(place));
    return this.#db.change(sql.mergeTombstones(place));
  }

  /** Tombstones mark rows; a table that has none is not made for them. */
  async #hasNoLive(): Promise<boolean> {
    return (await this.#db.count(sql.COUNT_LIVE)) === 0;
  }

  async #writeLines(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const isOwn = place === target;
    await this.#db.run(rows.loadRaw(batch));
    await this.#db.run(this.stage(place));
    await this.#expectRows(batch.rows);
    crashPoint('after-copy');
    if (place.mode !== 'append_dedup') {
      await this.#tables.make(place, isOwn);
      return { ...NO_ROWS, inserted: await this.#append(place, sql.tableName(place)) };
    }
    await this.#tombstones.sift(this.#isRaw ? narrowTarget(target) : target, this.#isRaw);
    const tombstones = await this.#db.count(sql.COUNT_TOMBSTONES);
    if ((await this.#hasNoLive()) && (await this.#tables.columns(place)).length === 0) return NO_ROWS;
    await this.#tables.make(place, isOwn);
    return this.#merge(place, tombstones);
  }

  async #expectRows(count: number): Promise<void> {
    const loaded = await this.#db.count(rows.COUNT_STAGE);
    if (loaded !== count) throw new Error(`${count} rows were spooled, but ${loaded} loaded`);
  }

  #append(target: Target, table: string): Promise<number> {
    return this.#db.change(this.#isRaw ? raw.appendRaw(table) : sql.append(target, table));
  }

  async #merge(target: Target, tombstones: number): Promise<Counts> {
    const before = await this.#db.count(sql.countRows(target));
    if (this.#isRaw) return this.#mergeRaw(target, before);
    const merged = await this.#db.change(sql.mergeLive(target));
    const inserted = (await this.#db.count(sql.countRows(target))) - before;
    const marked = tombstones === 0 ? 0 : await this.#db.change(sql.mergeTombstones(target));
    return { inserted, updated: merged - inserted, marked };
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
}
