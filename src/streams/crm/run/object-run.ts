import type { DeletesMode } from '../../../config/source.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { aheadOfRecords } from '../../../protocol/ahead.js';
import { earlier, isFrom } from '../../core/instants.js';
import type { EncodedRecord, RecordSink } from '../../core/sink.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import { ArchiveMemory } from './archive-memory.js';
import type { Associated } from './associated.js';
import { contentHasher, contentSalt } from './content-hash.js';
import { type MergedAway, MergeMap } from './merges.js';
import { type ObjectState, objectStateJson } from './object-state.js';
import { SentMemory } from './sent-memory.js';

export interface ReadOptions {
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  lookbackMinutes: number;
  /** null where the portal could not be asked for its id. */
  portalId: number | null;
}

/** What the hash of a record begins with that has left the filters: no other one does. */
const LEFT = '~';
/** Records that are made before the first of them is handed on: those of a page at once would outlive a garbage collection. */
const RECORDS_AT_ONCE = 20;

/** One stream of CRM records being read: what every phase of it works with. */
export class ObjectRun {
  readonly merges: MergeMap;
  /** Ids whose tombstone is out, or that were archived before the first load. */
  readonly archived: ArchiveMemory;
  readonly sent: SentMemory;
  /** The fewest calls in which HubSpot gives what was read so far. */
  leastCalls = 0;
  /** HubSpot has refused to list what is archived; in this run it is not asked again. */
  archiveIsRefused = false;
  readonly #hash: ReturnType<typeof contentHasher>;
  /** Whether a state of this run is out. */
  #isOpen = false;

  constructor(
    readonly client: HubSpotClient,
    readonly stream: ObjectStream,
    readonly options: ReadOptions,
    readonly state: ObjectState,
    readonly sink: RecordSink,
  ) {
    this.merges = new MergeMap(state.merges);
    this.archived = new ArchiveMemory(state.archive);
    this.sent = new SentMemory(contentSalt(stream), state.sent);
    state.sent = null;
    this.#hash = contentHasher(stream);
  }

  /** Whether it is told which records the stream's filters do not want any more. */
  get tellsLeft(): boolean {
    return tellsLeft(this.stream, this.options);
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
    if (!this.#isOpen) await this.saveAhead();
  }

  /**
   * Hands records on, stamped with HubSpot's time as of the last state that was put out: a run that goes on from there is never
   * behind it, however much later its clock begins, so that what it sends is the newer version.
   */
  async #emit<T>(items: readonly T[], encode: (item: T) => EncodedRecord): Promise<void> {
    if (items.length === 0) return;
    await this.#open();
    for (let start = 0; start < items.length; start += RECORDS_AT_ONCE) {
      const records = items.slice(start, start + RECORDS_AT_ONCE).map(encode);
      await this.sink.records(this.stream.name, records, this.state.emittedAt);
    }
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
    await this.#emit(live, ({ row, links }) => layout.encode(row, links, null));
    await this.#emit(merged, (each) => this.#encodeMerged(each));
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
    await this.#emit(archived, (row) =>
      layout.encode(row, null, { archivedAt: row.archivedAt ?? this.now(), mergedInto: null }),
    );
    await this.#emit(merged, (each) => this.#encodeMerged(each));
    for (const { id } of [...rows, ...merged]) this.sent.forget(id);
  }

  /** Hands on that records have left the stream's filters; what is known to be so already is not told again. */
  async emitLeft(rows: readonly ObjectRow[]): Promise<void> {
    const { layout } = this.stream;
    const rememberFrom = this.#rememberFrom();
    const left = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => ({ row, at: Date.parse(updatedAtOf(row) ?? ''), hash: LEFT + this.#hash(row, []).slice(1) }))
      .filter(({ row, hash }) => !this.sent.isUnchanged(row.id, hash));
    if (left.length === 0) return;
    await this.#open();
    await this.#emit(left, ({ row }) => layout.encode(row, null, { leftAt: updatedAtOf(row) ?? this.now() }));
    for (const { row, at, hash } of left) {
      if (at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
  }

  /** Hands on tombstones of what was merged into these records, and not the records. */
  async emitMerged(rows: readonly ObjectRow[]): Promise<void> {
    const news = rows.filter((row) => this.merges.hasNews(row));
    if (news.length === 0) return;
    await this.#open();
    const merged = news.flatMap((row) => this.#mergedInto(row, null));
    await this.#emit(merged, (each) => this.#encodeMerged(each));
    for (const { id } of merged) this.sent.forget(id);
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
    await this.#put(false, false);
  }

  /** The same of a state that what is handed on next relies on. */
  async saveAhead(): Promise<void> {
    await this.#put(false, true);
  }

  /** Puts out the state that closes the sync. It alone remembers what was sent. */
  async close(refreshComplete = false): Promise<void> {
    this.state.sent = this.sent.toJson(this.#rememberFrom());
    await this.#put(refreshComplete, false);
  }

  async #put(refreshComplete: boolean, isAhead: boolean): Promise<void> {
    const { state, stream } = this;
    state.emittedAt = Math.max(state.emittedAt, this.client.clock.now());
    state.merges = this.merges.pack();
    const { ids, seen } = this.archived.pack();
    state.archive.ids = ids;
    if (state.archive.scan) state.archive.scan.seen = seen;
    this.#isOpen = true;
    // What goes on changing is not the sink's to see: it may put the state out again, or keep it until rows are committed.
    const out = structuredClone(objectStateJson(state, stream.layout.cursorField, refreshComplete));
    await this.sink.state(stream.name, isAhead ? aheadOfRecords(out) : out);
  }
}

export function tellsLeft({ filterGroups }: ObjectStream, { deletes }: Pick<ReadOptions, 'deletes'>): boolean {
  return filterGroups.length > 0 && deletes !== 'off';
}

/** Everything modified before `cursor` (ISO 8601) has been handed on: the next increment reaches back from there. */
export function completeAt({ state, options }: ObjectRun, cursor: string): void {
  state.cursor = cursor;
  state.shown = earlier(cursor, options.lookbackMinutes);
}
