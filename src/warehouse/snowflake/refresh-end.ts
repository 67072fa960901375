import { crashPoint } from '../../crash-point.js';
import { log } from '../../log.js';
import { hasGenerations, startsAnew } from '../refresh.js';
import { type Counts, NO_ROWS, type StateToKeep } from '../store.js';
import type { Target } from '../target.js';
import type { BatchWriter, Workshop } from './batch-writer.js';
import { type Attempts, changed } from './commits.js';
import type { Steps } from './session/steps.js';
import * as sql from './sql/tables.js';
import type { Staging } from './staging.js';
import { forget } from './tombstones.js';

/** Ends refreshes: puts the rows that were collected beside a table in the place of the table's. */
export class RefreshEnd {
  readonly #with: Workshop;
  readonly #writer: BatchWriter;
  readonly #staging: Staging;

  constructor(workshop: Workshop, writer: BatchWriter, staging: Staging) {
    this.#with = workshop;
    this.#writer = writer;
    this.#staging = staging;
  }

  /** Puts the side table's rows, or none, in the place of the table's. @param target as it is placed */
  async replace(
    steps: Steps,
    target: Target,
    side: Target,
    guard: string | null,
    state: StateToKeep | null,
    attempts: Attempts,
  ): Promise<Counts> {
    const { states, tables } = this.#with;
    // Over it is when the side table is gone: a run that dies before leaves the next one to end it once more.
    const under = state && hasGenerations(target) ? { ...state, refresh: target.generation } : state;
    // Done again, it must not find the side table gone and take that for a stream without records.
    attempts.swapped ??= await this.#swap(steps, target, side, guard, under, attempts);
    crashPoint('after-swap');
    await steps.tidy(sql.dropTable(tables.fullName(side)));
    if (state && under !== state) await states.keep(steps, [state]);
    return attempts.swapped;
  }

  async #swap(
    steps: Steps,
    target: Target,
    side: Target,
    guard: string | null,
    state: StateToKeep | null,
    attempts: Attempts,
  ): Promise<Counts> {
    const { form, tables, tombstones: memory, commits } = this.#with;
    const collected = await tables.isThere(steps, side);
    const isThere = await tables.isThere(steps, target);
    if (!collected && !isThere) return NO_ROWS;
    await this.#staging.tidy(steps, guard !== null);
    await this.#writer.make(steps, target);
    const table = tables.fullName(target);
    const tombstones = await memory.of(steps, target);
    if (collected && isThere && startsAnew(target) && (await this.#isSame(steps, target, side))) {
      log.debug(`${target.table} has these rows already: it is left as it is`);
      return commits.run(steps, { target, place: target, state, attempts }, async () => NO_ROWS);
    }
    const text = collected
      ? sql.overwriteFrom(form.tableOf(target), table, tables.fullName(side))
      : sql.deleteAll(table);
    return commits.run(steps, { target, place: target, state, attempts }, async () => {
      const [row] = await steps.run(text);
      if (tombstones !== null) await steps.run(forget(target, tombstones));
      return collected ? { ...NO_ROWS, inserted: changed(row, 'inserted') } : NO_ROWS;
    });
  }

  /**
   * Whether the table has the same rows, but for when they came: then replacing them would cost storage, and make work for all that
   * follows the table.
   */
  async #isSame(steps: Steps, target: Target, side: Target): Promise<boolean> {
    // Columns whose fields are gone are in no comparison, and are to lose their values.
    if (target.cleared.length > 0) return false;
    const { form, tables } = this.#with;
    const text = sql.isSame(form.tableOf(target), tables.fullName(target), tables.fullName(side));
    const [row] = (await steps.tryRun(text)) ?? [];
    return row?.SAME === true;
  }
}
