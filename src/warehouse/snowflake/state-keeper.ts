import { crashPoint } from '../../crash-point.js';
import { InternalError, WarehouseUnavailableError } from '../../errors.js';
import type { KeptState, StateToKeep } from '../store.js';
import { Lease } from './lease.js';
import type { Pool } from './pool.js';
import type { Row } from './session.js';
import {
  type BoundStatement,
  compareAndSwap,
  createStateTable,
  keepStates,
  loadStates,
  makeRow,
  portions,
  sequenceOf,
  sequences,
  stateTable,
} from './states.js';
import type { Steps } from './steps.js';

/** Keeps a pipeline's states beside its data, under the lease that one run of the pipeline has at a time. */
export class StateKeeper {
  readonly #table: string;
  readonly #needs: string;
  readonly #lease: Lease | null;
  readonly #pool: Pool;
  #made: Promise<unknown> | null = null;
  /** The sequences of the states that this run goes on from; null where it has asked for none. */
  #loaded: Map<string, number> | null = null;
  #unchanged: Promise<void> | null = null;
  readonly #sequences = new Map<string, number>();

  /** @param pipeline null in `write`, whose states are another's to keep */
  constructor(
    place: { database: string; schema: string; schemaName: string },
    pipeline: { name: string; run: string; flushMilliseconds: number } | null,
    pool: Pool,
  ) {
    this.#table = stateTable(place.database, place.schema);
    this.#needs = `CREATE TABLE ON SCHEMA ${place.schemaName}`;
    this.#pool = pool;
    this.#lease =
      pipeline === null ? null : new Lease(this.#table, pipeline.name, pipeline.run, pipeline.flushMilliseconds);
  }

  async load(steps: Steps, pipeline: string): Promise<Map<string, KeptState>> {
    const { sql, binds } = loadStates(this.#table, pipeline);
    const rows = await steps.runIfThere(sql, { binds, needs: `SELECT ON TABLE ${this.#table}` });
    const kept = new Map<string, KeptState>();
    this.#loaded = new Map();
    for (const { STREAM, STATE, REFRESH, SEQ } of rows ?? []) {
      this.#loaded.set(String(STREAM), Number(SEQ));
      const refresh = REFRESH === null ? null : Number(REFRESH);
      const state = STATE === null ? null : JSON.parse(String(STATE));
      if (state !== null || refresh !== null) kept.set(String(STREAM), { state, refresh });
    }
    return kept;
  }

  /**
   * Sees to it that this run may write for its pipeline. Throws a WarehouseBusyError where another does.
   *
   * @returns the condition that what is written must ask for; null where there is no pipeline
   */
  async guard(steps: Steps): Promise<string | null> {
    if (this.#lease === null) return null;
    this.#made ??= steps.run(createStateTable(this.#table), { needs: this.#needs });
    await this.#made;
    await this.#lease.hold(steps);
    this.#unchanged ??= this.#verify(steps, this.#lease);
    await this.#unchanged;
    return this.#lease.condition;
  }

  /**
   * Whether the states are still those that this run has read by: between its start and its lease another may have come and gone, and
   * what that has appended would come twice.
   */
  async #verify(steps: Steps, lease: Lease): Promise<void> {
    if (this.#loaded === null) return;
    for (const { STREAM, SEQ } of await this.#run(steps, sequences(this.#table, lease.pipeline))) {
      if (Number(SEQ) !== (this.#loaded.get(String(STREAM)) ?? 0)) throw lease.overtaken();
      this.#sequences.set(String(STREAM), Number(SEQ));
    }
  }

  /** Keeps states. Throws a WarehouseBusyError where another run has taken over. */
  async keep(steps: Steps, states: readonly StateToKeep[]): Promise<void> {
    const guard = await this.guard(steps);
    if (guard === null) throw new InternalError('A state was to be kept for a pipeline that has no name.');
    for (const portion of portions(states)) {
      crashPoint('before-state');
      const [row] = await this.#run(steps, keepStates(this.#table, portion, guard));
      if (changed(row) !== portion.length) throw (this.#lease as Lease).lost();
      for (const { stream } of portion) this.#sequences.delete(stream);
    }
  }

  /**
   * Runs a statement that changes rows, and keeps the state they reach, in one transaction: both, or neither. When the answer to
   * the commit is lost, the warehouse is asked on another session.
   *
   * @returns the rows of the statement's answer
   */
  async together(steps: Steps, state: StateToKeep, statement: string): Promise<Row[]> {
    const guard = (await this.guard(steps)) as string;
    const sequence = this.#sequences.get(state.stream) ?? (await this.#sequence(steps, state, guard));
    await steps.run('BEGIN');
    let answer: Row[];
    try {
      const [row] = await this.#run(steps, compareAndSwap(this.#table, state, sequence, guard));
      if (changed(row) !== 1) throw (this.#lease as Lease).lost();
      crashPoint('before-rows');
      answer = await steps.run(statement);
      crashPoint('before-commit');
    } catch (error) {
      await steps.tidy('ROLLBACK');
      throw error;
    }
    try {
      await steps.run('COMMIT', { mayBeDone: true });
    } catch (error) {
      if (!(error instanceof WarehouseUnavailableError) || !(await this.#reached(steps, state, sequence + 1)))
        throw error;
    }
    this.#sequences.set(state.stream, sequence + 1);
    return answer;
  }

  /** What an error of a write is about: itself, or the lease that was lost. */
  async explain(steps: Steps, error: unknown): Promise<unknown> {
    return this.#lease === null ? error : this.#lease.explain(steps, error);
  }

  get hasLease(): boolean {
    return this.#lease?.isHeld === true;
  }

  async release(steps: Steps): Promise<void> {
    await this.#lease?.release(steps);
  }

  async #sequence(steps: Steps, { pipeline, stream }: StateToKeep, guard: string): Promise<number> {
    await this.#run(steps, makeRow(this.#table, pipeline, stream, guard));
    const [row] = await this.#run(steps, sequenceOf(this.#table, pipeline, stream));
    if (row === undefined) throw (this.#lease as Lease).lost();
    return Number(row.SEQ);
  }

  async #reached(steps: Steps, { pipeline, stream }: StateToKeep, sequence: number): Promise<boolean> {
    return this.#pool.use(async (session) => {
      const [row] = await this.#run(steps.on(session), sequenceOf(this.#table, pipeline, stream));
      return Number(row?.SEQ) === sequence;
    });
  }

  #run(steps: Steps, { sql, binds }: BoundStatement): Promise<Row[]> {
    return steps.run(sql, { binds, mayBeDone: true });
  }
}

function changed(row: Row | undefined): number {
  return Number(row?.['number of rows inserted'] ?? 0) + Number(row?.['number of rows updated'] ?? 0);
}
