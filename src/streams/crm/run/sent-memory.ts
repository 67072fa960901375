import type { JsonObject } from '../../../protocol/messages.js';
import { type EpochMs, epochMs } from '../../../time.js';
import { isPackable, StepWalker, withSteps } from './packed-ids.js';

/** The version of the memory in a state. Other versions are ignored: then records are emitted again. */
const VERSION = 1;
/** The number of records a stream remembers: about 600 KB of a state. The next increment emits the others again. */
export const MOST_REMEMBERED = 25_000;

interface Sent {
  /** When the emitted version was last updated. */
  at: EpochMs;
  /** The hash of the emitted content. */
  hash: string;
}

/**
 * Remembers what was emitted of the records that the next increment finds again because of the lookback: for each id, the version
 * and a hash of its content. It only prevents duplicates: forgetting a record means that it is emitted again.
 *
 * Only closing states contain it. An interrupted sync may have emitted records after its last state, so its memory would be
 * outdated.
 */
export class SentMemory {
  readonly #sent = new Map<string, Sent>();
  readonly #salt: string;

  /**
   * @param salt identifies selection and layout: what was emitted with another one is forgotten
   * @param memory the memory of a closing state, of any version or shape
   */
  constructor(salt: string, memory: JsonObject | null = null) {
    this.#salt = salt;
    if (memory?.version !== VERSION || memory.salt !== salt) return;
    const { from, sent } = memory;
    if (typeof sent === 'string' && typeof from === 'number' && sent !== '') this.#unpack(sent, epochMs(from));
  }

  get size(): number {
    return this.#sent.size;
  }

  has(id: string): boolean {
    return this.#sent.has(id);
  }

  /** Whether a version last updated at `at` is older than the emitted one. */
  isOlder(id: string, at: EpochMs): boolean {
    const sent = this.#sent.get(id);
    return sent !== undefined && at < sent.at;
  }

  isUnchanged(id: string, hash: string): boolean {
    return this.#sent.get(id)?.hash === hash;
  }

  /** Notes an emitted version. @param at when it was last updated */
  add(id: string, at: EpochMs, hash: string): void {
    if (!isPackable(id)) return;
    this.#sent.set(id, { at, hash });
    // A long load or pass has too many records. The next increments find the latest ones again.
    if (this.#sent.size >= 2 * MOST_REMEMBERED) this.#keepLatest();
  }

  /** To be called when a tombstone, or a version that is not remembered, was emitted. */
  forget(id: string): void {
    this.#sent.delete(id);
  }

  forgetAll(): void {
    this.#sent.clear();
  }

  /** The memory for a closing state: the versions last updated at `from` or later. */
  toJson(from: EpochMs): JsonObject {
    for (const [id, { at }] of this.#sent) if (at < from) this.#sent.delete(id);
    this.#keepLatest();
    const entries: string[] = [];
    for (const [step, id] of withSteps(this.#sent.keys())) {
      const sent = this.#sent.get(id);
      if (sent) entries.push(`${step}.${(sent.at - from).toString(36)}.${sent.hash}`);
    }
    return { version: VERSION, salt: this.#salt, from, sent: entries.join(' ') };
  }

  #unpack(sent: string, from: EpochMs): void {
    const walker = new StepWalker();
    for (const entry of sent.split(' ')) {
      const [step = '', after = '', hash = ''] = entry.split('.');
      const id = walker.next(step);
      const at = epochMs(from + Number.parseInt(after, 36));
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
