import { reachedStep } from '../../commit-steps.js';
import { WarehouseError } from '../../errors.js';
import type { BatchContents } from '../loader/batch-contents.js';
import { startsAnew } from '../refresh.js';
import { type Counts, NO_ROWS, type StateToKeep } from '../store.js';
import type { Catalog } from '../tables/catalog.js';
import type { ColumnMapping } from '../tables/column-mapping.js';
import type { TableWrite } from '../tables/destination-table.js';
import type { DestinationTables } from '../tables/destination-tables.js';
import type { Tombstones } from '../tables/tombstones.js';
import { canDelete, type Target } from '../target.js';
import { type Attempts, type Commits, changed } from './commits.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import type { Batch } from './sql/batch.js';
import type { TableForm } from './sql/forms.js';
import { compiled } from './sql/portions.js';
import { countRows, firstInserted, firstLive } from './sql/rows.js';
import { newestGenerationOf } from './sql/tables.js';
import { rememberDeleted } from './sql/tombstones.js';
import type { SqlType } from './sql/types.js';
import { recomputeValidity } from './sql/validity.js';
import { removeRows } from './sql/write.js';
import type { StateKeeper } from './state-keeper.js';
import type { TableKeeper } from './table-keeper.js';
import type { ViewKeeper } from './view-keeper.js';

/** Where a batch's rows are, and the condition on which they may be written. */
export interface Source {
  /** The full name of the stage table. */
  stage: string;
  guard: string | null;
  contents: BatchContents;
}

/** A batch to write. */
export interface BatchWrite {
  target: Target;
  source: Source;
  /** The state that it reaches. */
  state: StateToKeep | null;
  attempts: Attempts;
}

/** The parts that writing batches and ending refreshes share. */
export interface WriterParts {
  tables: TableKeeper;
  views: ViewKeeper;
  destinations: DestinationTables;
  catalogOn: (steps: StatementRunner) => Catalog;
  tombstones: Tombstones;
  states: StateKeeper;
  form: TableForm;
  commits: Commits;
  /** What the raw ids of the run begin with. */
  idPrefix: string;
}

/** Writes batches from their stage tables into the tables of their streams. */
export class BatchWriter {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Writes a batch, with the state that it reaches. */
  async write(steps: StatementRunner, batch: BatchWrite): Promise<Counts> {
    const { target } = batch;
    const write = await this.#parts.destinations.writeOf(this.#parts.catalogOn(steps), target);
    return target.mode === 'append_dedup' ? this.#merge(steps, write, batch) : this.#append(steps, write, batch);
  }

  /** Makes a table, or what it lacks; a stream's own gets its view. @returns what the mapping's columns take */
  async make(steps: StatementRunner, write: TableWrite): Promise<SqlType[]> {
    const { form, tables, views } = this.#parts;
    const { target, destination } = write;
    const types = await tables.make(steps, write);
    reachedStep('after-ddl');
    if (form.hasView && !destination.isSide) await views.make(steps, target, tables.fullName(target));
    return types;
  }

  async #append(steps: StatementRunner, write: TableWrite, { source, state, attempts }: BatchWrite): Promise<Counts> {
    const { form, tables, commits } = this.#parts;
    const { isSide } = write.destination;
    const table = tables.fullName(write.destination);
    if (!(await this.#needsTable(steps, write, source, null))) {
      return commits.run(steps, { write, state, attempts, hasNoTable: true }, async () => NO_ROWS);
    }
    const batch = this.#batch(write, source, await this.make(steps, write), table, null);
    if (state === null && attempts.unsure && (await isInserted(steps, batch, table))) return attempts.unsure;
    const insert = async (text: string) => {
      const removed = await this.#remove(steps, batch, table);
      const [row] = await steps.run(text);
      const inserted = changed(row, 'inserted');
      await this.#refuseShort(steps, batch, inserted);
      await this.#recomputeValidity(steps, batch, table);
      return isSide ? NO_ROWS : { ...NO_ROWS, inserted, removed };
    };
    return compiled(
      steps,
      batch,
      (each) => form.insertAll(each, table),
      (text) => commits.run(steps, { write, state, attempts }, () => insert(text)),
    );
  }

  async #merge(steps: StatementRunner, write: TableWrite, { source, state, attempts }: BatchWrite): Promise<Counts> {
    const { form, tables, tombstones, commits } = this.#parts;
    const { target, mapping, destination } = write;
    const { contents } = source;
    const table = tables.fullName(destination);
    const deletes = canDelete(target) && contents.mayDelete;
    // Not within the transaction, which making a table would commit.
    const deleted = await tombstones[deletes ? 'make' : 'of'](this.#parts.catalogOn(steps), target);
    const remembered = deleted && tables.fullName(deleted);
    const newTypes = tables.typesOf(target, mapping);
    const hasRows = await this.#needsTable(steps, write, source, remembered);
    const types = hasRows ? await this.make(steps, write) : newTypes;
    const batch = this.#batch(write, source, types, hasRows ? table : null, remembered);
    const remember = async () => {
      if (!deletes || remembered === null) return;
      await steps.run(rememberDeleted(batch, form.keys(batch), remembered));
      reachedStep('after-remember');
    };
    if (!hasRows) {
      return commits.run(steps, { write, state, attempts, hasNoTable: true }, async () => {
        await remember();
        return NO_ROWS;
      });
    }
    const merge = async (text: string) => {
      const removed = await this.#remove(steps, batch, table);
      const [row] = await steps.run(text);
      if (state === null && countAll(row) === 0) await this.#refuseShort(steps, batch, null);
      await remember();
      await this.#recomputeValidity(steps, batch, table);
      return destination.isSide ? NO_ROWS : { ...mergedCounts(row, contents), removed };
    };
    return compiled(
      steps,
      batch,
      (each) => form.merge(each, table),
      (text) => commits.run(steps, { write, state, attempts }, () => merge(text)),
    );
  }

  /** Whether a batch's table is there, or is to be made: tombstones only mark rows, and removals take them away. */
  async #needsTable(
    steps: StatementRunner,
    write: TableWrite,
    source: Source,
    tombstones: string | null,
  ): Promise<boolean> {
    const { target, mapping, destination } = write;
    const { contents } = source;
    const { tables } = this.#parts;
    const marking = target.mode === 'append_dedup' ? contents.tombstones : 0;
    if (contents.removals === 0 && marking < contents.rows) return true;
    if (await tables.isThere(steps, destination)) return true;
    const batch = this.#batch(write, source, tables.typesOf(target, mapping), null, tombstones);
    return (await steps.run(firstLive(batch))).length > 0;
  }

  /** Takes the rows away that the batch's removals name. @returns how many they were */
  async #remove(steps: StatementRunner, batch: Batch, table: string): Promise<number> {
    if (batch.contents.removals === 0) return 0;
    const [row] = await steps.run(removeRows(batch, table, this.#parts.form.rowValue));
    reachedStep('after-remove');
    return changed(row, 'deleted');
  }

  async #recomputeValidity(steps: StatementRunner, batch: Batch, table: string): Promise<void> {
    const { validity } = batch.mapping;
    if (validity !== null) await steps.run(recomputeValidity(batch, table, validity));
  }

  /**
   * Every write has the condition that the run holds its lease; once that is lost, statements silently change no rows. Throws where rows
   * are missing.
   *
   * @param inserted how many rows were inserted; null where that need not be all of them
   */
  async #refuseShort(steps: StatementRunner, batch: Batch, inserted: number | null): Promise<void> {
    const { guard, contents } = batch;
    const isCounted = inserted === null || contents.removals === 0;
    const expected = isCounted ? contents.rows : Number((await steps.run(countRows(batch)))[0]?.ALL_ROWS);
    if (inserted === expected) return;
    if (guard !== null) await this.#parts.states.refuseLost(steps);
    if (inserted !== null)
      throw steps.explain(new WarehouseError(`${expected} rows were to be inserted, but ${inserted} were.`));
  }

  /** @param table the table whose newest generation the batch takes where none was given; null: there is no such table */
  #batch(
    { target, mapping }: { target: Target; mapping: ColumnMapping },
    source: Source,
    types: readonly SqlType[],
    table: string | null,
    tombstones: string | null,
  ): Batch {
    const isGiven = target.hasGeneration || startsAnew(target);
    const generation = isGiven ? String(target.generation) : newestGenerationOf(target, table, tombstones);
    return { target, mapping, ...source, types, generation, tombstones, idPrefix: this.#parts.idPrefix };
  }
}

/** Whether a batch was inserted by an attempt whose answer was lost. */
async function isInserted(steps: StatementRunner, batch: Batch, table: string): Promise<boolean> {
  return (await steps.run(firstInserted(batch, table))).length > 0;
}

/** How many of the updated rows tombstones have marked is not known: at most as many as there were tombstones. */
function mergedCounts(row: Row | undefined, { rows, removals, tombstones }: BatchContents): Counts {
  const [inserted, updated] = [changed(row, 'inserted'), changed(row, 'updated')];
  const marked = tombstones + removals === rows ? updated : Math.min(tombstones, updated);
  return { ...NO_ROWS, inserted, updated: updated - marked, marked: marked + changed(row, 'deleted') };
}

function countAll(row: Row | undefined): number {
  return changed(row, 'inserted') + changed(row, 'updated') + changed(row, 'deleted');
}
