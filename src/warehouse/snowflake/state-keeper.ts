import { reachedStep } from '../../commit-steps.js';
import { InternalError, LeaseLostError } from '../../errors.js';
import { type KeptTable, placeText, takenError } from '../kept-table.js';
import { Once } from '../once.js';
import type { Kept, StateToKeep } from '../store.js';
import { keptOf } from '../tables/kept-states.js';
import type { Lease } from './lease.js';
import { isUnknownColumn } from './session/faults.js';
import type { Row } from './session/session.js';
import type { StatementRunner } from './session/statement-runner.js';
import {
  type BoundStatement,
  completeStateTable,
  createStateTable,
  loadStates,
  makeRows,
  moveState,
  moveStates,
  portions,
} from './sql/states.js';

/**
 * Keeps a pipeline's states beside its data, under the lease that one run of the pipeline holds at a time. A state only replaces the
 * one that this run knows (compare and swap, by a sequence number).
 */
export class StateKeeper {
  readonly #table: string;
  readonly #needs: string;
  /** null in `write`, which keeps no states. */
  readonly #lease: Lease | null;
  readonly #made = new Once<unknown>();
  #isVerified = false;
  /** Whether the table was there when states were loaded. */
  #isThere = false;
  /** The sequences of the states that this run resumes from; null where it has loaded none. */
  #loaded: Map<string, number> | null = null;
  /** The sequences that the warehouse has now. */
  readonly #sequences = new Map<string, number>();
  /** Which other pipeline writes a table, by {@link placeText}. */
  readonly #taken = new Map<string, string>();

  /** @param table the full name of the state table @param schemaName that of its schema */
  constructor(table: string, schemaName: string, lease: Lease | null) {
    this.#table = table;
    this.#needs = `CREATE TABLE ON SCHEMA ${schemaName}`;
    this.#lease = lease;
  }

  async load(steps: StatementRunner, pipeline: string): Promise<Kept> {
    const rows = (await this.#rows(steps, pipeline)) ?? [];
    this.#loaded = new Map();
    for (const { PIPELINE, STREAM, SEQ, OWNER, FENCE, LEASE_UNTIL } of rows) {
      if (PIPELINE !== pipeline) continue;
      if (STREAM === '') this.#lease?.found({ owner: OWNER, fence: FENCE, until: LEASE_UNTIL });
      else this.#loaded.set(String(STREAM), Number(SEQ));
    }
    return keptOf(
      rows.filter(({ STREAM }) => STREAM !== ''),
      pipeline,
    );
  }

  /** Throws a WarehouseBusyError where another run holds the lease, by what {@link load} has seen. */
  async refuseOthers(steps: StatementRunner): Promise<void> {
    await this.#lease?.refuseOthers(steps);
  }

  /**
   * Acquires the pipeline's lease, or checks that it is held. Throws a WarehouseBusyError where another run holds it, a LeaseLostError
   * where another has taken over.
   *
   * @returns the condition that every write must have; null where there is no pipeline
   */
  async guard(steps: StatementRunner): Promise<string | null> {
    const lease = this.#lease;
    if (lease === null) return null;
    if (!this.#isThere) await this.#made.do(() => steps.run(createStateTable(this.#table), { needs: this.#needs }));
    await lease.hold(steps);
    if (!this.#isVerified) this.#verify(lease);
    this.#isVerified = true;
    return lease.condition;
  }

  /**
   * Checks that the states are still those that this run resumed from: another run may have come and gone before it got the lease, and
   * what that has appended would be duplicated.
   */
  #verify(lease: Lease): void {
    for (const { PIPELINE, STREAM, SEQ, PLACE } of lease.rows) {
      if (STREAM === '') continue;
      if (PIPELINE !== lease.pipeline) {
        if (typeof PLACE === 'string') this.#taken.set(PLACE, String(PIPELINE));
        continue;
      }
      if (this.#loaded !== null && Number(SEQ) !== (this.#loaded.get(String(STREAM)) ?? 0)) throw lease.overtaken();
      this.#sequences.set(String(STREAM), Number(SEQ));
    }
  }

  /** Throws a WarehouseConfigError where another pipeline writes to a table. */
  refuseTaken(target: { schema: string; table: string; stream: string }): void {
    const other = this.#taken.get(placeText(target));
    if (other !== undefined) throw takenError(target, other);
  }

  /**
   * Replaces a prepared stream's state, as the last statement of a transaction. Throws a LeaseLostError where another run has taken
   * over; the transaction is then to be rolled back.
   */
  async move(steps: StatementRunner, state: StateToKeep, table: KeptTable | null | undefined): Promise<void> {
    const lease = this.#ownLease;
    const from = this.#sequences.get(state.stream) ?? 0;
    reachedStep('before-state');
    const [row] = await this.#run(steps, moveState(this.#table, { state, from, table }, lease.condition));
    if (changed(row) !== 1) throw lease.lost();
  }

  /** Notes that the transaction of a {@link move} was committed. */
  moved({ stream }: StateToKeep): void {
    this.#sequences.set(stream, (this.#sequences.get(stream) ?? 0) + 1);
  }

  /**
   * Whether a transaction was committed whose answer was lost: then the stream's sequence has moved on by one, and under this run's
   * lease nobody else moves it.
   */
  async hasMoved(steps: StatementRunner, { stream }: StateToKeep): Promise<boolean> {
    const lease = this.#ownLease;
    if (!(await lease.isOurs(steps))) throw lease.lost();
    const [row] = lease.rows.filter(({ PIPELINE, STREAM }) => PIPELINE === lease.pipeline && STREAM === stream);
    return Number(row?.SEQ ?? 0) === (this.#sequences.get(stream) ?? 0) + 1;
  }

  /**
   * Makes sure that streams have rows to be replaced. Not to be called in a transaction: of two concurrent runs, one notices the other
   * only by the change of a row that both know.
   */
  async prepare(steps: StatementRunner, states: readonly StateToKeep[]): Promise<void> {
    const guard = await this.#held(steps);
    const missing = states.filter(({ stream }) => !this.#sequences.has(stream)).map(({ stream }) => stream);
    if (missing.length === 0) return;
    await this.#run(steps, makeRows(this.#table, this.#ownLease.pipeline, missing, guard));
    for (const stream of missing) this.#sequences.set(stream, 0);
  }

  /** Keeps states of which no rows are to be written. Throws a LeaseLostError where another run has taken over. */
  async keep(steps: StatementRunner, states: readonly StateToKeep[]): Promise<void> {
    await this.prepare(steps, states);
    const guard = await this.#held(steps);
    for (const portion of portions(states)) {
      reachedStep('before-state');
      const moves = portion.map((state) => ({
        state,
        from: this.#sequences.get(state.stream) ?? 0,
        table: undefined,
      }));
      const [row] = await this.#run(steps, moveStates(this.#table, moves, guard));
      // Either this is a retry whose first answer was lost, or another run has taken over.
      if (changed(row) !== portion.length) {
        for (const state of portion) if (!(await this.hasMoved(steps, state))) throw this.#ownLease.lost();
      }
      for (const state of portion) this.moved(state);
    }
  }

  /** Throws a LeaseLostError where another run has taken over. */
  async refuseLost(steps: StatementRunner): Promise<void> {
    if (this.#lease?.isHeld && !(await this.#lease.isOurs(steps))) throw this.#lease.lost();
  }

  /** Puts the states into Snowflake's result cache, so that the next run reads them without a warehouse. */
  async prime(steps: StatementRunner): Promise<void> {
    if (this.#lease?.isHeld) await steps.tidy(loadStates(this.#table, this.#lease.pipeline));
  }

  /** Keeps a state and says that it is about no table any more. */
  async keepWithoutTable(steps: StatementRunner, state: StateToKeep): Promise<void> {
    await this.prepare(steps, [state]);
    const guard = await this.#held(steps);
    const from = this.#sequences.get(state.stream) ?? 0;
    const [row] = await this.#run(steps, moveState(this.#table, { state, from, table: null }, guard));
    if (changed(row) !== 1 && !(await this.hasMoved(steps, state))) throw this.#ownLease.lost();
    this.moved(state);
  }

  /** The error to report for a failed write: the error itself, or that the lease was lost. */
  async explain(steps: StatementRunner, error: unknown): Promise<unknown> {
    return this.#lease === null || error instanceof LeaseLostError ? error : this.#lease.explain(steps, error);
  }

  async #held(steps: StatementRunner): Promise<string> {
    const guard = await this.guard(steps);
    return guard ?? this.#ownLease.condition;
  }

  get #ownLease(): Lease {
    if (this.#lease === null) throw new InternalError('A state was to be kept for a pipeline that has no name.');
    return this.#lease;
  }

  /** null where there is no state table. */
  async #rows(steps: StatementRunner, pipeline: string): Promise<Row[] | null> {
    const sql = loadStates(this.#table, pipeline);
    const needs = `SELECT ON TABLE ${this.#table}`;
    try {
      const rows = await steps.runIfThere(sql, { needs });
      this.#isThere = rows !== null;
      return rows;
    } catch (error) {
      if (!isUnknownColumn(error)) throw error;
      // One of an earlier version.
      await steps.run(completeStateTable(this.#table), { needs: `OWNERSHIP ON TABLE ${this.#table}` });
      this.#isThere = true;
      return steps.run(sql, { needs });
    }
  }

  #run(steps: StatementRunner, { sql, binds }: BoundStatement): Promise<Row[]> {
    return steps.run(sql, { binds, mayBeDone: true });
  }
}

function changed(row: Row | undefined): number {
  return Number(row?.['number of rows inserted'] ?? 0) + Number(row?.['number of rows updated'] ?? 0);
}
