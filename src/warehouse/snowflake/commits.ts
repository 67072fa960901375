import { crashPoint } from '../../crash-point.js';
import { type KeptTable, packColumns } from '../kept-table.js';
import type { Counts, StateToKeep } from '../store.js';
import type { Target } from '../target.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
import type { TableForm } from './sql/forms.js';
import type { StateKeeper } from './state-keeper.js';
import type { TableKeeper } from './table-keeper.js';
import { inTransaction, refuseEnded } from './transaction.js';

/** What the attempts at one commit have in common. */
export interface Attempts {
  /** What was changed by the attempt before, if it was done: the answer to its COMMIT was lost. */
  unsure: Counts | null;
  /** What was changed by an attempt that has put the side table's rows in place. */
  swapped: Counts | null;
}

export function newAttempts(): Attempts {
  return { unsure: null, swapped: null };
}

export interface Commit {
  target: Target;
  /** Where the rows go: into the stream's own table, or the one beside it. */
  place: Target;
  state: StateToKeep | null;
  attempts: Attempts;
  /** Nothing is written to a table. */
  hasNoTable?: boolean;
}

/** Commits rows and the state that they reach in one transaction. */
export class Commits {
  readonly #tables: TableKeeper;
  readonly #states: StateKeeper;
  readonly #form: TableForm;

  constructor(tables: TableKeeper, states: StateKeeper, form: TableForm) {
    this.#tables = tables;
    this.#states = states;
    this.#form = form;
  }

  /**
   * The rows first, so that the table of states is locked for a moment only. When the answer to the commit is lost, the next attempt asks
   * whether it was done.
   *
   * @param rows writes the rows
   */
  async run(
    steps: Steps,
    { target, place, state, attempts, hasNoTable }: Commit,
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
    const about = state && !hasNoTable ? await this.#aboutOf(steps, target, place) : undefined;
    const begunAt = Date.now();
    const body = async () => {
      crashPoint('before-rows');
      const counts = await rows();
      crashPoint('after-write');
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

  /** The table that a state is about whose rows go to `place`. */
  async #aboutOf(steps: Steps, { schema, table }: Target, place: Target): Promise<KeptTable> {
    const holder = this.#form.tableOf(place);
    const { identity, columns } = await this.#tables.known(steps, holder);
    const form = this.#form.hasView ? 'raw' : 'typed';
    return { schema, table, form, holder: place.table, identity, columns: packColumns(columns) };
  }
}

/** The count that an answer to a statement that changes rows gives. */
export function changed(row: Row | undefined, what: 'inserted' | 'updated' | 'deleted'): number {
  return Number(row?.[`number of rows ${what}`] ?? 0);
}
