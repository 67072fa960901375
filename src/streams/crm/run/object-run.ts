import type { DeletesMode } from '../../../config/source.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { aheadOfRecords } from '../../../protocol/ahead.js';
import { type EpochMs, earlier, epochMs, type Instant, instantOf, isFrom, timeOf } from '../../../time.js';
import type { ChainLimits } from '../../core/chain-limits.js';
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
  chains: ChainLimits;
  /** null: not known. */
  portalId: number | null;
}

/** The first character of the hash of a record that has left the filters; no other hash begins with it. */
const FILTER_EXIT = '~';
/** Records encoded before the first of them is emitted: those of a whole page would survive a garbage collection. */
const RECORDS_AT_ONCE = 20;

/** One read of a stream of CRM records: what all its phases share. */
export class ObjectRun {
  readonly merges: MergeMap;
  /** Ids whose tombstone was emitted, or that were archived before the first load. */
  readonly archived: ArchiveMemory;
  readonly sent: SentMemory;
  /** The minimum number of calls for what was read so far. */
  leastCalls = 0;
  /** HubSpot refused to list archived records; this run does not try again. */
  archiveIsRefused = false;
  readonly #hash: ReturnType<typeof contentHasher>;
  /** Whether this run has emitted a state. */
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

  get emitsFilterExits(): boolean {
    return emitsFilterExits(this.stream, this.options);
  }

  /** Counts the calls for `rows` at `perCall` rows each; an empty result takes one, too. */
  tally(rows: number, perCall: number): void {
    this.leastCalls += Math.max(1, Math.ceil(rows / perCall));
  }

  /** HubSpot's time. */
  now(): Instant {
    return instantOf(this.client.clock.now());
  }

  /**
   * Emits a state before the run's first record. If the run is killed after that record, the next run must not resume from the
   * previous closing state, whose memory of emitted records is outdated; nor from no state, as it would emit no tombstone for a
   * record that was deleted in the meantime.
   */
  async #open(): Promise<void> {
    if (!this.#isOpen) await this.saveAhead();
  }

  /**
   * Emits records with the emission time of the last state. A run that resumes from that state never uses an earlier one, whatever
   * its clock says, so its versions count as newer.
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
   * Emits live records, then the tombstones of records that were merged into them.
   *
   * @param mergesSince merges into records last updated before this instant are remembered, but not emitted: a first load never
   *   emitted the records that were merged away before it
   * @param repeats whether unchanged records are emitted again
   */
  async emitLive(
    rows: readonly ObjectRow[],
    associated: Associated,
    mergesSince: Instant | null,
    repeats: boolean,
  ): Promise<void> {
    const { layout } = this.stream;
    const rememberFrom = this.#rememberFrom();
    const live = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => {
        const links = associated.get(row.id) ?? [];
        const at = timeOf(updatedAtOf(row) ?? '');
        const hash = at >= rememberFrom || this.sent.has(row.id) ? this.#hash(row, links) : null;
        return { row, links, at, hash };
      })
      .filter(({ row, hash }) => repeats || hash === null || !this.sent.isUnchanged(row.id, hash));
    const emitsMerges = this.options.deletes !== 'off';
    // The state must precede learning: one that knows a merge whose tombstone was not emitted would suppress it.
    if (live.length > 0 || (emitsMerges && rows.some((row) => this.merges.hasNewMerges(row)))) await this.#open();
    const merged = !emitsMerges ? [] : rows.flatMap((row) => this.#mergedInto(row, mergesSince));
    await this.#emit(live, ({ row, links }) => layout.encode(row, links, null));
    await this.#emit(merged, (each) => this.#encodeMerged(each));
    for (const { row, at, hash } of live) {
      if (hash !== null && at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
    for (const { id } of merged) this.sent.forget(id);
  }

  /** Emits tombstones of archived records, and of records that were merged into them. */
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

  /** Reports records that have left the stream's filters, unless that was the last thing emitted of them. */
  async emitFilterExits(rows: readonly ObjectRow[]): Promise<void> {
    const { layout } = this.stream;
    const rememberFrom = this.#rememberFrom();
    const left = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => ({ row, at: timeOf(updatedAtOf(row) ?? ''), hash: FILTER_EXIT + this.#hash(row, []).slice(1) }))
      .filter(({ row, hash }) => !this.sent.isUnchanged(row.id, hash));
    if (left.length === 0) return;
    await this.#open();
    await this.#emit(left, ({ row }) => layout.encode(row, null, { leftAt: updatedAtOf(row) ?? this.now() }));
    for (const { row, at, hash } of left) {
      if (at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
  }

  /** Emits tombstones of records that were merged into the given ones, but not the given ones: they may not match the filters. */
  async emitMergesOutsideFilter(rows: readonly ObjectRow[]): Promise<void> {
    const survivors = rows.filter((row) => this.merges.hasNewMerges(row));
    if (survivors.length === 0) return;
    await this.#open();
    const merged = survivors.flatMap((row) => this.#mergedInto(row, null));
    await this.#emit(merged, (each) => this.#encodeMerged(each));
    for (const { id } of merged) this.sent.forget(id);
  }

  #mergedInto(row: ObjectRow, since: Instant | null): MergedAway[] {
    if (this.merges.isMergedAway(row.id)) return [];
    const merged = this.merges.learn(row);
    return isFrom(updatedAtOf(row), since) ? merged : [];
  }

  #encodeMerged({ id, updatedAt, survivor }: MergedAway): EncodedRecord {
    const tombstone = { archivedAt: updatedAt ?? this.now(), mergedInto: survivor };
    return this.stream.layout.encodeMergedAway(id, updatedAt, tombstone);
  }

  /** The next increment finds records again that were last updated from this time on. */
  #rememberFrom(): EpochMs {
    const { pass, load, cursor } = this.state;
    const begun = pass?.startedAt ?? load?.startedAt ?? cursor;
    return begun ? timeOf(earlier(begun, this.options.lookbackMinutes)) : epochMs(Number.NEGATIVE_INFINITY);
  }

  /** Emits the current state, which covers every record emitted before it. */
  async save(): Promise<void> {
    await this.#put(false, false);
  }

  /** Emits the current state as a write-ahead state: the records that follow rely on it. */
  async saveAhead(): Promise<void> {
    await this.#put(false, true);
  }

  /** Emits the closing state, the only one that contains the memory of emitted records. */
  async close(refreshComplete = false): Promise<void> {
    this.state.sent = this.sent.toJson(this.#rememberFrom());
    await this.#put(refreshComplete, false);
  }

  async #put(refreshComplete: boolean, isAhead: boolean): Promise<void> {
    const { state, stream } = this;
    state.emittedAt = epochMs(Math.max(state.emittedAt, this.client.clock.now()));
    state.merges = this.merges.pack();
    const { ids, seen } = this.archived.pack();
    state.archive.ids = ids;
    if (state.archive.scan) state.archive.scan.seen = seen;
    this.#isOpen = true;
    // A copy, since the sink may keep the state until rows are committed, or emit it again.
    const out = structuredClone(objectStateJson(state, stream.layout.cursorField, refreshComplete));
    await this.sink.state(stream.name, isAhead ? aheadOfRecords(out) : out);
  }
}

/** Whether records that no longer match the stream's filters are reported. */
export function emitsFilterExits({ filterGroups }: ObjectStream, { deletes }: Pick<ReadOptions, 'deletes'>): boolean {
  return filterGroups.length > 0 && deletes !== 'off';
}

/** To be called when everything modified before `cursor` was emitted: the next increment begins there, less the lookback. */
export function advanceCursor({ state, options }: ObjectRun, cursor: Instant): void {
  state.cursor = cursor;
  state.publicCursor = earlier(cursor, options.lookbackMinutes);
}
