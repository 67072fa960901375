import { asHubflakeError, type HubflakeError, SourceIncompleteError, SpoolError } from '../errors.js';
import { log } from '../log.js';
import type { JsonObject } from '../protocol/messages.js';
import { type SpoolFile, SpoolFolder, type SpoolRecord, SpoolWriter } from './spool.js';
import { type Counts, NO_ROWS, type Store } from './store.js';
import type { Target } from './target.js';

export interface LoaderSettings {
  spoolDir: string;
  /** A batch is committed when so many compressed bytes wait, or when the oldest has waited so long. */
  flushBytes: number;
  flushMilliseconds: number;
  /** Most compressed bytes on disk: beyond it, reading waits for commits. */
  spoolMaxBytes: number;
  /** Names the pipeline whose states are kept in the warehouse (`sync`); null: states are only put out (`write`). */
  pipeline: string | null;
}

/** A state that waits for its records to be committed. */
export interface PendingState {
  /** null: of all streams. */
  stream: string | null;
  /** Kept in the warehouse, in `sync`. */
  state: JsonObject | null;
  /** Puts the state out. @param records how many were committed since the one before */
  release(records: number): void;
}

/** What a run did to one stream's table. */
export interface StreamResult extends Counts {
  stream: string;
  table: string;
  /** Records received. */
  records: number;
  complete: boolean;
  error: HubflakeError | null;
}

/** A state with the number of records that came since the one before. */
interface CountedState {
  pending: PendingState;
  records: number;
}

interface StreamProgress {
  target: Target;
  writer: SpoolWriter | null;
  records: number;
  sinceState: number;
  counts: Counts;
  complete: boolean;
  /** What ended the stream: after it nothing of the stream is written, and no state of it put out. */
  error: HubflakeError | null;
  /** The last state that came for it, where it is still to be kept. */
  unkept: JsonObject | null;
  /** States of an overwrite: valid once the new rows are in place. */
  held: CountedState[];
}

/**
 * Takes records and states in their order and commits them in batches: a state leaves, or is kept, only when every record
 * before it is in the warehouse. While one batch is committed the next is spooled, within a bound on the disk.
 */
export class Loader {
  readonly #store: Store;
  readonly #settings: LoaderSettings;
  readonly #streams: Map<string, StreamProgress>;
  readonly #folder: SpoolFolder;
  #states: CountedState[] = [];
  #sinceGlobalState = 0;
  #line = 0;
  #oldest: number | null = null;
  /** Compressed bytes of batches that are being committed. */
  #committing = 0;
  #anyRows = false;
  #tail: Promise<void> = Promise.resolve();
  #broken: HubflakeError | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(store: Store, targets: readonly Target[], settings: LoaderSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#folder = new SpoolFolder(settings.spoolDir);
    this.#streams = new Map(
      targets.map((target) => [
        target.stream,
        {
          target,
          writer: null,
          records: 0,
          sinceState: 0,
          counts: { ...NO_ROWS },
          complete: false,
          error: null,
          unkept: null,
          held: [],
        },
      ]),
    );
  }

  has(stream: string): boolean {
    return this.#streams.has(stream);
  }

  received(stream: string): number {
    return this.#streams.get(stream)?.records ?? 0;
  }

  /** Takes records of one stream. Resolves when more may come. Throws what makes going on impossible. */
  async records(stream: string, records: Iterable<SpoolRecord>): Promise<void> {
    const progress = this.#progress(stream);
    if (this.#broken) throw this.#broken;
    if (progress.error) return;
    for (const record of records) {
      progress.writer ??= new SpoolWriter(this.#folder.nextFile());
      this.#line += 1;
      progress.writer.add(record, this.#line);
      progress.records += 1;
      progress.sinceState += 1;
      this.#sinceGlobalState += 1;
    }
    if (!progress.writer) return;
    this.#waitNoLonger();
    await progress.writer.drained();
    if (this.#waiting() >= this.#settings.flushBytes) this.#seal();
    while (this.#committing + this.#waiting() > this.#settings.spoolMaxBytes) {
      if (this.#committing === 0) this.#seal();
      await this.#tail;
    }
    if (this.#broken) throw this.#broken;
  }

  /** Takes a state. It is released when everything before it is committed, in the order of the calls. */
  state(pending: PendingState): void {
    this.#states.push({ pending, records: this.#takeCount(pending.stream) });
    this.#waitNoLonger();
  }

  /** The source has finished a stream. */
  complete(stream: string): void {
    this.#progress(stream).complete = true;
  }

  /** The source could not finish a stream; its records so far are good. */
  incomplete(stream: string): void {
    this.#progress(stream).complete = false;
  }

  /** Commits what is left, ends every stream, and returns what was done. Throws only what no stream survives. */
  async finish(): Promise<StreamResult[]> {
    try {
      this.#seal();
      await this.#tail;
      if (this.#broken) throw this.#broken;
      for (const progress of this.#streams.values()) await this.#endStream(progress);
      await this.#keepRest();
      return [...this.#streams.values()].map((each) => this.#result(each));
    } finally {
      this.close();
    }
  }

  /** Leaves without committing: what was not committed is read again next time. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#folder.remove();
  }

  #progress(stream: string): StreamProgress {
    return this.#streams.get(stream) as StreamProgress;
  }

  #takeCount(stream: string | null): number {
    const progress = stream === null ? undefined : this.#streams.get(stream);
    const count = stream === null ? this.#sinceGlobalState : (progress?.sinceState ?? 0);
    if (stream === null) this.#sinceGlobalState = 0;
    else if (progress) progress.sinceState = 0;
    return count;
  }

  #waiting(): number {
    let bytes = 0;
    for (const { writer } of this.#streams.values()) bytes += writer?.bytes ?? 0;
    return bytes;
  }

  /** Starts the clock of the batch that is being collected. */
  #waitNoLonger(): void {
    if (this.#oldest !== null) return;
    this.#oldest = Date.now();
    this.#timer = setTimeout(() => this.#seal(), this.#settings.flushMilliseconds);
  }

  /** Closes the batch that was being collected, and has it committed behind the ones before. */
  #seal(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#oldest = null;
    const writers: [StreamProgress, SpoolWriter][] = [];
    for (const progress of this.#streams.values()) {
      if (progress.writer) writers.push([progress, progress.writer]);
      progress.writer = null;
    }
    const states = this.#states;
    this.#states = [];
    if (writers.length === 0 && states.length === 0) return;
    const bytes = writers.reduce((sum, [, writer]) => sum + writer.bytes, 0);
    this.#committing += bytes;
    this.#tail = this.#tail
      .then(() => this.#commit(writers, states))
      .catch((error: unknown) => {
        this.#broken ??= asHubflakeError(error);
      })
      .finally(() => {
        this.#committing -= bytes;
      });
  }

  async #commit(writers: readonly [StreamProgress, SpoolWriter][], states: readonly CountedState[]): Promise<void> {
    const files = new Map<StreamProgress, SpoolFile>();
    for (const [progress, writer] of writers) files.set(progress, await writer.end());
    if (this.#broken) return;
    for (const { pending } of states) {
      const progress = pending.stream === null ? undefined : this.#streams.get(pending.stream);
      if (progress && pending.state) progress.unkept = pending.state;
    }
    for (const [progress, file] of files) await this.#commitStream(progress, file);
    for (const state of states) this.#release(state);
  }

  async #commitStream(progress: StreamProgress, file: SpoolFile): Promise<void> {
    if (progress.error) return;
    try {
      const keep = progress.target.mode === 'overwrite' ? null : this.#stateToKeep(progress);
      const counts = await this.#store.commit(progress.target, [file], keep);
      this.#anyRows = true;
      if (keep) progress.unkept = null;
      add(progress.counts, counts);
    } catch (error) {
      if (error instanceof SpoolError) throw error;
      progress.error = asHubflakeError(error);
      log.error(`${progress.target.stream}: ${progress.error.message}`);
    }
  }

  #stateToKeep({ target, unkept }: StreamProgress) {
    const { pipeline } = this.#settings;
    return pipeline === null || unkept === null ? null : { pipeline, stream: target.stream, state: unkept };
  }

  #release(state: CountedState): void {
    const { pending, records } = state;
    const progress = pending.stream === null ? undefined : this.#streams.get(pending.stream);
    const concerned = progress ? [progress] : pending.stream === null ? [...this.#streams.values()] : [];
    if (concerned.some((each) => each.error)) return;
    if (progress?.target.mode === 'overwrite') progress.held.push(state);
    else pending.release(records);
  }

  async #endStream(progress: StreamProgress): Promise<void> {
    const { target } = progress;
    if (progress.error || !progress.complete) {
      await this.#store.abandon(target).catch((error: unknown) => {
        progress.error ??= asHubflakeError(error);
      });
      if (target.mode === 'overwrite' && !progress.error) {
        progress.error = new SourceIncompleteError(
          `The source did not finish "${target.stream}", so the table ${target.table} was left as it was. Run it again.`,
        );
      }
      return;
    }
    try {
      const keep = target.mode === 'overwrite' ? this.#stateToKeep(progress) : null;
      add(progress.counts, await this.#store.complete(target, keep));
      if (keep) progress.unkept = null;
      if (target.mode === 'overwrite') this.#anyRows ||= progress.records > 0;
      for (const { pending, records } of progress.held) pending.release(records);
    } catch (error) {
      progress.error = asHubflakeError(error);
      log.error(`${target.stream}: ${progress.error.message}`);
    }
  }

  /** States of streams that had no rows are kept with those that had: a run without any rows leaves the warehouse alone. */
  async #keepRest(): Promise<void> {
    if (!this.#anyRows) return;
    const rest = [...this.#streams.values()]
      .filter((each) => !each.error && (each.complete || each.target.mode !== 'overwrite'))
      .map((each) => this.#stateToKeep(each))
      .filter((each) => each !== null);
    if (rest.length > 0) await this.#store.keepStates(rest);
  }

  #result({ target, records, counts, complete, error }: StreamProgress): StreamResult {
    return { stream: target.stream, table: target.table, records, ...counts, complete, error };
  }
}

function add(sum: Counts, counts: Counts): void {
  sum.inserted += counts.inserted;
  sum.updated += counts.updated;
  sum.marked += counts.marked;
}
