import { reachedStep } from '../../commit-steps.js';
import { log } from '../../log.js';
import { hasGenerations, startsAnew } from '../refresh.js';
import { type Counts, NO_ROWS, type StateToKeep } from '../store.js';
import type { DestinationTable, TableWrite } from '../tables/destination-table.js';
import type { BatchWriter, WriterParts } from './batch-writer.js';
import { type Attempts, changed } from './commits.js';
import type { StatementRunner } from './session/statement-runner.js';
import * as sql from './sql/tables.js';
import { forget } from './sql/tombstones.js';
import type { Staging } from './staging.js';

/** A refresh whose stream is complete. */
export interface Refresh {
  /** Of the table that readers see. */
  own: TableWrite;
  /** The table beside it, with the rows that were collected. */
  side: DestinationTable;
  guard: string | null;
  state: StateToKeep | null;
  attempts: Attempts;
}

/** Ends refreshes: replaces a table's rows with those of its side table. */
export class RefreshEnd {
  readonly #parts: WriterParts;
  readonly #writer: BatchWriter;
  readonly #staging: Staging;

  constructor(parts: WriterParts, writer: BatchWriter, staging: Staging) {
    this.#parts = parts;
    this.#writer = writer;
    this.#staging = staging;
  }

  /** Replaces the table's rows with those of the side table, or with none. */
  async replace(steps: StatementRunner, refresh: Refresh): Promise<Counts> {
    const { states, tables } = this.#parts;
    const { own, side, state, attempts } = refresh;
    // The refresh is over once the side table is gone: if this run dies before, the next one ends the refresh again.
    const under = state && hasGenerations(own.target) ? { ...state, refresh: own.target.generation } : state;
    // A retry must not take a side table that is already dropped for a stream without records.
    attempts.swapped ??= await this.#swap(steps, { ...refresh, state: under });
    reachedStep('after-swap');
    await steps.tidy(sql.dropTable(tables.fullName(side)));
    if (state && under !== state) await states.keep(steps, [state]);
    return attempts.swapped;
  }

  async #swap(steps: StatementRunner, { own, side, guard, state, attempts }: Refresh): Promise<Counts> {
    const { form, tables, commits } = this.#parts;
    const { target, mapping, destination } = own;
    const collected = await tables.isThere(steps, side);
    const isThere = await tables.isThere(steps, destination);
    if (!collected && !isThere) return NO_ROWS;
    await this.#staging.tidy(steps, guard !== null);
    await this.#writer.make(steps, own);
    const table = tables.fullName(destination);
    const tombstones = await this.#parts.tombstones.of(this.#parts.catalogOn(steps), target);
    const commit = { write: own, state, attempts };
    if (collected && isThere && startsAnew(target) && (await this.#isSame(steps, own, side))) {
      log.debug(`${target.table} has these rows already: it is left as it is`);
      return commits.run(steps, commit, async () => NO_ROWS);
    }
    const text = collected
      ? sql.overwriteFrom(form.tableOf(mapping), table, tables.fullName(side))
      : sql.deleteAll(table);
    return commits.run(steps, commit, async () => {
      const [row] = await steps.run(text);
      if (tombstones !== null) await steps.run(forget(tables.fullName(tombstones), target));
      return collected ? { ...NO_ROWS, inserted: changed(row, 'inserted') } : NO_ROWS;
    });
  }

  /**
   * Whether both tables have the same rows, apart from metadata: replacing them would cost storage, and work for every consumer of the
   * table's changes.
   */
  async #isSame(
    steps: StatementRunner,
    { mapping, destination }: TableWrite,
    side: DestinationTable,
  ): Promise<boolean> {
    // Columns whose fields are gone are not compared, and have to be cleared.
    if (mapping.cleared.length > 0) return false;
    const { form, tables } = this.#parts;
    const text = sql.isSame(form.tableOf(mapping), tables.fullName(destination), tables.fullName(side));
    const [row] = (await steps.tryRun(text)) ?? [];
    return row?.SAME === true;
  }
}
