import { crashPoint } from '../../crash-point.js';
import { WarehouseError } from '../../errors.js';
import type { BatchContents } from '../loader/batch-contents.js';
import { startsAnew } from '../refresh.js';
import { type Counts, NO_ROWS, type StateToKeep } from '../store.js';
import { canDelete, type Target } from '../target.js';
import { type Attempts, type Commits, changed } from './commits.js';
import type { Places } from './places.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
import type { TableForm } from './sql/forms.js';
import { compiled } from './sql/portions.js';
import { type Batch, firstInserted, firstLive } from './sql/rows.js';
import { newestGenerationOf } from './sql/tables.js';
import type { SqlType } from './sql/types.js';
import type { StateKeeper } from './state-keeper.js';
import type { TableKeeper } from './table-keeper.js';
import { rememberDeleted, type Tombstones } from './tombstones.js';
import type { ViewKeeper } from './view-keeper.js';

/** Where a batch's rows are, and on what condition they may be written. */
export interface Source {
  /** The full name of the stage table. */
  stage: string;
  guard: string | null;
  contents: BatchContents;
}

/** A batch to write. */
export interface Write {
  /** As it is placed. */
  target: Target;
  source: Source;
  /** The state that it reaches. */
  state: StateToKeep | null;
  attempts: Attempts;
}

/** What a batch's writer works with. */
export interface Workshop {
  tables: TableKeeper;
  views: ViewKeeper;
  places: Places;
  tombstones: Tombstones;
  states: StateKeeper;
  form: TableForm;
  commits: Commits;
  /** What the raw ids of the run begin with. */
  idPrefix: string;
}

/** Writes batches from their stage tables into the tables of their streams. */
export class BatchWriter {
  readonly #with: Workshop;

  constructor(workshop: Workshop) {
    this.#with = workshop;
  }

  /** Writes a batch, with the state that it reaches. */
  async write(steps: Steps, write: Write): Promise<Counts> {
    const place = await this.#with.places.of(steps, write.target);
    return write.target.mode === 'append_dedup' ? this.#merge(steps, write, place) : this.#append(steps, write, place);
  }

  /** Makes a table, or what it lacks; a stream's own gets its view. @returns what the target's columns take */
  async make(steps: Steps, target: Target, isOwn = true): Promise<SqlType[]> {
    const { form, tables, views } = this.#with;
    const table = form.tableOf(target);
    const types = isOwn ? await tables.make(steps, table) : await tables.makeBeside(steps, table);
    crashPoint('after-ddl');
    if (!form.hasView) return types;
    if (isOwn) await views.make(steps, target, tables.fullName(target));
    return tables.newTypes(target);
  }

  async #append(steps: Steps, { target, source, state, attempts }: Write, place: Target): Promise<Counts> {
    const { form, tables, commits } = this.#with;
    const table = tables.fullName(place);
    const batch = this.#batch(target, source, await this.make(steps, place, place === target), table, null);
    if (state === null && attempts.unsure && (await isInserted(steps, batch, table))) return attempts.unsure;
    const insert = async (text: string) => {
      const [row] = await steps.run(text);
      const inserted = changed(row, 'inserted');
      await this.#refuseShort(steps, source, inserted);
      return { ...NO_ROWS, inserted: place === target ? inserted : 0 };
    };
    return compiled(
      steps,
      batch,
      (each) => form.insertAll(each, table),
      (text) => commits.run(steps, { target, place, state, attempts }, () => insert(text)),
    );
  }

  async #merge(steps: Steps, { target, source, state, attempts }: Write, place: Target): Promise<Counts> {
    const { form, tables, tombstones, commits } = this.#with;
    const { contents } = source;
    const table = tables.fullName(place);
    const deletes = canDelete(target) && contents.mayDelete;
    const remembered = deletes ? await tombstones.make(steps, target) : await tombstones.of(steps, target);
    // Tombstones mark rows; a table that has none is not made for them.
    const hasRows =
      contents.tombstones < contents.rows ||
      (await tables.isThere(steps, place)) ||
      (await hasLive(steps, this.#batch(target, source, tables.newTypes(target), null, remembered)));
    const types = hasRows ? await this.make(steps, place, place === target) : tables.newTypes(target);
    // A table beside the stream's own has none of the columns whose fields are gone.
    const written = place === target ? target : { ...target, cleared: [] };
    const batch = this.#batch(written, source, types, hasRows ? table : null, remembered);
    const remember = async () => {
      if (!deletes) return;
      await steps.run(rememberDeleted(batch, form.keys(batch), remembered as string));
      crashPoint('after-remember');
    };
    if (!hasRows) {
      return commits.run(steps, { target, place, state, attempts, hasNoTable: true }, async () => {
        await remember();
        return NO_ROWS;
      });
    }
    const merge = async (text: string) => {
      const [row] = await steps.run(text);
      if (state === null && countAll(row) === 0) await this.#refuseShort(steps, source, null);
      await remember();
      return place === target ? mergedCounts(row, contents) : NO_ROWS;
    };
    return compiled(
      steps,
      batch,
      (each) => form.merge(each, table),
      (text) => commits.run(steps, { target, place, state, attempts }, () => merge(text)),
    );
  }

  /**
   * Rows are written on condition that the run holds its lease: without, none is, and nothing says so. Throws where that is why they were
   * not written.
   *
   * @param inserted how many were; null where that need not be all of them
   */
  async #refuseShort(steps: Steps, { guard, contents }: Source, inserted: number | null): Promise<void> {
    if (inserted === contents.rows) return;
    if (guard !== null) await this.#with.states.refuseLost(steps);
    if (inserted !== null)
      throw steps.explain(new WarehouseError(`${contents.rows} rows were to be inserted, but ${inserted} were.`));
  }

  /** @param table whose newest rows' generation the batch has where it was given none; null: there is no such table */
  #batch(
    target: Target,
    source: Source,
    types: readonly SqlType[],
    table: string | null,
    tombstones: string | null,
  ): Batch {
    const isGiven = target.hasGeneration || startsAnew(target);
    const generation = isGiven ? String(target.generation) : newestGenerationOf(target, table, tombstones);
    return { target, ...source, types, generation, tombstones, idPrefix: this.#with.idPrefix };
  }
}

/** Whether the lines of a batch were inserted by an attempt whose answer was lost. */
async function isInserted(steps: Steps, batch: Batch, table: string): Promise<boolean> {
  return (await steps.run(firstInserted(batch, table))).length > 0;
}

async function hasLive(steps: Steps, batch: Batch): Promise<boolean> {
  return (await steps.run(firstLive(batch))).length > 0;
}

/** Of rows that were updated, tombstones have marked as many as there were at most. */
function mergedCounts(row: Row | undefined, { rows, tombstones }: BatchContents): Counts {
  const [inserted, updated] = [changed(row, 'inserted'), changed(row, 'updated')];
  const marked = tombstones === rows ? updated : Math.min(tombstones, updated);
  return { inserted, updated: updated - marked, marked: marked + changed(row, 'deleted') };
}

function countAll(row: Row | undefined): number {
  return changed(row, 'inserted') + changed(row, 'updated') + changed(row, 'deleted');
}
