import { memberOf } from '../../../json.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, epochMs, type Instant, timeOf } from '../../../time.js';
import { stateValue } from '../../core/stream-state.js';
import { PackedText, packIds, packTimes, unpackIds } from './packed-ids.js';

/** The number of archived records a stream remembers: about 100 KB of a state. */
export const MOST_ARCHIVED = 25_000;

/** A scan of the archived list in progress. */
export type ScanPosition = {
  /** HubSpot's time when it began. */
  startedAt: Instant;
  /** The list's cursor of the next page; null: the first. */
  after: string | null;
  /** Whether it emits tombstones. The scan before a first load does not: its records were never emitted. */
  tells: boolean;
  /** Packed: the ids on the pages read so far. */
  seen: string;
  /** Packed: ids whose tombstone may have been emitted although no later state was. */
  pending: string;
  /** Packed: by id, the archive times of records archived since the scan began. */
  recent: string;
};

/** What a state knows about archived records. */
export type ArchiveState = {
  /** Records archived from this instant on are owed a tombstone: the beginning of the last scan, or of the first load. */
  since: Instant | null;
  /** When the last complete scan began. */
  scannedAt: Instant | null;
  /** Packed: every id the last scan saw. One that disappears from the list is looked up. */
  ids: string;
  /** Packed: by id, the archive times of records archived since that scan began. The next scan sees them again. */
  recent: string;
  scan: ScanPosition | null;
  /** Packed: ids that a search found live again, while not everything of them was emitted. Missing: none. */
  restored?: string;
  /** Packed: ids that were neither listed nor live when the last scan looked. Missing: none. */
  unfound?: string;
  /** When HubSpot last refused to list the object's archived records. The next scan that is due tries again. */
  refusedAt?: Instant;
};

export const NO_ARCHIVE: ArchiveState = { since: null, scannedAt: null, ids: '', recent: '', scan: null };

/** Reads a state's archive, also from before ids were packed and scans had a position. */
export function parseArchive(value: JsonValue | undefined): ArchiveState {
  const given = stateValue.object(value) ?? {};
  const { ids = '', recent } = given;
  const since = stateValue.instant(given.since);
  const refusedAt = stateValue.instant(given.refusedAt);
  const restored = stateValue.text(given.restored);
  const unfound = stateValue.text(given.unfound);
  return {
    since,
    scannedAt: stateValue.instant(given.scannedAt),
    ids: Array.isArray(ids) ? packIds(ids.map(String)) : String(ids),
    recent: typeof recent === 'string' ? recent : packTimes(timesOf(recent), timeOf(since ?? '')),
    scan: parseScan(given.scan),
    ...(restored === null ? {} : { restored }),
    ...(unfound === null ? {} : { unfound }),
    ...(refusedAt === null ? {} : { refusedAt }),
  };
}

function parseScan(value: JsonValue | undefined): ScanPosition | null {
  const scan = stateValue.object(value);
  const startedAt = stateValue.instant(scan?.startedAt);
  if (scan === null || startedAt === null) return null;
  return {
    startedAt,
    after: stateValue.text(scan.after),
    tells: scan.tells === true,
    seen: stateValue.text(scan.seen) ?? '',
    pending: stateValue.text(scan.pending) ?? '',
    recent: stateValue.text(scan.recent) ?? '',
  };
}

/** Whether HubSpot refused to list archived records, according to a stream's state. */
export function archiveIsRefused(state: JsonObject | null): boolean {
  return memberOf(memberOf(state?.hubflake, 'archive'), 'refusedAt') !== undefined;
}

function timesOf(recent: JsonValue | undefined): Map<string, EpochMs> {
  const entries = Object.entries(stateValue.object(recent) ?? {});
  return new Map(entries.map(([id, archivedAt]) => [id, timeOf(String(archivedAt))]));
}

/**
 * The ids known to be archived: those of the last scan, and those the current scan has seen. An id of the last scan that the
 * current one does not see is no longer listed: restored, or erased.
 */
export class ArchiveMemory {
  /** Ids of the last scan that the current one has not seen yet. */
  readonly #before: Set<string>;
  /** By id, when it was archived; 0 if an earlier run saw it. */
  readonly #seen: Map<string, EpochMs>;
  /** Ids of records that are live again, of which not everything was emitted. */
  readonly #restored: Set<string>;
  /** Ids that were neither listed nor live at the last scan: erased, or archived again between its two looks at them. */
  readonly #unfound: Set<string>;
  readonly #packedBefore = new PackedText(() => packIds(this.#before));
  readonly #packedSeen = new PackedText(() => packIds(this.#seen.keys()));

  constructor(state: ArchiveState) {
    this.#before = new Set([...unpackIds(state.ids), ...unpackIds(state.scan?.pending)]);
    this.#seen = new Map(unpackIds(state.scan?.seen).map((id) => [id, epochMs(0)]));
    this.#restored = new Set(unpackIds(state.restored));
    this.#unfound = new Set(unpackIds(state.unfound));
  }

  /** Whether every archived id is known, so that an unknown one was not archived at the last scan. */
  get isComplete(): boolean {
    return this.#before.size + this.#seen.size < MOST_ARCHIVED;
  }

  has(id: string): boolean {
    return this.#before.has(id) || this.#seen.has(id);
  }

  /** Whether the current scan has seen the id. */
  isSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  see(id: string, archivedAt: string | null | undefined): void {
    this.settle(id);
    this.#forgetBefore(id);
    this.#seen.set(id, epochMs(timeOf(archivedAt ?? '') || 0));
    this.#packedSeen.invalidate();
    if (this.#seen.size >= 2 * MOST_ARCHIVED) this.#keepLatest();
  }

  /** The record is live again, or erased, and everything of it was emitted. */
  forget(id: string): void {
    this.settle(id);
    this.#forgetBefore(id);
    this.#forgetSeen(id);
  }

  /** The record is live again. Until everything of it was emitted, {@link isRestored} says so; where it is archived again, it is told of. */
  restore(id: string): void {
    if (!this.has(id)) return;
    this.forget(id);
    this.#restored.add(id);
  }

  isRestored(id: string): boolean {
    return this.#restored.has(id);
  }

  /** Everything of a record that is live was emitted. */
  settle(id: string): void {
    this.#restored.delete(id);
    this.#unfound.delete(id);
  }

  /**
   * The record is neither listed nor live. It was erased, or archived again after the list was read: then the next scan sees it, or, if
   * it is restored before that, nothing else shows it. So the next scan asks for it once more.
   */
  miss(id: string): void {
    const isSecond = this.#unfound.has(id);
    this.forget(id);
    if (!isSecond) this.#unfound.add(id);
  }

  /** The ids to look up once the current scan is finished: those of the last one that it has not seen, of records found live again, and {@link miss | missed}. */
  gone(): string[] {
    return [...this.#before, ...this.#restored, ...this.#unfound];
  }

  /** Ends the current scan: the next one is compared with it. @returns whether every id is remembered */
  completeScan(): boolean {
    const isAll = this.#seen.size <= MOST_ARCHIVED;
    this.#keepLatest();
    for (const id of this.#seen.keys()) this.#before.add(id);
    this.#seen.clear();
    this.#packedBefore.invalidate();
    this.#packedSeen.invalidate();
    return isAll;
  }

  /** The ids of both scans, of records that are live again, and of those that were missed, packed for a state. */
  pack(): { ids: string; seen: string; restored: string; unfound: string } {
    return {
      ids: this.#packedBefore.text,
      seen: this.#packedSeen.text,
      restored: packIds(this.#restored),
      unfound: packIds(this.#unfound),
    };
  }

  #forgetBefore(id: string): void {
    if (this.#before.delete(id)) this.#packedBefore.invalidate();
  }

  #forgetSeen(id: string): void {
    if (this.#seen.delete(id)) this.#packedSeen.invalidate();
  }

  #keepLatest(): void {
    if (this.#seen.size <= MOST_ARCHIVED) return;
    const oldestFirst = [...this.#seen].sort(([, a], [, b]) => a - b);
    for (const [id] of oldestFirst.slice(0, oldestFirst.length - MOST_ARCHIVED)) this.#forgetSeen(id);
  }
}
