import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { type EpochMs, epochMs, timeOf } from '../../time.js';
import { stateValue } from '../core/stream-state.js';

/** The most items whose cursors are remembered as well. With more, a state has a shorter form of the memory. */
const MOST_WITH_CURSOR = 20_000;
/** The most items that are remembered: about 6 MB of a state. */
export const MOST_REMEMBERED = 250_000;
/** Characters of a hash in the shorter form: 48 bits. */
const SHORT = 8;
/** In place of a hash: it is uncertain what was emitted last. No hash is equal to it. */
const UNCERTAIN = '?';

/** Earlier than any cursor. */
const BEFORE_ALL = epochMs(Number.NEGATIVE_INFINITY);

/** A short hash of an item's content. @param json its JSON text */
export function contentHash(json: string): string {
  return createHash('sha256').update(json).digest('base64url').slice(0, 16);
}

/** A time without a zone, which is in UTC. */
const PLAIN = /T[\d:.]+$/;

/** The time of a cursor value: ISO 8601, or epoch milliseconds if source-hubspot's stream has those. */
export function cursorTime(value: JsonValue | undefined): EpochMs {
  if (typeof value === 'number') return epochMs(value);
  if (typeof value !== 'string' || value === '') return BEFORE_ALL;
  const time = /^\d+$/.test(value) ? epochMs(Number(value)) : timeOf(PLAIN.test(value) ? `${value}Z` : value);
  return Number.isNaN(time) ? BEFORE_ALL : time;
}

interface Remembered {
  hash: string;
  cursor: JsonValue;
}

/**
 * Remembers what was emitted of each item of a collection: a hash of its content, so that unchanged items are not emitted again, and
 * its cursor, since a tombstone must not have an earlier one. It also knows which items a read has not found: they are gone.
 */
export class ContentMemory {
  readonly #items = new Map<string, Remembered>();
  readonly #present = new Set<string>();
  /** Whether there were too many items; then none is remembered. */
  #isFull = false;

  /**
   * @param seen by id: the hash, a blank, and the cursor as JSON
   * @param many the shorter form: `<id> <hash> <id> <hash>…`, with URL-encoded ids
   * @returns null: the state remembers nothing
   */
  static parse(seen: JsonValue | undefined, many: JsonValue | undefined): ContentMemory | null {
    const memory = new ContentMemory();
    const full = stateValue.object(seen);
    const short = stateValue.text(many);
    if (full === null && short === null) return null;
    for (const [id, value] of Object.entries(full ?? {})) {
      const [, hash = UNCERTAIN, cursor = 'null'] = /^(\S+) (.+)$/.exec(String(value)) ?? [];
      memory.#items.set(id, { hash, cursor: JSON.parse(cursor) });
    }
    for (const [, id = '', hash = ''] of (short ?? '').matchAll(/(\S+) (\S+)/g)) {
      memory.#items.set(decodeURIComponent(id), { hash, cursor: null });
    }
    return memory;
  }

  get size(): number {
    return this.#items.size;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  has(id: string): boolean {
    return this.#items.has(id);
  }

  /** The last emitted cursor; null: not known. */
  cursorOf(id: string): JsonValue {
    return this.#items.get(id)?.cursor ?? null;
  }

  /** Notes that this read has found the item. */
  markPresent(id: string): void {
    this.#present.add(id);
  }

  /** Whether this read has found the item. */
  isPresent(id: string): boolean {
    return this.#present.has(id);
  }

  isUnchanged(id: string, hash: string): boolean {
    const known = this.#items.get(id)?.hash;
    return known !== undefined && known !== UNCERTAIN && hash.startsWith(known);
  }

  /** To be called before a write-ahead state, for an item that is about to be emitted. */
  markUncertain(id: string, cursor: JsonValue = null): void {
    const before = this.cursorOf(id);
    this.#set(id, { hash: UNCERTAIN, cursor: cursorTime(cursor) > cursorTime(before) ? cursor : before });
  }

  /** Notes that the item was emitted, or need not be. */
  remember(id: string, hash: string, cursor: JsonValue): void {
    this.#set(id, { hash, cursor });
  }

  forget(id: string): void {
    this.#items.delete(id);
  }

  /** The remembered items that this read has not found. */
  gone(): string[] {
    return [...this.#items.keys()].filter((id) => !this.#present.has(id));
  }

  /** Forgets the other items. */
  keep(isKept: (cursor: JsonValue, id: string) => boolean): void {
    for (const [id, { cursor }] of this.#items) if (!isKept(cursor, id)) this.#items.delete(id);
  }

  /** The counterpart of {@link ContentMemory.parse}. Earlier versions of hubflake ignore the shorter form. */
  toJson(): { seen: JsonObject | null; many?: string } {
    if (this.#isFull) return { seen: null };
    const entries = [...this.#items];
    if (entries.length > MOST_WITH_CURSOR) {
      return {
        seen: null,
        many: entries.map(([id, { hash }]) => `${encodeURIComponent(id)} ${hash.slice(0, SHORT)}`).join(' '),
      };
    }
    return {
      seen: Object.fromEntries(entries.map(([id, { hash, cursor }]) => [id, `${hash} ${JSON.stringify(cursor)}`])),
    };
  }

  #set(id: string, item: Remembered): void {
    if (this.#isFull) return;
    this.#items.set(id, item);
    if (this.#items.size <= MOST_REMEMBERED) return;
    this.#isFull = true;
    this.#items.clear();
  }
}
