import { crashPoint } from '../../crash-point.js';
import { addCounts, type Counts, NO_ROWS } from '../store.js';
import type { Target } from '../target.js';
import { type Batch, batchOf } from './batch.js';
import type { Database } from './database.js';
import type { TableForm } from './forms.js';
import * as rows from './rows.js';
import * as sql from './sql.js';
import type { TableKeeper } from './table-keeper.js';
import type { Tombstones } from './tombstones.js';
import { UnchangedRows } from './unchanged.js';

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
  readonly #form: TableForm;
  readonly #unchanged: UnchangedRows;
  /** Tables that were empty when the run began to append to them. */
  readonly #begun = new WeakSet<Target>();

  constructor(db: Database, tables: TableKeeper, tombstones: Tombstones, form: TableForm) {
    this.#db = db;
    this.#tables = tables;
    this.#tombstones = tombstones;
    this.#form = form;
    this.#unchanged = new UnchangedRows(db, form);
  }

  /** The ways that a stream's batches may be written, the cheapest first. The last takes every batch. */
  waysOf(target: Target): Way[] {
    return target.mode === 'append_dedup' ? ['append', 'replace', 'lines'] : ['append', 'lines'];
  }

  /**
   * Writes a batch, in the transaction that is open.
   *
   * @param target the stream with its own table @param place the same with the table that its rows go to
   */
  async write(way: Way, target: Target, place: Target, batch: Batch): Promise<Counts> {
    // Before anything is made or deleted for it.
    if (way !== 'lines' && !this.#form.areDirect(place)) throw new NotThisWay('the columns cannot be read at once');
    if (way === 'append') return this.#appendNew(target, place, batch);
    if (way === 'replace') return this.#replaceRows(target, place, batch);
    const sum = { ...NO_ROWS };
    for (const file of batch.files) {
      addCounts(sum, await this.#writeLines(target, place, batchOf([file])));
    }
    return sum;
  }

  /** Inserts a batch in one pass. Of a deduplicated stream that is right where it turns out that every row is a new one. */
  async #appendNew(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const isDeduplicated = place.mode === 'append_dedup';
    if (isDeduplicated && !(await this.#mayAllBeNew(place))) throw new NotThisWay('the table has rows');
    if (isDeduplicated && (await this.#tombstones.hasAny(target))) throw new NotThisWay('rows were deleted');
    await this.#tables.make(place, place === target);
    const inserted = await this.#db.change(
      this.#form.appendDirect(place, batch, isDeduplicated ? 'NOT hf_tomb' : 'true'),
    );
    crashPoint('after-copy');
    if (inserted !== batch.rows) throw new NotThisWay(`${batch.rows} rows were spooled, but ${inserted} inserted`);
    if (isDeduplicated && (await this.#db.count(sql.countDoubles(this.#form.narrow(place)))) > 0) {
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
    const narrow = this.#form.narrow(place);
    const isOwn = place === target;
    const isThere = (await this.#tables.columns(place)).length > 0;
    // It may lack the columns by which rows are found.
    if (isThere) await this.#tables.make(place, isOwn);
    const isCompared = isThere && (await this.#unchanged.areExpected(place, batch));
    await this.#db.run(
      sql.stageAs(isCompared ? this.#form.hashedRows(place, batch) : this.#form.narrowRows(place, batch)),
    );
    await this.#expectRows(batch.rows);
    await this.#tombstones.sift(this.#form.narrow(target));
    if (!isThere && (await this.#hasNoLive())) return NO_ROWS;
    if (!isThere) await this.#tables.make(place, isOwn);
    await this.#db.run(sql.match(narrow, this.#form.rowCursor(place)));
    const updated = await this.#db.count(sql.COUNT_REPLACED);
    const kept = isCompared ? await this.#unchanged.keep(place, batch) : 0;
    const inserted = await this.#exchange(place, batch);
    const marked = await this.#mark(place, batch);
    return { ...NO_ROWS, inserted: inserted - (updated - kept), updated, marked };
  }

  /**
   * Puts versions in the place of the rows that were found, and the new ones beside. What rows have in the columns of others stays; new
   * ones have their defaults there. @returns how many it inserted
   */
  async #exchange(place: Target, batch: Batch): Promise<number> {
    const wanted = sql.isToInsert(this.#form.narrow(place));
    const others = await this.#tables.others(place);
    if (others.length > 0) await this.#db.run(sql.carryOver(place, others));
    await this.#db.run(sql.deleteReplaced(place));
    if (others.length === 0) return this.#insert(place, batch, wanted);
    const inserted = await this.#insert(place, batch, `${wanted} AND ${sql.IS_NOT_CARRIED}`);
    return inserted + (await this.#insert(place, batch, `${wanted} AND ${sql.IS_CARRIED}`, others));
  }

  /** Inserts the lines for which a condition holds; the files are not read once more for nothing. */
  async #insert(place: Target, batch: Batch, condition: string, others: readonly string[] = []): Promise<number> {
    if ((await this.#db.count(sql.countLines(condition))) === 0) return 0;
    const inserted = await this.#db.change(this.#form.appendDirect(place, batch, condition, others));
    crashPoint('after-copy');
    return inserted;
  }

  /** Marks the rows whose newest version in the batch is a tombstone. Of those lines all is needed that they carry. */
  async #mark(place: Target, batch: Batch): Promise<number> {
    if ((await this.#db.count(sql.countLines('hf_tomb'))) === 0) return 0;
    await this.#db.run(rows.loadRaw(batch, sql.isLastTombstone(this.#form.narrow(place))));
    await this.#db.run(this.#form.stage(place));
    return this.#db.change(this.#form.mergeTombstones(place));
  }

  /** Tombstones mark rows; a table that has none is not made for them. */
  async #hasNoLive(): Promise<boolean> {
    return (await this.#db.count(sql.countLines('NOT hf_tomb'))) === 0;
  }

  async #writeLines(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const isOwn = place === target;
    await this.#db.run(rows.loadRaw(batch));
    await this.#db.run(this.#form.stage(place));
    await this.#expectRows(batch.rows);
    crashPoint('after-copy');
    if (place.mode !== 'append_dedup') {
      await this.#tables.make(place, isOwn);
      return { ...NO_ROWS, inserted: await this.#db.change(this.#form.append(place)) };
    }
    await this.#tombstones.sift(this.#form.staged(target));
    const tombstones = await this.#db.count(sql.countLines('hf_tomb'));
    if ((await this.#hasNoLive()) && (await this.#tables.columns(place)).length === 0) return NO_ROWS;
    await this.#tables.make(place, isOwn);
    return this.#merge(place, tombstones);
  }

  async #expectRows(count: number): Promise<void> {
    const loaded = await this.#db.count(sql.countLines('true'));
    if (loaded !== count) throw new Error(`${count} rows were spooled, but ${loaded} loaded`);
  }

  async #merge(target: Target, tombstones: number): Promise<Counts> {
    const before = await this.#db.count(sql.countRows(target));
    let merged = 0;
    for (const statement of this.#form.mergeLive(target)) merged = await this.#db.change(statement);
    const inserted = (await this.#db.count(sql.countRows(target))) - before;
    const marked = tombstones === 0 ? 0 : await this.#db.change(this.#form.mergeTombstones(target));
    return { inserted, updated: merged - inserted, marked };
  }
}
