import { crashPoint } from '../../crash-point.js';
import { InternalError, LeaseLostError } from '../../errors.js';
import { type KeptTable, parseKeptTable, placeText, takenError } from '../kept-table.js';
import { Once } from '../once.js';
import type { Kept, KeptState, StateToKeep } from '../store.js';
import type { Lease } from './lease.js';
import { isUnknownColumn } from './session/faults.js';
import type { Row } from './session/session.js';
import type { Steps } from './session/steps.js';
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
 * Keeps a pipeline's states beside its data, under the lease that one run of the pipeline has at a time. A state only ever takes
 * the place of the one that this run knows (compare and swap, by a sequence).
 */
export class StateKeeper {
  readonly #table: string;
  readonly #needs: string;
  /** null in `write`, whose states are another's to keep. */
  readonly #lease: Lease | null;
  readonly #made = new Once<unknown>();
  #isVerified = false;
  /** Whether the table was there when states were loaded. */
  #isThere = false;
  /** The sequences of the states that this run goes on from; null where it has asked for none. */
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

  async load(steps: Steps, pipeline: string): Promise<Kept> {
    const states = new Map<string, KeptState>();
    const taken: { pipeline: string; schema: string; table: string }[] = [];
    this.#loaded = new Map();
    for (const row of (await this.#rows(steps, pipeline)) ?? []) {
      const { STREAM: stream, STATE: state, PLACE: place, SEQ: sequence } = row;
      const refresh = row.REFRESH === null ? null : Number(row.REFRESH);
      const table = parseKeptTable(place, row.ABOUT);
      if (row.PIPELINE !== pipeline) {
        if (table) taken.push({ pipeline: String(row.PIPELINE), schema: table.schema, table: table.table });
      } else if (stream === '') {
        this.#lease?.found({ owner: row.OWNER, fence: row.FENCE, until: row.LEASE_UNTIL });
      } else {
        this.#loaded.set(String(stream), Number(sequence));
        if (state !== null || refresh !== null) {
          states.set(String(stream), { state: state === null ? null : JSON.parse(String(state)), refresh, table });
        }
      }
    }
    return { states, taken };
  }

  /** Throws a WarehouseBusyError where another run holds the lease, by what {@link load} has seen. */
  async refuseOthers(steps: Steps): Promise<void> {
    await this.#lease?.refuseOthers(steps);
  }

  /**
   * Sees to it that this run may write for its pipeline. Throws a WarehouseBusyError where another does, a LeaseLostError where
   * another has taken over.
   *
   * @returns the condition that what is written must ask for; null where there is no pipeline
   */
  async guard(steps: Steps): Promise<string | null> {
    const lease = this.#lease;
    if (lease === null) return null;
    if (!this.#isThere) await this.#made.do(() => steps.run(createStateTable(this.#table), { needs: this.#needs }));
    await lease.hold(steps);
    if (!this.#isVerified) this.#verify(lease);
    this.#isVerified = true;
    return lease.condition;
  }

  /**
   * Whether the states are still those that this run has read by: between its start and its lease another may have come and gone, and
   * what that has appended would come twice.
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
   * Moves a prepared stream's state on, as the last statement of a transaction. Throws a LeaseLostError where another run has
   * taken over: what the transaction has written is then to be undone.
   */
  async move(steps: Steps, state: StateToKeep, table: KeptTable | null | undefined): Promise<void> {
    const lease = this.#lease as Lease;
    const from = this.#sequences.get(state.stream) ?? 0;
    crashPoint('before-state');
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
  async hasMoved(steps: Steps, { stream }: StateToKeep): Promise<boolean> {
    const lease = this.#lease as Lease;
    if (!(await lease.isOurs(steps))) throw lease.lost();
    const [row] = lease.rows.filter(({ PIPELINE, STREAM }) => PIPELINE === lease.pipeline && STREAM === stream);
    return Number(row?.SEQ ?? 0) === (this.#sequences.get(stream) ?? 0) + 1;
  }

  /**
   * Sees to it that streams have rows to be moved on. To be called outside of a transaction: where two runs have begun, only the change of
   * a row that both know of shows one that the other was there.
   */
  async prepare(steps: Steps, states: readonly StateToKeep[]): Promise<void> {
    const guard = await this.#held(steps);
    const missing = states.filter(({ stream }) => !this.#sequences.has(stream)).map(({ stream }) => stream);
    if (missing.length === 0) return;
    await this.#run(steps, makeRows(this.#table, (this.#lease as Lease).pipeline, missing, guard));
    for (const stream of missing) this.#sequences.set(stream, 0);
  }

  /** Keeps states of which no rows are to be written. Throws a LeaseLostError where another run has taken over. */
  async keep(steps: Steps, states: readonly StateToKeep[]): Promise<void> {
    await this.prepare(steps, states);
    const guard = await this.#held(steps);
    for (const portion of portions(states)) {
      crashPoint('before-state');
      const moves = portion.map((state) => ({
        state,
        from: this.#sequences.get(state.stream) ?? 0,
        table: undefined,
      }));
      const [row] = await this.#run(steps, moveStates(this.#table, moves, guard));
      // None: this is done again, and its answer was lost the first time; or another run has taken over.
      if (changed(row) !== portion.length) {
        for (const state of portion) if (!(await this.hasMoved(steps, state))) throw (this.#lease as Lease).lost();
      }
      for (const state of portion) this.moved(state);
    }
  }

  /** Throws a LeaseLostError where another run has taken over. */
  async refuseLost(steps: Steps): Promise<void> {
    if (this.#lease?.isHeld && !(await this.#lease.isOurs(steps))) throw this.#lease.lost();
  }

  /** Has the next run's look at the states answered without a warehouse: the last statement of a run that has kept some. */
  async prime(steps: Steps): Promise<void> {
    if (this.#lease?.isHeld) await steps.tidy(loadStates(this.#table, this.#lease.pipeline));
  }

  /** Keeps a state and says that it is about no table any more. */
  async keepWithoutTable(steps: Steps, state: StateToKeep): Promise<void> {
    await this.prepare(steps, [state]);
    const guard = await this.#held(steps);
    const from = this.#sequences.get(state.stream) ?? 0;
    const [row] = await this.#run(steps, moveState(this.#table, { state, from, table: null }, guard));
    if (changed(row) !== 1 && !(await this.hasMoved(steps, state))) throw (this.#lease as Lease).lost();
    this.moved(state);
  }

  /** What an error of a write is about: itself, or the lease that was lost. */
  async explain(steps: Steps, error: unknown): Promise<unknown> {
    return this.#lease === null || error instanceof LeaseLostError ? error : this.#lease.explain(steps, error);
  }

  async #held(steps: Steps): Promise<string> {
    const guard = await this.guard(steps);
    if (guard === null) throw new InternalError('A state was to be kept for a pipeline that has no name.');
    return guard;
  }

  /** null where there is no state table. */
  async #rows(steps: Steps, pipeline: string): Promise<Row[] | null> {
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

  #run(steps: Steps, { sql, binds }: BoundStatement): Promise<Row[]> {
    return steps.run(sql, { binds, mayBeDone: true });
  }
}

function changed(row: Row | undefined): number {
  return Number(row?.['number of rows inserted'] ?? 0) + Number(row?.['number of rows updated'] ?? 0);
}
