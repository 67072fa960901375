import { type BatchActivity, observed } from '../../activity.js';
import { reachedStep } from '../../commit-steps.js';
import {
  asHubflakeError,
  type HubflakeError,
  LeaseLostError,
  SourceIncompleteError,
  SpoolError,
  WarehouseBusyError,
} from '../../errors.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import { hasGenerations, startsAnew } from '../refresh.js';
import {
  addCounts,
  type Counts,
  NO_ROWS,
  type ReachedState,
  type SpooledBatch,
  type StateToKeep,
  type Store,
} from '../store.js';
import type { Target } from '../target.js';
import { BatchContents, isRemoval } from './batch-contents.js';
import { tellChanges } from './changed-values.js';
import { removeSpoolFile, type SpoolFile, type SpoolRecord, SpoolWriter } from './spool.js';

/** What a run did to one stream's table. */
export interface StreamResult extends Counts {
  stream: string;
  table: string;
  /** Records received. */
  records: number;
  complete: boolean;
  error: HubflakeError | null;
}

/** A batch being collected: the files that it is spooled to, and what is known of its records. */
export interface Batch {
  writers: readonly SpoolWriter[];
  contents: BatchContents;
}

/**
 * One stream being loaded: the files its records are spooled to, the states still to be kept, and the error that ended it, if any.
 * After an error nothing of the stream is written any more, and none of its states is emitted.
 */
export class StreamLoad {
  readonly target: Target;
  readonly #store: Store;
  readonly #pipeline: string | null;
  /** The last one is being written. */
  #writers: SpoolWriter[] = [];
  #contents: BatchContents | null = null;
  #counts: Counts = { ...NO_ROWS };
  /** States still to be kept, with how many rows of the batch are before each. */
  #unkept: { state: JsonObject; rows: number }[] = [];
  /** The last state. */
  #last: JsonObject | null = null;
  /** Releases of an overwrite's states, which hold only once the new rows are in place. */
  #held: (() => void | Promise<void>)[] = [];
  /** Records that no state covers yet. */
  #sinceState = 0;
  /** Records that are not in the warehouse yet. */
  #uncommitted = 0;
  records = 0;
  /** Whether the source has finished the stream. */
  complete = false;
  error: HubflakeError | null = null;

  /** @param pipeline whose states are kept in the warehouse; null: they are not */
  constructor(target: Target, store: Store, pipeline: string | null) {
    this.target = target;
    this.#store = store;
    this.#pipeline = pipeline;
  }

  /**
   * Whether rows may only be committed together with the state after them: appended rows that are read again would be duplicates.
   */
  get endsAtState(): boolean {
    return this.target.mode === 'append' && this.#pipeline !== null;
  }

  /** Whether the current batch may be committed now. */
  get canCommit(): boolean {
    return !this.endsAtState || this.#sinceState === 0;
  }

  /** Whether the rows are in place only when the stream is complete, all of them or none. */
  get isOverwrite(): boolean {
    return startsAnew(this.target);
  }

  /** Compressed bytes of the current batch. */
  get waiting(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.bytes, 0);
  }

  /** Rows of the current batch. */
  get rows(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.rows, 0);
  }

  /** @param fileBytes compressed bytes after which the batch continues in another file */
  add(record: SpoolRecord, line: number, nextFile: () => string, fileBytes: number): void {
    this.records += 1;
    // Appended rows are what was seen: none is taken away.
    if (this.target.mode === 'append' && isRemoval(this.target, record.data)) return;
    tellChanges(this.target.stream, record.changes);
    this.#contents ??= new BatchContents(this.target, line);
    const set = this.#contents.add(record.data);
    this.#contents.comparesRows ||= record.isCompared === true;
    let writer = this.#writers.at(-1);
    if (writer === undefined || writer.bytes >= fileBytes) {
      writer = new SpoolWriter(nextFile(), {
        longestLine: this.#store.longestRecord,
        compress: this.#store.spoolIsCompressed,
        batch: this.#contents.batch,
        onChanges: (changes) => tellChanges(this.target.stream, changes),
      });
      this.#writers.push(writer);
    }
    if (record.modifiedAt !== undefined) this.#contents.modifiedAt.add(record.modifiedAt);
    writer.add(set === null ? record : { ...record, set }, line);
    this.#sinceState += 1;
    this.#uncommitted += 1;
  }

  /** Whether all records so far are in the warehouse. */
  get isCommitted(): boolean {
    return this.#uncommitted === 0;
  }

  /** Notes that a state came, which covers all records so far. */
  covered(): void {
    this.#sinceState = 0;
  }

  async drained(): Promise<void> {
    for (const writer of this.#writers.slice(-2)) await writer.drained();
  }

  /** Seals the current batch; the next record begins another one. @returns null where there is none */
  takeBatch(): Batch | null {
    const [writers, contents] = [this.#writers, this.#contents];
    this.#writers = [];
    this.#contents = null;
    return contents === null ? null : { writers, contents };
  }

  /** Drops the current batch: the next run reads it again. */
  async discard(): Promise<void> {
    for (const writer of this.takeBatch()?.writers ?? []) removeSpoolFile(await writer.end());
  }

  /** Notes a state that the next commit reaches. @param rows how many of the batch's rows are before it */
  reaches(state: JsonObject, rows: number): void {
    if (this.#unkept.at(-1)?.rows === rows) this.#unkept.pop();
    this.#unkept.push({ state, rows });
    this.#last = state;
  }

  /** Commits a batch's files with the state they reach. @returns whether the warehouse has changed */
  async commit({ writers, contents }: Batch): Promise<boolean> {
    const files: SpoolFile[] = [];
    for (const writer of writers) files.push(await writer.end());
    reachedStep('after-spool');
    try {
      if (this.error) return false;
      const states = this.isOverwrite ? [] : this.#statesToKeep();
      await this.#write({ files, contents }, states);
      if (states.length > 0) this.#unkept = [];
      this.#uncommitted -= files.reduce((sum, file) => sum + file.rows, 0);
      return true;
    } catch (error) {
      // These concern all streams.
      const isOfAll = [SpoolError, WarehouseBusyError, LeaseLostError].some((kind) => error instanceof kind);
      if (isOfAll) throw error;
      this.#fail(error);
      return false;
    } finally {
      for (const file of files) removeSpoolFile(file);
    }
  }

  async #write(batch: SpooledBatch, states: readonly ReachedState[]): Promise<void> {
    const { stream, table } = this.target;
    const sum = (of: 'rows' | 'bytes') => batch.files.reduce((total, file) => total + file[of], 0);
    const activity: BatchActivity = {
      stream,
      table,
      rows: sum('rows'),
      bytes: sum('bytes'),
      modifiedAt: batch.contents.modifiedAt.values,
    };
    await observed('batch', activity, async () => {
      const counts = await this.#store.commit(this.target, batch, states);
      Object.assign(activity, counts, { isCommitted: true });
      addCounts(this.#counts, counts);
    });
  }

  /** Releases a state now, or an overwrite's once its rows are in place; never after an error. */
  async release(release: () => void | Promise<void>): Promise<void> {
    if (this.error) return;
    if (this.isOverwrite) this.#held.push(release);
    else await release();
  }

  /** Ends the stream, which the source has finished or not. */
  async end(): Promise<void> {
    try {
      if (this.error || !this.complete) {
        await this.#store.abandon(this.target);
        if (this.isOverwrite && !this.error) throw this.#notFinished();
        return;
      }
      const keep = this.#stateToEndWith();
      addCounts(this.#counts, await this.#store.complete(this.target, keep));
      if (keep) this.#unkept = [];
      for (const release of this.#held) await release();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The last state still to be kept: none of the rows before it is uncommitted. */
  stateToKeep(): StateToKeep | null {
    return this.#statesToKeep().at(-1) ?? null;
  }

  #statesToKeep(): ReachedState[] {
    const [pipeline, stream] = [this.#pipeline, this.target.stream];
    if (pipeline === null || this.error) return [];
    const refresh = hasGenerations(this.target) ? this.target.generation : null;
    return this.#unkept.map(({ state, rows }) => ({ pipeline, stream, state, refresh, rows }));
  }

  /** The state kept when the stream is complete; it ends a refresh. */
  #stateToEndWith(): StateToKeep | null {
    if (this.isOverwrite) return this.stateToKeep();
    if (this.#pipeline === null || this.#last === null || !hasGenerations(this.target)) return null;
    return { pipeline: this.#pipeline, stream: this.target.stream, state: this.#last, refresh: null };
  }

  result(): StreamResult {
    const { target, records, complete, error } = this;
    return { stream: target.stream, table: target.table, records, ...this.#counts, complete, error };
  }

  #notFinished(): SourceIncompleteError {
    return new SourceIncompleteError(
      `The source did not finish "${this.target.stream}", so the table ${this.target.table} was left as it was. Run it again.`,
    );
  }

  #fail(error: unknown): void {
    if (this.error) return;
    this.error = asHubflakeError(error);
    log.error(`${this.target.stream}: ${this.error.message}`);
  }
}
