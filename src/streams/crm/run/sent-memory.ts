import type { JsonObject } from '../../../protocol/messages.js';
import { isPackable, StepWalker, withSteps } from './packed-ids.js';

/** The form of the memory in a state; another one is taken for none, which only sends records again. */
const VERSION = 1;
/** Records a stream remembers. 25,000 take about 600 KB of a state; what is past it is sent again by the next increment. */
export const MOST_REMEMBERED = 25_000;

interface Sent {
  /** When the version that was sent was last updated, epoch ms. */
  at: number;
  /** Of all that was sent of it. */
  hash: string;
}

/**
 * What was sent of the records that the next increment will find again, because it reaches back by the lookback: for each id
 * the version and a hash of its content. It only ever keeps a record from being sent twice; forgetting one costs nothing but
 * that.
 *
 * Only the state that closes a sync carries it. Between a state and a kill, records may have gone out of which no state tells,
 * so what an interrupted sync remembered is not believed.
 */
export class SentMemory {
  readonly #sent = new Map<string, Sent>();
  readonly #salt: string;

  /**
   * @param salt tells selections and layouts apart: what was sent under another one is not remembered
   * @param given the memory of a closing state, of any version or shape
   */
  constructor(salt: string, given: unknown = null) {
    this.#salt = salt;
    const memory = given as { version?: unknown; salt?: unknown; from?: unknown; sent?: unknown } | null;
    if (memory?.version !== VERSION || memory.salt !== salt) return;
    const { from, sent } = memory;
    if (typeof sent === 'string' && typeof from === 'number' && sent !== '') this.#unpack(sent, from);
  }

  get size(): number {
    return this.#sent.size;
  }

  has(id: string): boolean {
    return this.#sent.has(id);
  }

  /** Whether what was sent last is newer than a version last updated at `at` (epoch ms). */
  isOlder(id: string, at: number): boolean {
    const sent = this.#sent.get(id);
    return sent !== undefined && at < sent.at;
  }

  isUnchanged(id: string, hash: string): boolean {
    return this.#sent.get(id)?.hash === hash;
  }

  /** Notes what has gone out. @param at when that version was last updated, epoch ms */
  add(id: string, at: number, hash: string): void {
    if (!isPackable(id)) return;
    this.#sent.set(id, { at, hash });
    // The records of a long load or pass are too many to remember: the latest are what the next increment meets longest.
    if (this.#sent.size >= 2 * MOST_REMEMBERED) this.#keepLatest();
  }

  /** After a tombstone, or a version that is not remembered, nothing may be taken for unchanged. */
  forget(id: string): void {
    this.#sent.delete(id);
  }

  forgetAll(): void {
    this.#sent.clear();
  }

  /** The memory for a closing state: of what was last updated at `from` (epoch ms) or later. */
  toJson(from: number): JsonObject {
    for (const [id, { at }] of this.#sent) if (at < from) this.#sent.delete(id);
    this.#keepLatest();
    const entries = withSteps(this.#sent.keys()).map(([step, id]) => {
      const { at, hash } = this.#sent.get(id) as Sent;
      return `${step}.${(at - from).toString(36)}.${hash}`;
    });
    return { version: VERSION, salt: this.#salt, from, sent: entries.join(' ') };
  }

  #unpack(sent: string, from: number): void {
    const walker = new StepWalker();
    for (const entry of sent.split(' ')) {
      const [step = '', after = '', hash = ''] = entry.split('.');
      const id = walker.next(step);
      const at = from + Number.parseInt(after, 36);
      if (id === null || Number.isNaN(at) || hash === '') {
        this.#sent.clear();
        return;
      }
      this.#sent.set(id, { at, hash });
    }
  }

  #keepLatest(): void {
    if (this.#sent.size <= MOST_REMEMBERED) return;
    const oldestFirst = [...this.#sent].sort(([, a], [, b]) => a.at - b.at);
    for (const [id] of oldestFirst.slice(0, oldestFirst.length - MOST_REMEMBERED)) this.#sent.delete(id);
  }
}
