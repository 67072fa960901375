import { tell } from '../../activity.js';
import { asHubflakeError, type HubflakeError } from '../../errors.js';
import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { Reader, Store } from '../store.js';
import type { Target } from '../target.js';
import { SpoolFolder, type SpoolRecord } from './spool.js';
import { type Batch, StreamLoad, type StreamResult } from './stream-load.js';

/** Files are loaded in parallel; larger ones only pay where a batch has many of them. */
const FILE_BYTES = 50 * 1024 * 1024;

/** A batch that would leave a short tail may be so many times longer than others. */
const LONGEST_BATCH = 1.5;

export interface LoaderSettings {
  spoolDir: string;
  /**
   * A batch is flushed when so many bytes of files are waiting, or when its first record has waited so long; earlier where the
   * warehouse wants fewer rows at once, and a little later where it wants some more.
   */
  flushBytes: number;
  flushMilliseconds: number;
  /** A batch is split into files of about so many compressed bytes, which are uploaded and loaded in parallel. */
  fileBytes?: number;
  /** Compressed bytes on disk beyond which reading waits for commits. */
  spoolMaxBytes: number;
  /** The pipeline whose states are kept in the warehouse (`sync`); null: states are only emitted (`write`). */
  pipeline: string | null;
}

/** A state that waits until the records before it are committed. */
export interface PendingState {
  /** null: of all streams. */
  stream: string | null;
  /** Kept in the warehouse, in `sync`. */
  state: JsonObject | null;
  /**
   * Whether the records after it rely on it: then none of them is committed before it is emitted. (In `sync`, rows and the state
   * before them are one commit anyway.)
   */
  isAhead: boolean;
  /** Emits the state. Resolves when it is handed over. @param records how many came since the state before */
  release(records: number): void | Promise<void>;
}

/** A state with the number of records that came since the one before. */
interface CountedState {
  pending: PendingState;
  records: number;
  /** How many of the stream's rows are before it in its batch. */
  rows: number;
}

/**
 * Takes records and states in order and commits them in batches: a state is emitted, or kept, only when every record before it is
 * in the warehouse. While one batch is committed the next is spooled, within a limit on disk space.
 */
export class Loader {
  /** Counted for the whole process: stage tables tell batches by their first lines, and loaders may share a store. */
  static #line = 0;
  readonly #store: Store;
  readonly #settings: LoaderSettings;
  readonly #streams: Map<string, StreamLoad>;
  readonly #folder: SpoolFolder;
  #states: CountedState[] = [];
  /** Those of batches that are being committed. */
  #releasing: CountedState[] = [];
  /** Records since the last state, by stream; under null, since the last state of all streams. */
  readonly #sinceState = new Map<string | null, number>();
  /** Global states that wait until overwritten tables are swapped. */
  readonly #held: (() => void | Promise<void>)[] = [];
  /** Compressed bytes of batches that are being committed. */
  #committing = 0;
  #anyRows = false;
  /** A flush is due, but some stream could not be committed yet. */
  #overdue = false;
  #tail: Promise<void> = Promise.resolve();
  /** The error that ends all streams. */
  #broken: HubflakeError | null = null;
  /** Runs while a batch is being collected. */
  #timer: NodeJS.Timeout | null = null;

  /** Throws a SpoolError where the spool folder cannot be made. */
  constructor(store: Store, targets: readonly Target[], settings: LoaderSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#folder = new SpoolFolder(settings.spoolDir);
    this.#streams = new Map(targets.map((target) => [target.stream, new StreamLoad(target, store, settings.pipeline)]));
  }

  has(stream: string): boolean {
    return this.#streams.has(stream);
  }

  received(stream: string): number {
    return this.#streams.get(stream)?.records ?? 0;
  }

  /** Whether a batch was committed; then the states of all streams are kept, in {@link finish} at the latest. */
  get hasCommitted(): boolean {
    return this.#anyRows;
  }

  /** The error after which nothing of a stream is written any more; its further records are dropped. */
  failureOf(stream: string): HubflakeError | null {
    return this.#broken ?? this.#streams.get(stream)?.error ?? null;
  }

  /** Whether a stream's table has one row per key, with which records can be compared. */
  isDeduplicated(stream: string): boolean {
    return this.#streams.get(stream)?.target.mode === 'append_dedup';
  }

  /**
   * Reads a stream's table between commits, without what is not committed yet.
   *
   * @param body gets null where there is no table, or its rows cannot be told apart
   */
  read<T>(stream: string, body: (reader: Reader | null) => Promise<T>): Promise<T> {
    const reading = this.#tail.then(async () => {
      const load = this.#streams.get(stream);
      return body(load ? await this.#store.reader(load.target) : null);
    });
    this.#tail = reading.then(
      () => undefined,
      () => undefined,
    );
    return reading;
  }

  /** Takes records of one stream. Resolves when more may come. Throws the error that ends all streams. */
  async records(stream: string, records: readonly SpoolRecord[]): Promise<void> {
    if (this.#broken) throw this.#broken;
    const load = this.#streams.get(stream);
    if (!load || load.error || records.length === 0) return;
    tell('records', { stream, count: records.length });
    const nextFile = () => this.#folder.nextFile(this.#store.spoolIsCompressed);
    for (const record of records) {
      Loader.#line += 1;
      load.add(record, Loader.#line, nextFile, this.#settings.fileBytes ?? FILE_BYTES);
    }
    for (const key of [stream, null]) this.#sinceState.set(key, (this.#sinceState.get(key) ?? 0) + records.length);
    this.#startTimer();
    await load.drained();
    const isFull = load.rows >= this.#store.fittingRows(load.target);
    const longest = this.#settings.flushBytes * (this.#store.leavesShortTail(load.rows) ? LONGEST_BATCH : 1);
    if (isFull || this.#waiting() >= longest) this.#seal();
    while (this.#committing + this.#waiting() > this.#settings.spoolMaxBytes) {
      if (this.#committing === 0 && !this.#seal()) break;
      await this.#tail;
    }
    if (this.#broken) throw this.#broken;
  }

  /**
   * Takes a state. It is released when everything before it is committed, in the order of the calls: at once, where there is nothing
   * before it that is not.
   */
  async state(pending: PendingState): Promise<void> {
    const { stream } = pending;
    const load = stream === null ? undefined : this.#streams.get(stream);
    const counted = { pending, records: this.#sinceState.get(stream) ?? 0, rows: load?.rows ?? 0 };
    this.#sinceState.set(stream, 0);
    load?.covered();
    if (this.#settings.pipeline === null && this.#isCommitted(stream)) return this.#release(counted);
    this.#states.push(counted);
    if (this.#overdue || (pending.isAhead && this.#settings.pipeline === null)) this.#seal();
    this.#startTimer();
  }

  /** Whether everything before a state of the stream is committed: records and earlier states. */
  #isCommitted(stream: string | null): boolean {
    const isWaiting = (states: readonly CountedState[]) =>
      states.some(({ pending }) => stream === null || pending.stream === stream || pending.stream === null);
    if (isWaiting(this.#states) || isWaiting(this.#releasing)) return false;
    const covered = stream === null ? [...this.#streams.values()] : [this.#streams.get(stream)];
    return covered.every((load) => load === undefined || load.isCommitted);
  }

  /** The source has finished a stream. */
  complete(stream: string): void {
    const load = this.#streams.get(stream);
    if (load) load.complete = true;
  }

  /** The source could not finish a stream; its records so far are good. */
  incomplete(stream: string): void {
    const load = this.#streams.get(stream);
    if (load) load.complete = false;
  }

  /** Commits what is left, ends every stream, and returns what was done. Throws only the error that ends all streams. */
  async finish(): Promise<StreamResult[]> {
    for (const load of this.#streams.values()) if (!load.canCommit) await this.#giveUp(load);
    this.#seal();
    await this.#tail;
    if (this.#broken) throw this.#broken;
    const loads = [...this.#streams.values()];
    await this.#sideBySide(loads, (load) => load.end());
    if (this.#isSound) for (const release of this.#held) await release();
    await this.#keepRest();
    return loads.map((load) => load.result());
  }

  /** Removes the spool. What was not committed is read again by the next run. */
  close(): void {
    this.#stopTimer();
    this.#folder.remove();
  }

  #waiting(): number {
    let bytes = 0;
    for (const load of this.#streams.values()) bytes += load.waiting;
    return bytes;
  }

  #startTimer(): void {
    this.#timer ??= setTimeout(() => this.#seal(), this.#settings.flushMilliseconds);
  }

  #stopTimer(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * Seals the current batch and queues its commit. Streams whose batches must end at a state, and do not yet, stay for the next.
   *
   * @returns whether there was anything to commit
   */
  #seal(): boolean {
    this.#stopTimer();
    let bytes = 0;
    const batches: [StreamLoad, Batch][] = [];
    const left = new Set<string | null>();
    for (const load of this.#streams.values()) {
      if (!load.canCommit) {
        left.add(load.target.stream);
        continue;
      }
      bytes += load.waiting;
      const batch = load.takeBatch();
      if (batch) batches.push([load, batch]);
    }
    this.#overdue = left.size > 0;
    const states = this.#states.filter(({ pending }) => !left.has(pending.stream));
    this.#states = this.#states.filter(({ pending }) => left.has(pending.stream));
    if (batches.length === 0 && states.length === 0) return false;
    this.#committing += bytes;
    this.#releasing.push(...states);
    this.#tail = this.#tail
      .then(() => this.#commit(batches, states))
      .catch((error: unknown) => {
        this.#broken ??= asHubflakeError(error);
      })
      .finally(() => {
        this.#committing -= bytes;
        this.#releasing = this.#releasing.filter((each) => !states.includes(each));
      });
    return true;
  }

  /** Drops a batch that does not end at a state, with the states in it: the next run reads it again. */
  async #giveUp(load: StreamLoad): Promise<void> {
    const { stream } = load.target;
    if (load.complete) return load.covered();
    log.debug(`${stream}: rows that no state covers are left to the next run`);
    this.#states = this.#states.filter(({ pending }) => pending.stream !== stream);
    await load.discard();
    load.covered();
  }

  async #commit(batches: readonly [StreamLoad, Batch][], states: readonly CountedState[]): Promise<void> {
    if (this.#broken) return;
    for (const { pending, rows } of states) {
      if (pending.stream !== null && pending.state) this.#streams.get(pending.stream)?.reaches(pending.state, rows);
    }
    await this.#sideBySide(batches, async ([load, batch]) => {
      if (await load.commit(batch)) this.#anyRows = true;
    });
    for (const state of states) await this.#release(state);
  }

  /** Runs `body` for each item, as many at once as the warehouse takes. Throws the first failure once all have ended. */
  async #sideBySide<T>(items: readonly T[], body: (item: T) => Promise<void>): Promise<void> {
    const left = [...items];
    const worker = async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await body(item);
    };
    const workers = Array.from({ length: Math.min(this.#store.parallelCommits, items.length) }, worker);
    for (const outcome of await Promise.allSettled(workers)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  async #release({ pending, records }: CountedState): Promise<void> {
    const load = pending.stream === null ? undefined : this.#streams.get(pending.stream);
    if (load) await load.release(() => pending.release(records));
    // The states of a stream that is not written are passed on as they are.
    else if (pending.stream !== null) await pending.release(records);
    // A global state holds only once all streams are written, and overwritten tables are swapped at the end.
    else if ([...this.#streams.values()].some((each) => each.isOverwrite))
      this.#held.push(() => pending.release(records));
    else if (this.#isSound) await pending.release(records);
  }

  get #isSound(): boolean {
    return [...this.#streams.values()].every((each) => !each.error);
  }

  /** Keeps the states of streams that had no rows, unless no stream had any: such a run writes nothing to the warehouse. */
  async #keepRest(): Promise<void> {
    if (!this.#anyRows) return;
    const rest = [...this.#streams.values()]
      .filter((load) => load.complete || !load.isOverwrite)
      .map((load) => load.stateToKeep())
      .filter((state) => state !== null);
    if (rest.length > 0) await this.#store.keepStates(rest);
  }
}
