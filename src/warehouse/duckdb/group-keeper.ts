import { reachedStep } from '../../commit-steps.js';
import type { BatchContents } from '../loader/batch-contents.js';
import { type Counts, NO_ROWS } from '../store.js';
import type { TableWrite } from '../tables/destination-table.js';
import { type Batch, unexpected } from './batch.js';
import type { Database } from './database.js';
import type { TableForm } from './sql/forms.js';
import * as groups from './sql/groups.js';
import type * as rows from './sql/rows.js';
import { GONE } from './sql/sql.js';
import { recomputeValidity } from './sql/validity.js';
import type { TableKeeper } from './table-keeper.js';

/** A batch on its way, with what is known of it as a whole. */
export interface GroupedBatch {
  write: TableWrite;
  stamp: rows.RowStamp;
  batch: Batch;
  contents: BatchContents;
}

/**
 * Does what a batch does to groups of rows: before its rows are written, its removals delete theirs; after that, the
 * validity of each group's rows is computed again.
 */
export class GroupKeeper {
  readonly #db: Database;
  readonly #tables: TableKeeper;
  readonly #form: TableForm;

  constructor(db: Database, tables: TableKeeper, form: TableForm) {
    this.#db = db;
    this.#tables = tables;
    this.#form = form;
  }

  /** Writes a batch, in the open transaction. @param body writes what its removals leave of it, which may be nothing where there is a table */
  async around(grouped: GroupedBatch, body: (left: Batch) => Promise<Counts>): Promise<Counts> {
    const { write, batch, contents } = grouped;
    const { removals } = contents;
    const { validity } = write.mapping;
    if (removals === 0 && validity === null) return body(batch);
    await this.#find(grouped);
    const { left, removed } = removals > 0 ? await this.#remove(grouped) : { left: batch, removed: 0 };
    if (left.rows === 0 && !(await this.#isThere(write))) return NO_ROWS;
    const counts = await body(left);
    for (const statement of this.after(write)) await this.#db.run(statement);
    return { ...counts, removed };
  }

  /** Finds which groups the batch's lines are about. */
  async #find({ write, stamp, batch }: GroupedBatch): Promise<void> {
    await this.#db.run(groups.findGroups(write.mapping, stamp, this.#form.readable(batch)));
    const found = await this.#db.count(groups.COUNT_LINES);
    if (found !== batch.rows) throw unexpected(batch, found);
  }

  async #isThere({ destination }: TableWrite): Promise<boolean> {
    return (await this.#tables.columns(destination)).length > 0;
  }

  /**
   * Takes the rows away that the batch's removals name.
   *
   * @returns the batch without the lines that leave nothing, and how many rows were removed
   */
  async #remove({ write, batch }: GroupedBatch): Promise<{ left: Batch; removed: number }> {
    const { mapping, destination } = write;
    await this.#db.run(groups.findGone(mapping));
    const left = { ...batch, rows: batch.rows - (await this.#db.count(groups.COUNT_GONE)), without: GONE };
    if (!(await this.#isThere(write))) return { left, removed: 0 };
    // The table may lack the columns by which rows are removed.
    await this.#tables.make(write);
    const removed = await this.#db.change(groups.removeRows(destination, mapping, this.#form.rowValue));
    reachedStep('after-remove');
    return { left, removed };
  }

  /** The statements before those that write rows. */
  before({ mapping, destination }: TableWrite, stamp: rows.RowStamp, lines: rows.Lines): string[] {
    if (mapping.removedBy.length === 0 && mapping.validity === null) return [];
    const removing = [groups.findGone(mapping), groups.removeRows(destination, mapping, this.#form.rowValue)];
    return [
      groups.findGroups(mapping, stamp, this.#form.readable(lines)),
      ...(mapping.removedBy.length > 0 ? removing : []),
    ];
  }

  /** The statements after them. */
  after({ mapping, destination }: TableWrite): string[] {
    return mapping.validity === null ? [] : [recomputeValidity(destination, mapping, mapping.validity)];
  }
}
