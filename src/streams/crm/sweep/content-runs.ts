import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../protocol/messages.js';
import type { KnownRecord } from '../../core/known-records.js';
import { stateValue } from '../../core/stream-state.js';
import { compareIds, isPackable, PackedText, packIds, unpackIds } from '../run/packed-ids.js';
import { RunReader, RunWriter, withoutHashes } from './packed-runs.js';

/** The version of the memory in a state. Other versions are ignored: then every record counts as changed. */
const VERSION = 1;
/** How many records a run has, unless some were erased or came in between. */
const RUN = 10;
/** A run of so many records is divided. */
const LONG_RUN = 2 * RUN;
/** 36 bits: of 70 billion runs that differ one goes unnoticed. */
const HASH_LENGTH = 6;
/** The most ids in a state: about 3 MB with their hashes. */
const MOST_IDS = 1_000_000;
/** The most ids that were emitted between two sweeps: about 1 MB. */
const MOST_SINCE = 250_000;

/** Ids greater than one, up to and including another. */
export interface IdSpan {
  after: string;
  /** null: to the end. */
  upTo: string | null;
}

/** A record with a hash of what is compared of it. */
export interface HashedRecord {
  id: string;
  hash: string;
}

/**
 * What was emitted of the records of a stream, where no warehouse can tell: a hash for each run of ten records that
 * follow each other by id. A sweep compares run by run; the hash of the sweep before counts until a run was compared
 * and what differs in it was emitted.
 *
 * Records that are emitted in between are remembered by their ids: their runs count as changed.
 */
export class ContentRuns {
  readonly #salt: string;
  readonly #keepsIds: boolean;
  /** The runs that the comparison has not come to, and those behind it. */
  #ahead: RunReader;
  #behind = new RunWriter();
  /** Up to which id records were given to the comparison; null: there is none under way. */
  #reached: string | null = null;
  /** Those of them whose run is not complete. */
  #carried: HashedRecord[] = [];
  #isBegun: boolean;
  /** Whether {@link forgetHashes} was called since the comparison began. */
  #hasForgotten = false;
  /** Ids of records that were emitted outside of sweeps. */
  readonly #since: Set<string>;
  readonly #packedSince = new PackedText(() => packIds(this.#since));
  /**
   * Those of `#since` after the id where the comparison began, ascending; how many it has passed; how many of these are
   * settled.
   */
  #dirty: string[] = [];
  #passed = 0;
  #settled = 0;
  /** The runs as of the last {@link settle}; null: there was no change since. */
  #before: string | null = null;
  /** For how many records there was no room. */
  forgotten = 0;

  /**
   * @param salt identifies what is compared: with another one, everything counts as changed
   * @param keepsIds whether the ids of all records are kept, and not only those at the ends of runs
   */
  constructor(salt: string, keepsIds: boolean, memory: JsonObject | null) {
    this.#salt = salt;
    this.#keepsIds = keepsIds;
    const isKnown = memory?.version === VERSION;
    const runs = isKnown ? (stateValue.text(memory.runs) ?? '') : '';
    this.#ahead = new RunReader(memory?.salt === salt ? runs : withoutHashes(runs));
    this.#since = new Set(isKnown ? unpackIds(stateValue.text(memory.since) ?? undefined) : []);
    this.#isBegun = isKnown;
  }

  /** Whether there is anything to compare with. */
  get hasHashes(): boolean {
    return /\.[\w-]/.test(this.#text());
  }

  /** The size of the state's part. */
  get size(): number {
    return this.#text().length + this.#packedSince.text.length;
  }

  /** The first of the records that were given and not compared, as their run is not complete. */
  get firstCarried(): HashedRecord | null {
    return this.#carried[0] ?? null;
  }

  /** Notes that a record was emitted outside of a sweep. */
  note(id: string): void {
    if (!this.#isBegun || !isPackable(id) || this.#since.has(id)) return;
    if (this.#since.size >= MOST_SINCE) {
      this.forgotten += 1;
      if (this.forgotten === 1 && this.#reached === null) this.forgetHashes();
      return;
    }
    this.#since.add(id);
    this.#packedSince.invalidate();
  }

  /** To be called when all records are emitted anew. */
  forgetHashes(): void {
    if (this.#hasForgotten) return;
    this.#hasForgotten = true;
    this.#restart(withoutHashes(this.#text()));
  }

  /** The ids that are remembered now and greater than one, ascending. */
  known(after: string): Iterable<KnownRecord> {
    const since = [...this.#since].filter((id) => compareIds(id, after) > 0).sort(compareIds);
    return knownBy(this.#text(), after, since);
  }

  /**
   * Compares all records that there are in a span, which begins where the one before ended, or anywhere.
   *
   * @param records by ascending id
   * @param isCut whether the last run is compared although it may go on behind the span; otherwise its records are compared with the next ones
   * @returns the records of runs that differ; once they are emitted, {@link settle} is to be called
   */
  take<T extends HashedRecord>(records: readonly T[], span: IdSpan, isCut = false): T[] {
    const before = this.#before ?? this.#text();
    if (span.after !== this.#reached) this.#begin(span.after);
    this.#before = before;
    // What is carried came from here.
    const waiting = [...(this.#carried as T[]), ...records];
    const changed: T[] = [];
    const end = span.upTo === null ? null : BigInt(span.upTo);
    for (let run = this.#ahead.peek(); run !== null; run = this.#ahead.peek()) {
      const last = run.ids.at(-1) ?? 0n;
      if (end !== null && last > end) break;
      this.#ahead.next();
      const behind = waiting.findIndex(({ id }) => BigInt(id) > last);
      const group = waiting.splice(0, behind === -1 ? waiting.length : behind);
      const isDirty = this.#passDirty(String(last));
      const isSame = !isDirty && run.hash !== null && group.length > 0 && hashOf(group) === run.hash;
      if (!isSame) changed.push(...group);
      this.#keep(group);
    }
    changed.push(...this.#takeRest(waiting, end, isCut));
    this.#carried = waiting;
    this.#reached = span.upTo;
    if (end === null) this.#passDirty(null);
    return changed;
  }

  /**
   * Makes new runs of records after the last run that was compared.
   *
   * @param waiting keeps those that are to be carried
   */
  #takeRest<T extends HashedRecord>(waiting: T[], end: bigint | null, isCut: boolean): T[] {
    const isNew = this.#ahead.peek() === null;
    const takesAll = isCut || end === null;
    // Records that came into the midst of a run make it too long to be the same.
    const count = takesAll
      ? waiting.length
      : isNew || waiting.length > LONG_RUN
        ? Math.floor(waiting.length / RUN) * RUN
        : 0;
    const taken = waiting.splice(0, count);
    for (let start = 0; start < taken.length; start += RUN) this.#keep(taken.slice(start, start + RUN));
    const last = taken.at(-1);
    const run = this.#ahead.peek();
    if (last && run) this.#ahead.replace({ ids: run.ids.filter((id) => id > BigInt(last.id)), hash: null });
    return taken;
  }

  /** Whether a record up to an id was emitted since the sweep before; passes those. @param upTo null: to the end */
  #passDirty(upTo: string | null): boolean {
    const before = this.#passed;
    for (let id = this.#dirty[before]; id !== undefined; id = this.#dirty[this.#passed]) {
      if (upTo !== null && compareIds(id, upTo) > 0) break;
      this.#passed += 1;
    }
    return this.#passed > before;
  }

  /** What was found to differ is emitted: from now on the state has what was compared. */
  settle(): void {
    for (const id of this.#dirty.slice(this.#settled, this.#passed)) this.#since.delete(id);
    if (this.#passed > this.#settled) this.#packedSince.invalidate();
    this.#settled = this.#passed;
    this.#before = null;
  }

  #keep(group: readonly HashedRecord[]): void {
    const size = group.length >= LONG_RUN ? RUN : group.length;
    for (let start = 0; start < group.length; start += size) {
      const some = group.slice(start, start + size);
      const ids = some.map(({ id }) => BigInt(id));
      if (this.#behind.ids + (this.#keepsIds ? ids.length : 1) > MOST_IDS) this.forgotten += some.length;
      else this.#behind.add({ ids: this.#keepsIds ? ids : ids.slice(-1), hash: hashOf(some) });
    }
  }

  /** Begins to compare behind an id: what is before it stays as it is. */
  #begin(after: string): void {
    this.#restart(this.#text());
    this.#isBegun = true;
    this.#hasForgotten = false;
    this.#reached = after;
    const from = BigInt(after);
    for (let run = this.#ahead.peek(); run !== null; run = this.#ahead.peek()) {
      const first = this.#keepsIds ? (run.ids[0] ?? 0n) : this.#behind.last + 1n;
      if (first > from) break;
      if ((run.ids.at(-1) ?? 0n) > from) {
        // It begins before the span, and ends in it.
        const before = this.#keepsIds ? run.ids.filter((id) => id <= from) : [from];
        this.#behind.add({ ids: before, hash: null });
        this.#ahead.replace({ ids: run.ids.filter((id) => id > from), hash: null });
        break;
      }
      this.#behind.add(run);
      this.#ahead.next();
    }
    this.#dirty = [...this.#since].filter((id) => BigInt(id) > from).sort(compareIds);
    this.#passed = 0;
    this.#settled = 0;
    if (from === 0n) this.forgotten = 0;
  }

  #restart(text: string): void {
    this.#before = null;
    this.#ahead = new RunReader(text);
    this.#behind = new RunWriter();
    this.#reached = null;
    this.#carried = [];
  }

  /** All runs: those behind the comparison, and those ahead of it. */
  #text(): string {
    const rest = this.#ahead.rest(this.#behind.last);
    return [this.#behind.text, rest].filter((part) => part !== '').join(' ');
  }

  /** null: there was no sweep. */
  toJson(): JsonObject | null {
    if (!this.#isBegun) return null;
    return { version: VERSION, salt: this.#salt, runs: this.#before ?? this.#text(), since: this.#packedSince.text };
  }
}

/** @param since further ids, ascending */
function* knownBy(text: string, after: string, since: readonly string[]): Generator<KnownRecord> {
  let next = 0;
  for (const id of idsAfter(text, after)) {
    for (; next < since.length && compareIds(since[next] ?? '', id) < 0; next += 1) yield known(since[next]);
    if (since[next] === id) next += 1;
    yield known(id);
  }
  for (; next < since.length; next += 1) yield known(since[next]);
}

function* idsAfter(text: string, after: string): Generator<string> {
  const reader = new RunReader(text);
  for (let run = reader.next(); run !== null; run = reader.next()) {
    for (const id of run.ids) if (id > BigInt(after)) yield String(id);
  }
}

function known(id = ''): KnownRecord {
  return { id, version: null };
}

function hashOf(records: readonly HashedRecord[]): string {
  const text = records.map(({ id, hash }) => `${id} ${hash}`).join('\n');
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}
