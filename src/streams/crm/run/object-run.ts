import { observed, type Phase } from '../../../activity.js';
import type { DeletesMode } from '../../../config/source.js';
import { type HubflakeError, StoppedError } from '../../../errors.js';
import type { Histories, ObjectRow } from '../../../hubspot/api/object-row.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { log } from '../../../log.js';
import { type EpochMs, earlier, epochMs, type Instant, instantOf, isFrom, timeOf } from '../../../time.js';
import type { ChainLimits } from '../../core/chain-limits.js';
import type { Pace } from '../../core/pace.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import type { IdSpan } from '../sweep/content-runs.js';
import { Sweeping, type SweepOptions } from '../sweep/sweeping.js';
import { ArchiveMemory } from './archive-memory.js';
import type { Associated } from './associated.js';
import { contentHasher, contentSalt } from './content-hash.js';
import { historiesOf } from './histories.js';
import { type MergedAway, MergeMap } from './merges.js';
import type { Erased, Occasion, OutputPort } from './object-output.js';
import { type ObjectState, objectStateJson } from './object-state.js';
import { OutputPorts } from './output-ports.js';
import { SentMemory } from './sent-memory.js';

export interface ReadOptions extends SweepOptions {
  deletes: DeletesMode;
  deletesEveryMinutes: number;
  lookbackMinutes: number;
  chains: ChainLimits;
  pace: Pace;
  /** null: not known. */
  portalId: number | null;
}

/** The first character of the hash of a record that has left the filters; no other hash begins with it. */
const FILTER_EXIT = '~';
/** A state that remembers so many characters from sweeps does not follow every page. */
const LARGE_MEMORY = 256 * 1024;
/** How many pages a kill may waste then. */
const PAGES_A_STATE = 10;

/** One reading of CRM records: what all its phases share. */
export class ObjectRun {
  readonly merges: MergeMap;
  /** Ids whose tombstone was emitted, or that were archived before the first load. */
  readonly archived: ArchiveMemory;
  readonly sent: SentMemory;
  /** The minimum number of calls for what was read so far. */
  leastCalls = 0;
  /** By field, what HubSpot said to associations that it refuses: their output fails, and the others do without. */
  readonly refusedLinks = new Map<string, HubflakeError>();
  /** HubSpot refused to list archived records; this run does not try again. */
  archiveIsRefused = false;
  readonly sweeping: Sweeping;
  readonly #isTurnOver: () => boolean;
  readonly #hash: ReturnType<typeof contentHasher>;
  /** Ids of which this run has told that they are gone. */
  readonly #gone = new Set<string>();
  #unsavedPages = 0;
  readonly #ports: OutputPorts;
  /** Whether this run has emitted a state. */
  #isOpen = false;

  constructor(
    readonly client: HubSpotClient,
    readonly stream: ObjectStream,
    readonly options: ReadOptions,
    readonly state: ObjectState,
    ports: readonly OutputPort[],
  ) {
    this.#isTurnOver = options.pace.turn();
    this.merges = new MergeMap(state.merges);
    this.archived = new ArchiveMemory(state.archive);
    this.sent = new SentMemory(contentSalt(stream), state.sent);
    state.sent = null;
    this.#hash = contentHasher(stream);
    this.sweeping = new Sweeping(stream, options, ports, state.swept);
    // Records have the emission time of the last state: a run that resumes from it never uses an earlier one, whatever its clock says, so that its
    // versions count as newer.
    this.#ports = new OutputPorts(
      ports,
      () => this.#open(),
      () => this.state.emittedAt,
    );
  }

  get emitsFilterExits(): boolean {
    return emitsFilterExits(this.stream, this.options);
  }

  /** Whether some output has the reading's selection, so that states tell what it was. */
  get ownsSelection(): boolean {
    return this.#ports.some(({ ownsSelection }) => ownsSelection);
  }

  get #emitsMerges(): boolean {
    return this.options.deletes !== 'off' || this.#ports.some(({ tellsMerges }) => tellsMerges === true);
  }

  /** Counts the calls for `rows` at `perCall` rows each; an empty result takes one, too. */
  tally(rows: number, perCall: number): void {
    this.leastCalls += Math.max(1, Math.ceil(rows / perCall));
  }

  /** HubSpot's time. */
  now(): Instant {
    return instantOf(this.client.clock.now());
  }

  /** Lets observers know of a phase. */
  phase<T>(phase: Phase, body: () => Promise<T>): Promise<T> {
    return observed('phase', { stream: this.stream.name, phase }, body);
  }

  /** Tells how many rows are expected. */
  estimate(rows: number): void {
    for (const port of this.#ports) if (port.output.ownsSelection) port.estimate(rows);
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
    occasion: Occasion,
  ): Promise<void> {
    const rememberFrom = this.#rememberFrom();
    const live = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => {
        const links = associated.get(row.id) ?? [];
        const at = timeOf(updatedAtOf(row) ?? '');
        const hash = at >= rememberFrom || this.sent.has(row.id) ? this.#hash(row, links) : null;
        const hasNewMerges = this.merges.hasNewMerges(row);
        return { row, links, at, hash, hasNewMerges, isRestored: this.archived.isRestored(row.id) };
      })
      .filter(({ row, hash }) => repeats || hash === null || !this.sent.isUnchanged(row.id, hash));
    const emitsMerges = this.#emitsMerges;
    // Before merges are learned: a state that knows a merge whose tombstone was not emitted would suppress it.
    if (live.length > 0 || (emitsMerges && rows.some((row) => this.merges.hasNewMerges(row)))) await this.#open();
    // A backfill emits some values only, and a sweep no past ones.
    const isWhole = occasion.is !== 'values' && occasion.is !== 'sweep';
    const histories = isWhole ? await this.#histories(live, false) : null;
    const merged = emitsMerges ? rows.map((row) => this.#learn(row, mergesSince)) : [];
    const records = live.map((each) => ({ ...each, histories: histories?.get(each.row.id) ?? null }));
    await this.#ports.each(async ({ output, emit }) => {
      const refused = this.refusedLinks.get(output.linksOf ?? '');
      if (refused) throw refused;
      await output.live(records, occasion, emit, rememberFrom);
    });
    await this.#emitMerged(merged);
    if (isWhole) for (const { id } of rows) this.archived.settle(id);
    for (const { row, at, hash } of live) {
      if (occasion.is !== 'load' && occasion.is !== 'sweep') this.sweeping.memory?.note(row.id);
      if (hash !== null && at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
    for (const { owed } of merged) for (const { id } of owed) this.#toldGone(id);
  }

  /** Whether this run has told that a record is gone. */
  hasToldGone(id: string): boolean {
    return this.#gone.has(id);
  }

  #toldGone(id: string): void {
    this.sent.forget(id);
    this.#gone.add(id);
  }

  /** Tells the outputs which live records a sweep has come past. @param span null: they are not in the order of ids */
  async emitSwept(ids: readonly string[], span: IdSpan | null): Promise<void> {
    await this.#ports.eachWithinDay(({ output, emit }) => output.swept?.(ids, span, emit));
  }

  /** Has the outputs emit what they hold back of a sweep. */
  async flushSwept(): Promise<void> {
    await this.#ports.eachWithinDay(({ output, emit }) => output.flush?.(emit));
  }

  /** Emits tombstones of archived records, and of records that were merged into them. */
  async emitTombstones(rows: readonly ObjectRow[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#open();
    const archived = rows.filter((row) => !this.merges.isMergedAway(row.id)).map((row) => ({ row }));
    const histories = await this.#histories(archived, true);
    const merged = rows.flatMap((row) => this.merges.learn(row));
    const records = archived.map(({ row }) => ({ row, histories: histories?.get(row.id) ?? null }));
    // Until a scan ends, `archive.since` is the instant of the one before. What was modified since then, or within the
    // lookback before it, may have been archived before a search showed it.
    const { since: before } = this.state.archive;
    const since = before === null ? null : earlier(before, this.options.lookbackMinutes);
    await this.#ports.each(({ output, emit }) => output.archived?.(records, since, emit, this.#rememberFrom()));
    await this.#emitMerged([{ all: merged, owed: merged }]);
    for (const { id } of [...rows, ...merged]) this.#toldGone(id);
  }

  /** Reports records that have left the stream's filters, unless that was the last thing emitted of them. */
  async emitFilterExits(rows: readonly ObjectRow[]): Promise<void> {
    const rememberFrom = this.#rememberFrom();
    const left = rows
      .filter((row) => !this.merges.isMergedAway(row.id))
      .map((row) => ({ row, at: timeOf(updatedAtOf(row) ?? ''), hash: FILTER_EXIT + this.#hash(row, []).slice(1) }))
      .filter(({ row, hash }) => !this.sent.isUnchanged(row.id, hash));
    if (left.length === 0) return;
    await this.#open();
    const gone = left.map(({ row }) => row);
    await this.#ports.each(({ output, emit }) => output.left?.(gone, emit));
    for (const { row, at, hash } of left) {
      this.#gone.add(row.id);
      if (at >= rememberFrom) this.sent.add(row.id, at, hash);
      else this.sent.forget(row.id);
    }
  }

  /** Emits tombstones of records that were merged into the given ones, but not the given ones: they may not match the filters. */
  async emitMergesOutsideFilter(rows: readonly ObjectRow[]): Promise<void> {
    const survivors = rows.filter((row) => this.merges.hasNewMerges(row));
    if (survivors.length === 0) return;
    await this.#open();
    const merged = survivors.map((row) => this.#learn(row, null));
    await this.#emitMerged(merged);
    for (const { owed } of merged) for (const { id } of owed) this.#toldGone(id);
  }

  /** Emits tombstones of records of which live rows were found although the records are gone: merged away, or erased. */
  async emitGone(merged: readonly MergedAway[], erased: readonly Erased[]): Promise<void> {
    if (merged.length + erased.length === 0) return;
    await this.#open();
    await this.#emitMerged([{ all: merged, owed: merged }]);
    if (erased.length > 0) await this.#ports.each(({ output, emit }) => output.erased?.(erased, emit));
    for (const { id } of [...merged, ...erased]) this.#toldGone(id);
  }

  /** By record, the values that properties have had; null: no output asks for them. */
  async #histories(records: readonly { row: ObjectRow }[], archived: boolean): Promise<Map<string, Histories> | null> {
    if (this.stream.histories.length === 0 || records.length === 0) return null;
    const rows = records.map(({ row }) => row);
    const { found, calls } = await historiesOf(this.client, this.stream, rows, archived);
    this.leastCalls += calls;
    return found;
  }

  /** Learns the merges that a record lists. */
  #learn(row: ObjectRow, since: Instant | null): NewMerges {
    const isMergedAway = this.merges.isMergedAway(row.id);
    const all = isMergedAway ? [] : this.merges.learn(row);
    const isOwed = this.options.deletes !== 'off' && isFrom(updatedAtOf(row), since);
    return { all, owed: isOwed ? all : [] };
  }

  async #emitMerged(merged: readonly NewMerges[]): Promise<void> {
    const all = merged.flatMap((each) => each.all);
    const owed = merged.flatMap((each) => each.owed);
    if (all.length === 0) return;
    await this.#ports.each(({ output, emit }) => output.merged?.(all, owed, emit));
  }

  /** The next increment over the whole lookback finds records again that were last updated from this time on. */
  #rememberFrom(): EpochMs {
    const { pass, load, cursor } = this.state;
    const whole = pass?.isRecent ? null : pass;
    const begun = whole?.startedAt ?? load?.startedAt ?? cursor;
    return begun ? timeOf(earlier(begun, this.options.lookbackMinutes)) : epochMs(Number.NEGATIVE_INFINITY);
  }

  /** Has the outputs emit what they hold back, so that the next state covers all that was read. */
  async flush(): Promise<void> {
    await this.#ports.each(({ output, emit }) => output.flush?.(emit));
  }

  /** Emits the current state, which covers every record emitted before it. Throws a StoppedError where the reading's turn is over. */
  async save(): Promise<void> {
    const isOver = !this.state.refresh && this.#isTurnOver();
    // Unlike a run that is killed, one that pauses emits nothing behind its last state.
    if (isOver) this.state.sent = this.sent.toJson(this.#rememberFrom());
    await this.#put(false);
    if (!isOver) return;
    const { name } = this.stream;
    log.info(`${name} pauses, so that other streams have their turn, and goes on with the next round.`);
    throw new StoppedError(`The turn of ${name} is over.`);
  }

  /** The same after a page; where the state is large, only after every tenth. */
  async savePage(): Promise<void> {
    this.#unsavedPages += 1;
    if (this.#unsavedPages < PAGES_A_STATE && (this.sweeping.memory?.size ?? 0) > LARGE_MEMORY) return;
    await this.save();
  }

  /** Emits the current state as a write-ahead state: the records that follow rely on it. */
  async saveAhead(): Promise<void> {
    await this.#put(true);
  }

  /** Emits the closing state, the only one that contains the memory of emitted records. */
  async close(refreshComplete = false): Promise<void> {
    const from = this.#rememberFrom();
    this.state.sent = this.sent.toJson(from);
    await this.#put(false, { refreshComplete, from });
    for (const port of this.#ports) port.output.end?.(port);
  }

  async #put(isAhead: boolean, closing?: { refreshComplete: boolean; from: EpochMs }): Promise<void> {
    const { state } = this;
    state.emittedAt = epochMs(Math.max(state.emittedAt, this.client.clock.now()));
    state.step += 1;
    state.merges = this.merges.pack();
    state.swept = this.sweeping.memory?.toJson() ?? null;
    this.#unsavedPages = 0;
    const { ids, seen, restored, unfound } = this.archived.pack();
    state.archive.ids = ids;
    delete state.archive.restored;
    delete state.archive.unfound;
    if (restored !== '') state.archive.restored = restored;
    if (unfound !== '') state.archive.unfound = unfound;
    if (state.archive.scan) state.archive.scan.seen = seen;
    this.#isOpen = true;
    for (const port of this.#ports) {
      const { output } = port;
      // Its last state stays the one to resume from, which may read some pages again.
      if (output.isBehind) continue;
      const own = output.ownsSelection ? state : { ...state, fingerprint: null };
      // A copy, since the sink may keep the state until rows are committed, or emit it again.
      const memory = output.memory?.(closing?.from ?? null);
      const out = objectStateJson(
        own,
        output.publicState(state.publicCursor),
        closing?.refreshComplete === true,
        memory,
      );
      await port.attempt(() => port.state(structuredClone(out), isAhead));
    }
  }
}

/** The merges that a record told of. */
interface NewMerges {
  all: readonly MergedAway[];
  /** Those whose records may have been emitted. */
  owed: readonly MergedAway[];
}

/** Whether records that no longer match the stream's filters are reported. */
export function emitsFilterExits({ filterGroups }: ObjectStream, { deletes }: Pick<ReadOptions, 'deletes'>): boolean {
  return filterGroups.length > 0 && deletes !== 'off';
}

/** To be called when everything modified before `cursor` was emitted: the next increment begins there, less the lookback. */
export function advanceCursor({ state, options }: ObjectRun, cursor: Instant): void {
  state.cursor = cursor;
  state.recent = null;
  state.publicCursor = earlier(cursor, options.lookbackMinutes);
}
