import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../protocol/messages.js';
import { stateValue } from '../core/stream-state.js';

/** Items whose cursors are remembered as well as their hashes. Past it, a state has a shorter form of the memory. */
const MOST_WITH_CURSOR = 20_000;
/** Items that are remembered at all: about 6 MB of a state. */
export const MOST_REMEMBERED = 250_000;
/** Characters of a hash in the shorter form: 48 bits. */
const SHORT = 8;
/** In the place of a hash: what was emitted last is not known. No hash is equal to it. */
const UNSURE = '?';

/** A short hash of an item's content. @param json its JSON text */
export function contentHash(json: string): string {
  return createHash('sha256').update(json).digest('base64url').slice(0, 16);
}

/** A cursor value (ISO 8601, or epoch milliseconds where source-hubspot's stream has those) as epoch milliseconds. */
export function cursorTime(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return Number.NEGATIVE_INFINITY;
  const time = /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

interface Remembered {
  hash: string;
  cursor: JsonValue;
}

/**
 * What was emitted of each item of a collection: a hash of its content, by which an unchanged item is not emitted again, and its
 * cursor, which a tombstone has to reach. It also tells which items a read has not met: those are gone.
 */
export class ContentMemory {
  readonly #items = new Map<string, Remembered>();
  readonly #met = new Set<string>();
  /** Whether there were too many items to remember; then nothing is. */
  #isFull = false;

  /**
   * @param seen by id, a hash and behind a blank its cursor as JSON
   * @param many the shorter form: `<id> <hash>` by `<id> <hash>`, ids encoded as in a URL
   * @returns null where the state remembers nothing
   */
  static parse(seen: JsonValue | undefined, many: JsonValue | undefined): ContentMemory | null {
    const memory = new ContentMemory();
    const full = stateValue.object(seen);
    const short = stateValue.text(many);
    if (full === null && short === null) return null;
    for (const [id, value] of Object.entries(full ?? {})) {
      const [, hash = UNSURE, cursor = 'null'] = /^(\S+) (.+)$/.exec(String(value)) ?? [];
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

  /** The cursor that was emitted last; null where it is not known. */
  cursorOf(id: string): JsonValue {
    return this.#items.get(id)?.cursor ?? null;
  }

  /** Notes that the item is there today. */
  meet(id: string): void {
    this.#met.add(id);
  }

  isUnchanged(id: string, hash: string): boolean {
    const known = this.#items.get(id)?.hash;
    return known !== undefined && known !== UNSURE && hash.startsWith(known);
  }

  /** The item is about to be emitted: from here on it is known that it may be out, and not how. */
  doubt(id: string, cursor: JsonValue = null): void {
    const before = this.cursorOf(id);
    this.#set(id, { hash: UNSURE, cursor: cursorTime(cursor) > cursorTime(before) ? cursor : before });
  }

  /** The item was emitted as it is. */
  remember(id: string, hash: string, cursor: JsonValue): void {
    this.#set(id, { hash, cursor });
  }

  forget(id: string): void {
    this.#items.delete(id);
  }

  /** Items that were there the time before, and that this read has not met. */
  gone(): string[] {
    return [...this.#items.keys()].filter((id) => !this.#met.has(id));
  }

  /** Forgets those that do not pass. */
  keep(isKept: (cursor: JsonValue) => boolean): void {
    for (const [id, { cursor }] of this.#items) if (!isKept(cursor)) this.#items.delete(id);
  }

  /** As {@link ContentMemory.parse} reads it. An older hubflake takes the shorter form for nothing remembered. */
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
