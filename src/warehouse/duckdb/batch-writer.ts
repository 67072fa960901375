import { reachedStep } from '../../commit-steps.js';
import { type Counts, NO_ROWS } from '../store.js';
import type { Catalog } from '../tables/catalog.js';
import type { ColumnMapping } from '../tables/column-mapping.js';
import type { TableWrite } from '../tables/destination-table.js';
import type { Tombstones } from '../tables/tombstones.js';
import { canDelete, hasTombstones, type Target } from '../target.js';
import { type Batch, NotAllNew, unexpected } from './batch.js';
import type { Database } from './database.js';
import { type GroupedBatch, GroupKeeper } from './group-keeper.js';
import type { TableForm } from './sql/forms.js';
import * as rows from './sql/rows.js';
import * as sql from './sql/sql.js';
import { countDeleted, leaveOut, remember } from './sql/tombstones.js';
import type { TableKeeper } from './table-keeper.js';

/** In a table of more rows, looking for duplicate keys after an append costs more than the append saves. */
const MOST_COMPARED = 2_000_000;

/**
 * Writes batches into tables by one of two strategies: append, in one pass from the files into the table; or, for deduplicated
 * streams, replace: delete the rows that have newer versions, insert those versions, and apply the tombstones.
 */
export class BatchWriter {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #catalog: Catalog;
  readonly #tombstones: Tombstones;
  readonly #form: TableForm;
  readonly #groups: GroupKeeper;
  /** Streams whose tables were empty when the run began to append to them. */
  readonly #begun = new WeakSet<Target>();

  constructor(db: Database, tables: TableKeeper, catalog: Catalog, tombstones: Tombstones, form: TableForm) {
    this.#db = db;
    this.#tables = tables;
    this.#catalog = catalog;
    this.#tombstones = tombstones;
    this.#form = form;
    this.#groups = new GroupKeeper(db, tables, form);
  }

  /** Writes a batch, and does what it does to groups of rows, in the open transaction. Throws what {@link append} throws. */
  async write(strategy: 'append' | 'replace', grouped: GroupedBatch): Promise<Counts> {
    const { write } = grouped;
    // Checked first: after NotAllNew, all work on groups would be rolled back and done again.
    if (strategy === 'append' && write.target.mode === 'append_dedup') await this.#expectNoRows(write);
    return this.#groups.around(grouped, (left) =>
      this[strategy](write, grouped.stamp, left, grouped.contents.comparesRows),
    );
  }

  /**
   * Appends a batch, in the open transaction. Throws NotAllNew where a deduplicated stream's rows must be replaced instead; the
   * transaction is then to be rolled back.
   */
  async append(write: TableWrite, stamp: rows.RowStamp, batch: Batch): Promise<Counts> {
    const { target, mapping, destination } = write;
    const isDeduplicated = target.mode === 'append_dedup';
    await this.#tables.make(write);
    const rows = this.#form.wholeRows(mapping, stamp, batch);
    const inserted = await this.#db.change(this.#form.insert(destination, mapping, rows, isDeduplicated));
    reachedStep('after-copy');
    if (inserted !== batch.rows) throw unexpected(batch, inserted, isDeduplicated);
    const doubles = sql.countDoubles(destination, this.#form.narrow(mapping));
    if (isDeduplicated && (await this.#db.count(doubles)) > 0) throw new NotAllNew('a key comes twice');
    this.#begun.add(target);
    return { ...NO_ROWS, inserted };
  }

  /** Throws NotAllNew where the table had rows when the run began, has too many to compare their keys, or has had deletions. */
  async #expectNoRows({ target, destination }: TableWrite): Promise<void> {
    const tombstones = await this.#tombstones.of(this.#catalog, target);
    if (tombstones !== null && (await this.#db.count(countDeleted(tombstones, target))) > 0)
      throw new NotAllNew('rows were deleted');
    if ((await this.#tables.columns(destination)).length === 0) return;
    if ((await this.#db.count(sql.countRows(destination))) > (this.#begun.has(target) ? MOST_COMPARED : 0)) {
      throw new NotAllNew('the table has rows');
    }
  }

  /**
   * Replaces the rows that have newer versions in the batch, inserts new ones and applies tombstones, in the open transaction.
   *
   * @param comparesRows whether rows are left alone that have the same values
   */
  async replace(write: TableWrite, stamp: rows.RowStamp, batch: Batch, comparesRows = false): Promise<Counts> {
    const { target, mapping, destination } = write;
    const narrow = this.#form.narrow(mapping);
    const isThere = (await this.#tables.columns(destination)).length > 0;
    // The table may lack the columns by which rows are matched.
    if (isThere) await this.#tables.make(write);
    await this.#db.run(sql.createAs(sql.STAGE, this.#form.narrowRows(mapping, stamp, batch)));
    const staged = await this.#db.count(sql.countLines('true'));
    if (staged !== batch.rows) throw unexpected(batch, staged);
    await this.#dropDeletedVersions(target, narrow);
    // Tombstones only mark rows that are there: no table is made for them.
    if (!isThere && (await this.#db.count(sql.countLines('NOT hf_tomb'))) === 0) return NO_ROWS;
    if (!isThere) await this.#tables.make(write);
    await this.#db.run(sql.match(destination, narrow, this.#form.rowCursor(mapping)));
    await this.#db.run(sql.want(narrow));
    if (comparesRows) await this.#leaveSame(write, stamp, batch);
    const [{ wanted, replacing } = {}] = await this.#db.rows(sql.COUNT_WANTED);
    await this.#exchange(write, stamp, batch, Number(wanted));
    const updated = Number(replacing);
    return { ...NO_ROWS, inserted: Number(wanted) - updated, updated, marked: await this.#mark(write, stamp, batch) };
  }

  /** Leaves rows alone that have the same values as the versions that would take their place. */
  async #leaveSame({ mapping, destination }: TableWrite, stamp: rows.RowStamp, batch: Batch): Promise<void> {
    const versions = this.#form.wholeRows(mapping, stamp, batch, sql.IS_REPLACING);
    await this.#db.run(sql.findSame(destination, versions, this.#form.sameValues(mapping)));
    for (const statement of sql.LEAVE_SAME) await this.#db.run(statement);
  }

  /** Records the keys that the staged batch deletes, and drops from the stage the versions that are older than a deletion. */
  async #dropDeletedVersions(target: Target, narrow: ColumnMapping): Promise<void> {
    if (!canDelete(target)) return;
    const known = await this.#tombstones.of(this.#catalog, target);
    if ((await this.#db.count(sql.countLines('hf_deleted'))) > 0) {
      await this.#db.run(remember(await this.#tombstones.make(this.#catalog, target), target, narrow));
    }
    if (known !== null) await this.#db.run(leaveOut(known, target, narrow));
  }

  /** Deletes the matched rows and inserts their new versions. Values in columns that other programs added are kept. */
  async #exchange(write: TableWrite, stamp: rows.RowStamp, batch: Batch, wanted: number): Promise<void> {
    const { mapping, destination } = write;
    const others = await this.#tables.others(write);
    if (others.length > 0) await this.#db.run(sql.keepOthers(destination, others));
    await this.#db.change(sql.deleteReplaced(destination));
    if (wanted === 0) return;
    const rows = this.#form.wholeRows(mapping, stamp, batch, sql.IS_WANTED);
    const inserted = await this.#db.change(this.#form.insert(destination, mapping, rows, false));
    reachedStep('after-copy');
    if (inserted !== wanted) throw unexpected({ rows: wanted }, inserted);
    if (others.length > 0) {
      await this.#db.change(sql.restoreOthers(destination, this.#form.narrow(mapping), others));
    }
  }

  /** Applies the tombstones that are the newest versions of their keys. Their lines are read whole, for all fields that they carry. */
  async #mark({ mapping, destination }: TableWrite, stamp: rows.RowStamp, batch: Batch): Promise<number> {
    if ((await this.#db.count(sql.countLines('hf_tomb'))) === 0) return 0;
    await this.#db.run(rows.loadLines(batch, sql.isLastTombstone(this.#form.narrow(mapping))));
    const fields = (await this.#db.rows(rows.LOADED_FIELDS)).map(({ field }) => String(field));
    const carrying = this.#form.carrying(mapping, fields);
    await this.#db.run(sql.createAs(sql.MARKS, this.#form.tombstones(carrying, stamp, rows.LOADED)));
    return this.#db.change(this.#form.mergeTombstones(destination, carrying));
  }

  /** The statements that change rows, in their order, for a batch of any records and a table that may have rows. */
  statements(write: TableWrite, stamp: rows.RowStamp, lines: rows.Lines): string[] {
    const left = write.mapping.removedBy.length > 0 ? { ...lines, without: sql.GONE } : lines;
    return [
      ...this.#groups.before(write, stamp, lines),
      ...this.#rowStatements(write, stamp, left),
      ...this.#groups.after(write),
    ];
  }

  #rowStatements({ target, mapping, destination }: TableWrite, stamp: rows.RowStamp, lines: rows.Lines): string[] {
    const { insert, wholeRows, narrowRows, rowCursor, narrow, tombstones, mergeTombstones } = this.#form;
    if (target.mode !== 'append_dedup') {
      return [insert(destination, mapping, wholeRows(mapping, stamp, lines), false)];
    }
    const staged = narrow(mapping);
    const marking = [
      rows.loadLines(lines, sql.isLastTombstone(staged)),
      sql.createAs(sql.MARKS, tombstones(mapping, stamp, rows.LOADED)),
      mergeTombstones(destination, mapping),
    ];
    return [
      sql.createAs(sql.STAGE, narrowRows(mapping, stamp, lines)),
      sql.match(destination, staged, rowCursor(mapping)),
      sql.want(staged),
      sql.deleteReplaced(destination),
      insert(destination, mapping, wholeRows(mapping, stamp, lines, sql.IS_WANTED), false),
      ...(hasTombstones(mapping) ? marking : []),
    ];
  }
}
