import type { JsonObject } from '../../../protocol/messages.js';
import { PackedText, packIds, packTimes, unpackIds } from './packed-ids.js';

/** Archived records a stream remembers. 25,000 take about 100 KB of a state. */
export const MOST_ARCHIVED = 25_000;

/** A look through the archived list under way. */
export interface ScanPosition {
  /** HubSpot's time when it began, ISO 8601. */
  startedAt: string;
  /** The list's cursor of the next page; null: the first. */
  after: string | null;
  /** Whether it puts out tombstones. The one before a first load does not: what it sees was never emitted. */
  tells: boolean;
  /** Packed: the ids on the pages behind it. */
  seen: string;
  /** Packed: ids whose tombstone may be out although no state behind it is. */
  pending: string;
  /** Packed: when ids archived since it began were archived. */
  recent: string;
}

/** What a state knows of archived records. */
export interface ArchiveState {
  /** Tombstones are owed for what was archived from this instant on: the beginning of the last scan, or of the first load. */
  since: string | null;
  /** When the last complete scan began. */
  scannedAt: string | null;
  /** Packed: every id that the last scan saw, so that one that is gone from the list can be asked for again. */
  ids: string;
  /** Packed: when ids archived since that scan began were archived. The next one sees them again. */
  recent: string;
  scan: ScanPosition | null;
  /** When HubSpot last refused to list what is archived of the object; it is asked again in each sync. */
  refusedAt?: string;
}

export const NO_ARCHIVE: ArchiveState = { since: null, scannedAt: null, ids: '', recent: '', scan: null };

/** Reads a state's archive, also of before ids were packed and scans had a position. */
export function parseArchive(given: unknown): ArchiveState {
  const archive = { ...NO_ARCHIVE, ...(given as Partial<ArchiveState> | null | undefined) };
  const { ids, recent, since }: { ids: unknown; recent: unknown; since: string | null } = archive;
  return {
    ...archive,
    ids: Array.isArray(ids) ? packIds(ids.map(String)) : String(ids),
    recent: typeof recent === 'string' ? recent : packTimes(timesOf(recent), Date.parse(since ?? '')),
  };
}

/** Whether a stream's state says that HubSpot has refused to list what is archived. */
export function archiveIsRefused(state: JsonObject | null): boolean {
  const own = state?.hubflake as { archive?: Partial<ArchiveState> } | undefined;
  return own?.archive?.refusedAt !== undefined;
}

function timesOf(recent: unknown): Map<string, number> {
  return new Map(Object.entries(recent ?? {}).map(([id, archivedAt]) => [id, Date.parse(String(archivedAt))]));
}

/**
 * The ids known to be archived: those of the last scan, and those the scan under way has seen. An id of the last one that the
 * new one does not see is gone from the list: restored, or erased.
 */
export class ArchiveMemory {
  /** Of the last scan, not seen by this one yet. */
  readonly #before: Set<string>;
  /** By id, when it was archived, epoch ms; 0 where a run before saw it. */
  readonly #seen: Map<string, number>;
  /** Both as a state has them. */
  readonly #packedBefore = new PackedText(() => packIds(this.#before));
  readonly #packedSeen = new PackedText(() => packIds(this.#seen.keys()));

  constructor(state: ArchiveState) {
    this.#before = new Set([...unpackIds(state.ids), ...unpackIds(state.scan?.pending)]);
    this.#seen = new Map(unpackIds(state.scan?.seen).map((id) => [id, 0]));
  }

  /** Whether an id that is not known was not archived at the time of the last scan: none was left out for lack of room. */
  get isComplete(): boolean {
    return this.#before.size + this.#seen.size < MOST_ARCHIVED;
  }

  has(id: string): boolean {
    return this.#before.has(id) || this.#seen.has(id);
  }

  /** Whether the scan under way has seen the id. */
  isSeen(id: string): boolean {
    return this.#seen.has(id);
  }

  see(id: string, archivedAt: string | null | undefined): void {
    this.#forgetBefore(id);
    this.#seen.set(id, Date.parse(archivedAt ?? '') || 0);
    this.#packedSeen.changed();
    if (this.#seen.size >= 2 * MOST_ARCHIVED) this.#keepLatest();
  }

  /** The record is live again, or erased. */
  forget(id: string): void {
    this.#forgetBefore(id);
    this.#forgetSeen(id);
  }

  /** The ids of the last scan that this one, now at its end, did not see. */
  gone(): string[] {
    return [...this.#before];
  }

  /** The scan is complete: what it saw is what the next one compares with. @returns whether all of it is remembered */
  turn(): boolean {
    const isAll = this.#seen.size <= MOST_ARCHIVED;
    this.#keepLatest();
    for (const id of this.#seen.keys()) this.#before.add(id);
    this.#seen.clear();
    this.#packedBefore.changed();
    this.#packedSeen.changed();
    return isAll;
  }

  /** Both lists, packed for a state. */
  pack(): { ids: string; seen: string } {
    return { ids: this.#packedBefore.text, seen: this.#packedSeen.text };
  }

  #forgetBefore(id: string): void {
    if (this.#before.delete(id)) this.#packedBefore.changed();
  }

  #forgetSeen(id: string): void {
    if (this.#seen.delete(id)) this.#packedSeen.changed();
  }

  #keepLatest(): void {
    if (this.#seen.size <= MOST_ARCHIVED) return;
    const oldestFirst = [...this.#seen].sort(([, a], [, b]) => a - b);
    for (const [id] of oldestFirst.slice(0, oldestFirst.length - MOST_ARCHIVED)) this.#forgetSeen(id);
  }
}
