import { reachedStep } from '../../commit-steps.js';
import { type KeptTable, packColumns } from '../kept-table.js';
import type { Counts, StateToKeep } from '../store.js';
import type { TableWrite } from '../tables/destination-table.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import type { TableForm } from './sql/forms.js';
import { METADATA } from './sql/rows.js';
import type { StateKeeper } from './state-keeper.js';
import type { TableList } from './table-list.js';
import { inTransaction, refuseEnded } from './transaction.js';

/** What one attempt at a commit tells the next. */
export interface Attempts {
  /** The counts of an attempt whose COMMIT was not answered: it may have been done. */
  unsure: Counts | null;
  /** The counts of an attempt that has swapped the side table in. */
  swapped: Counts | null;
}

export function newAttempts(): Attempts {
  return { unsure: null, swapped: null };
}

export interface Commit {
  write: TableWrite;
  state: StateToKeep | null;
  attempts: Attempts;
  /** Nothing is written to a table. */
  hasNoTable?: boolean;
}

/** Commits rows and the state that they reach, in one transaction. */
export class Commits {
  readonly #list: TableList;
  readonly #states: StateKeeper;
  readonly #form: TableForm;

  constructor(list: TableList, states: StateKeeper, form: TableForm) {
    this.#list = list;
    this.#states = states;
    this.#form = form;
  }

  /**
   * Rows first, so that the table of states is locked only briefly. Where the answer to COMMIT was lost, the next attempt checks
   * whether it was done.
   *
   * @param rows writes the rows
   */
  async run(
    steps: StatementRunner,
    { write, state, attempts, hasNoTable }: Commit,
    rows: () => Promise<Counts>,
  ): Promise<Counts> {
    if (state) {
      await this.#states.prepare(steps, [state]);
      if (attempts.unsure && (await this.#states.hasMoved(steps, state))) {
        this.#states.moved(state);
        return attempts.unsure;
      }
    }
    attempts.unsure = null;
    const about = state && !hasNoTable ? await this.#aboutOf(steps, write) : undefined;
    const begunAt = Date.now();
    const body = async () => {
      reachedStep('before-rows');
      const counts = await rows();
      reachedStep('after-write');
      if (state) {
        await refuseEnded(steps, begunAt);
        await this.#states.move(steps, state, about);
      }
      return counts;
    };
    const counts = await inTransaction(steps, body, (each) => {
      attempts.unsure = each;
    });
    attempts.unsure = null;
    if (state) this.#states.moved(state);
    return counts;
  }

  /** The table that the state behind a write is about. */
  async #aboutOf(steps: StatementRunner, { target, mapping, destination }: TableWrite): Promise<KeptTable> {
    const { schema, table } = target;
    const columns = [...METADATA, ...this.#form.tableOf(mapping).columns].map(({ name }) => name);
    return {
      schema,
      table,
      form: this.#form.hasView ? 'raw' : 'typed',
      holder: destination.table,
      identity: await this.#list.identity(steps, destination),
      columns: packColumns(columns),
    };
  }
}

/** The count that an answer to a statement that changes rows gives. */
export function changed(row: Row | undefined, what: 'inserted' | 'updated' | 'deleted'): number {
  return Number(row?.[`number of rows ${what}`] ?? 0);
}
