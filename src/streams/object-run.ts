import type { DeletesMode } from '../config/source.js';
import type { HubSpotClient } from '../hubspot/client.js';
import type { ObjectRow } from '../hubspot/objects.js';
import type { JsonObject } from '../protocol/messages.js';
import { ArchiveMemory } from './archive-memory.js';
import type { Associated } from './associated.js';
import { contentHasher, contentSalt } from './content-hash.js';
import type { ObjectStream } from './definition.js';
import { earlier, isFrom } from './instants.js';
import { updatedAtOf } from './layout.js';
import { type MergedAway, MergeMap } from './merges.js';
import { type ObjectState, objectStateJson } from './object-state.js';
import { SentMemory } from './sent-memory.js';
import type { EncodedRecord, RecordSink } from './sink.js';

export interface ReadOptions {
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  lookbackMinutes: number;
  /** null where the portal could not be asked for its id. */
  portalId: number | null;
}

/** A stream that waits (for HubSpot's limits, for a slow answer) repeats its last state after this time. */
const LONGEST_WITHOUT_STATE_MS = 2 * 60_000;

/** One stream of CRM records being read: what every phase of it works with. */
export class ObjectRun {
  readonly merges: MergeMap;
  /** Ids whose tombstone is out, or that were archived before the first load. */
  readonly archived: ArchiveMemory;
  readonly sent: SentMemory;
  /** The fewest calls in which HubSpot gives what was read so far. */
  leastCalls = 0;
  readonly #hash: ReturnType<typeof contentHasher>;
  /** The last state that went out (at first the given one), and whether records have gone out behind it. */
  #lastState: JsonObject | null;
  #recordsSince = false;
  /** Whether a state of this run is out. */
  #isOpen = false;

  constructor(
    readonly client: HubSpotClient,
    readonly stream: ObjectStream,
    readonly options: ReadOptions,
    readonly state: ObjectState,
    readonly sink: RecordSink,
    given: JsonObject | null,
  ) {
    this.#lastState = given;
    this.merges = new MergeMap(state.merges);
    this.archived = new ArchiveMemory(state.archive);
    this.sent = new SentMemory(contentSalt(stream), state.sent);
    state.sent = null;
    this.#hash = contentHasher(stream);
  }

  /** Notes that `rows` were read, of which one call gives at most `perCall`; to see that there are none takes one, too. */
  tally(rows: number, perCall: number): void {
    this.leastCalls += Math.max(1, Math.ceil(rows / perCall));
  }

  /** HubSpot's time, ISO 8601. */
  now(): string {
    return new Date(this.client.clock.now()).toISOString();
  }

  /**
   * Before the first record goes out, puts out a state, as things stand. Killed behind that record, the next run must neither
   * go by what a closing state remembers, nor, without any state, take what went away since for what never went out.
   */
  async #open(): Promise<void> {
    if (!this.#isOpen) await this.save();
  }

  /** Hands records on, stamped with HubSpot's time, which never falls behind what the stream had before. */
  async #emit(records: readonly EncodedRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.#recordsSince = true;
    this.state.emittedAt = Math.max(this.state.emittedAt, this.client.clock.now());
    await this.sink.records(this.stream.name, records, this.state.emittedAt);
  }

  /**
   * Hands live records on, and behind them the tombstones of what was merged into them.
   *
   * @param mergesSince merges into records last updated before this instant are remembered, but not told: of a first load,
   *   whose records never held what was merged away before
   * @param repeats whether records are handed on that went out before as they are
   */
  async emitLive(
    rows: readonly ObjectRow[],
    associated: Associated,
    mergesSince: string | null,
    repeats: boolean,
  ): Promise<void> {
    const { layout } = this.stream;
    const rememberFrom = this.#rememberFrom();
    const live = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => {
        const links = associated.get(row.id) ?? [];
        const at = Date.parse(updatedAtOf(row) ?? '');
        const hash = at >= rememberFrom || this.sent.has(row.id) ? this.#hash(row, links) : null;
        return { row, links, at, hash };
      })
      .filter(({ row, hash }) => repeats || hash === null || !this.sent.isUnchanged(row.id, hash));
    const tellsMerges = this.options.deletes !== 'off';
    // Merges are learned behind the state: told by none, they would never be told.
    if (live.length > 0 || (tellsMerges && rows.some((row) => this.merges.hasNews(row)))) await this.#open();
    const merged = !tellsMerges ? [] : rows.flatMap((row) => this.#mergedInto(row, mergesSince));
    await this.#emit([
      ...live.map(({ row, links }) => layout.encode(row, links, null)),
      ...merged.map((each) => this.#encodeMerged(each)),
    ]);
    for (const { row, at, hash } of live) {
      if (hash !== null && at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
    for (const { id } of merged) this.sent.forget(id);
  }

  /** Hands on tombstones of archived records, and of what was merged into them before. */
  async emitTombstones(rows: readonly ObjectRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#open();
    const { layout } = this.stream;
    const archived = rows.filter((row) => !this.merges.isMergedAway(row.id));
    const merged = rows.flatMap((row) => this.merges.learn(row));
    await this.#emit([
      ...archived.map((row) =>
        layout.encode(row, null, { archivedAt: row.archivedAt ?? this.now(), mergedInto: null }),
      ),
      ...merged.map((each) => this.#encodeMerged(each)),
    ]);
    for (const { id } of [...rows, ...merged]) this.sent.forget(id);
  }

  #mergedInto(row: ObjectRow, since: string | null): MergedAway[] {
    if (this.merges.isMergedAway(row.id)) return [];
    const news = this.merges.learn(row);
    return isFrom(updatedAtOf(row), since) ? news : [];
  }

  #encodeMerged({ id, updatedAt, survivor }: MergedAway): EncodedRecord {
    const tombstone = { archivedAt: updatedAt ?? this.now(), mergedInto: survivor };
    return this.stream.layout.encodeMergedAway(id, updatedAt, tombstone);
  }

  /** What was last updated from then on (epoch ms) is within reach of the next increment. */
  #rememberFrom(): number {
    const { pass, load, cursor } = this.state;
    const begun = pass?.startedAt ?? load?.startedAt ?? cursor;
    return begun ? Date.parse(earlier(begun, this.options.lookbackMinutes)) : Number.NEGATIVE_INFINITY;
  }

  /** Puts out the state as it is now: every record handed on before it is covered by it. */
  async save(): Promise<void> {
    await this.#put(false);
  }

  /** Puts out the state that closes the sync. It alone remembers what was sent. */
  async close(refreshComplete = false): Promise<void> {
    this.state.sent = this.sent.toJson(this.#rememberFrom());
    await this.#put(refreshComplete);
  }

  async #put(refreshComplete: boolean): Promise<void> {
    const { state, stream } = this;
    state.merges = this.merges.pack();
    const { ids, seen } = this.archived.pack();
    state.archive.ids = ids;
    if (state.archive.scan) state.archive.scan.seen = seen;
    this.#isOpen = true;
    this.#lastState = structuredClone(objectStateJson(state, stream.layout.cursorField, refreshComplete));
    this.#recordsSince = false;
    await this.sink.state(stream.name, this.#lastState);
  }

  /**
   * While `read` runs, repeats the last state when there was nothing to say for minutes, so that whoever waits for states sees
   * that the stream goes on. Never behind records that it does not cover.
   */
  async withHeartbeat<T>(read: () => Promise<T>, everyMs = LONGEST_WITHOUT_STATE_MS): Promise<T> {
    let before: JsonObject | null = null;
    const timer = setInterval(() => {
      const last = this.#lastState;
      const waits = last !== null && last === before && !this.#recordsSince;
      before = last;
      if (waits) void this.sink.state(this.stream.name, last).catch(() => undefined);
    }, everyMs);
    try {
      return await read();
    } finally {
      clearInterval(timer);
    }
  }
}

/** Everything modified before `cursor` (ISO 8601) has been handed on: the next increment reaches back from there. */
export function completeAt({ state, options }: ObjectRun, cursor: string): void {
  state.cursor = cursor;
  state.shown = earlier(cursor, options.lookbackMinutes);
}
