import { crashPoint } from '../../crash-point.js';
import type { SpoolFile } from '../loader/spool.js';
import { type Counts, NO_ROWS } from '../store.js';
import { hasTombstones, type Target } from '../target.js';
import type { Database } from './database.js';
import { rowsOf } from './parts.js';
import type { TableForm } from './sql/forms.js';
import * as rows from './sql/rows.js';
import * as sql from './sql/sql.js';
import type { TableKeeper } from './table-keeper.js';
import type { Tombstones } from './tombstones.js';

/** Appending to a table of more rows than this would spend more on comparing keys than it saves. */
const MOST_COMPARED = 2_000_000;

/** What is committed at once. */
export interface Batch extends rows.Lines {
  rows: number;
}

/** The batch of some spool files. @param asJson how their records are read */
export function batchOf(files: readonly SpoolFile[], asJson: boolean): Batch {
  return {
    paths: files.map((file) => file.path),
    longest: Math.max(...files.map((file) => file.longestLine)),
    rows: rowsOf(files),
    asJson,
  };
}

/** Thrown where a batch of a deduplicated stream has more than rows that are new to the table. */
export class NotAllNew extends Error {}

/**
 * Writes batches into tables, in one of two ways: appended, in one pass from the files into the table; or, of deduplicated streams,
 * inserted after the rows that they replace were deleted, with tombstones behind.
 */
export class BatchWriter {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #tombstones: Tombstones;
  readonly #form: TableForm;
  /** Tables that were empty when the run began to append to them. */
  readonly #begun = new WeakSet<Target>();

  constructor(db: Database, tables: TableKeeper, tombstones: Tombstones, form: TableForm) {
    this.#db = db;
    this.#tables = tables;
    this.#tombstones = tombstones;
    this.#form = form;
  }

  /**
   * Appends a batch, in the transaction that is open. Throws NotAllNew where a deduplicated stream's rows must be replaced instead:
   * what was written by then is to be undone.
   *
   * @param target the stream with its own table @param place the same with the table that its rows go to
   */
  async append(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const isDeduplicated = place.mode === 'append_dedup';
    if (isDeduplicated) await this.#expectNoRows(target, place);
    await this.#tables.make(place, place === target);
    const inserted = await this.#db.change(
      this.#form.insert(place, this.#form.wholeRows(place, batch), isDeduplicated),
    );
    crashPoint('after-copy');
    if (inserted !== batch.rows) throw unexpected(batch, inserted, isDeduplicated);
    if (isDeduplicated && (await this.#db.count(sql.countDoubles(this.#form.narrow(place)))) > 0) {
      throw new NotAllNew('a key comes twice');
    }
    this.#begun.add(place);
    return { ...NO_ROWS, inserted };
  }

  /** Throws NotAllNew where the table had rows when the run began, has too many to compare their keys, or has had some. */
  async #expectNoRows(target: Target, place: Target): Promise<void> {
    if (await this.#tombstones.hasAny(target)) throw new NotAllNew('rows were deleted');
    if ((await this.#tables.columns(place)).length === 0) return;
    if ((await this.#db.count(sql.countRows(place))) > (this.#begun.has(place) ? MOST_COMPARED : 0)) {
      throw new NotAllNew('the table has rows');
    }
  }

  /** Deletes the rows of which the batch has versions that are not older, and inserts those; in the transaction that is open. */
  async replace(target: Target, place: Target, batch: Batch): Promise<Counts> {
    const narrow = this.#form.narrow(place);
    const isOwn = place === target;
    const isThere = (await this.#tables.columns(place)).length > 0;
    // It may lack the columns by which rows are found.
    if (isThere) await this.#tables.make(place, isOwn);
    await this.#db.run(sql.createAs(sql.STAGE, this.#form.narrowRows(place, batch)));
    const staged = await this.#db.count(sql.countLines('true'));
    if (staged !== batch.rows) throw unexpected(batch, staged);
    await this.#tombstones.sift(this.#form.narrow(target));
    // Tombstones mark rows; a table that has none is not made for them.
    if (!isThere && (await this.#db.count(sql.countLines('NOT hf_tomb'))) === 0) return NO_ROWS;
    if (!isThere) await this.#tables.make(place, isOwn);
    await this.#db.run(sql.match(narrow, this.#form.rowCursor(place)));
    await this.#db.run(sql.want(narrow));
    const [{ wanted, replacing } = {}] = await this.#db.rows(sql.COUNT_WANTED);
    await this.#exchange(place, batch, Number(wanted));
    const updated = Number(replacing);
    return { inserted: Number(wanted) - updated, updated, marked: await this.#mark(place, batch) };
  }

  /** Puts versions in the place of the rows that were found, and the new ones beside. What rows have in columns of others stays. */
  async #exchange(place: Target, batch: Batch, wanted: number): Promise<void> {
    const others = await this.#tables.others(place);
    if (others.length > 0) await this.#db.run(sql.keepOthers(place, others));
    await this.#db.change(sql.deleteReplaced(place));
    if (wanted === 0) return;
    const inserted = await this.#db.change(
      this.#form.insert(place, this.#form.wholeRows(place, batch, sql.IS_WANTED), false),
    );
    crashPoint('after-copy');
    if (inserted !== wanted) throw unexpected({ rows: wanted }, inserted);
    if (others.length > 0) await this.#db.change(sql.restoreOthers(this.#form.narrow(place), others));
  }

  /** Marks the rows whose newest version in the batch is a tombstone. Of those lines all is needed that they carry. */
  async #mark(place: Target, batch: Batch): Promise<number> {
    if ((await this.#db.count(sql.countLines('hf_tomb'))) === 0) return 0;
    await this.#db.run(rows.loadLines(batch, sql.isLastTombstone(this.#form.narrow(place))));
    const fields = (await this.#db.rows(rows.LOADED_FIELDS)).map(({ field }) => String(field));
    const carrying = this.#form.carrying(place, fields);
    await this.#db.run(sql.createAs(sql.MARKS, this.#form.tombstones(carrying, rows.LOADED)));
    return this.#db.change(this.#form.mergeTombstones(carrying));
  }

  /** What a batch runs that may have anything, with a table that may have rows: in their order, the statements that change rows. */
  statements(place: Target, lines: rows.Lines): string[] {
    const { insert, wholeRows, narrowRows, rowCursor, narrow, tombstones, mergeTombstones } = this.#form;
    if (place.mode !== 'append_dedup') return [insert(place, wholeRows(place, lines), false)];
    const marking = [
      rows.loadLines(lines, sql.isLastTombstone(narrow(place))),
      sql.createAs(sql.MARKS, tombstones(place, rows.LOADED)),
      mergeTombstones(place),
    ];
    return [
      sql.createAs(sql.STAGE, narrowRows(place, lines)),
      sql.match(narrow(place), rowCursor(place)),
      sql.want(narrow(place)),
      sql.deleteReplaced(place),
      insert(place, wholeRows(place, lines, sql.IS_WANTED), false),
      ...(hasTombstones(place) ? marking : []),
    ];
  }
}

function unexpected({ rows }: { rows: number }, found: number, mayHaveTombstones = false): Error {
  const text = `${rows} rows were spooled, but ${found} loaded`;
  return mayHaveTombstones ? new NotAllNew(text) : new Error(text);
}
