import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import { type EpochMs, epochMs } from '../../../time.js';
import { stateValue } from '../../core/stream-state.js';
import { contentHash } from '../../strategies/content-memory.js';

/** The versions and calculated values that are remembered: about 300 KB of a state each. Others are emitted again. */
const MOST_REMEMBERED = 25_000;
/** 48 bits of a hash, in base64. */
const SHORT = 8;

/**
 * What was emitted of the versions that the next reading finds again because of the lookback. A version never changes but for its end, so
 * that what is remembered stays true whatever was emitted since.
 */
export class EmittedVersions {
  /** By hash, when the version was set. */
  readonly #versions = new Map<string, EpochMs>();

  /** @param memory the result of {@link toJson} */
  constructor(memory: JsonValue | undefined) {
    const [from = '', ...entries] = (stateValue.text(memory) ?? '').split(' ');
    for (const entry of entries) {
      const [after = '', key = ''] = entry.split('.');
      this.#versions.set(key, epochMs(Number(from) + Number.parseInt(after, 36)));
    }
  }

  /** Whether a record was emitted. @param data its JSON text */
  has(data: string): boolean {
    return this.#versions.size > 0 && this.#versions.has(hash(data));
  }

  add(data: string, at: EpochMs): void {
    this.#versions.set(hash(data), at);
    if (this.#versions.size >= 2 * MOST_REMEMBERED) this.#keepLatest();
  }

  /** @param from what was set before is not found again */
  toJson(from: EpochMs): string {
    for (const [key, at] of this.#versions) if (at < from) this.#versions.delete(key);
    this.#keepLatest();
    const entries = [...this.#versions].map(([key, at]) => `${(at - from).toString(36)}.${key}`);
    return [from, ...entries].join(' ');
  }

  #keepLatest(): void {
    if (this.#versions.size <= MOST_REMEMBERED) return;
    const oldestFirst = [...this.#versions].sort(([, a], [, b]) => a - b);
    for (const [key] of oldestFirst.slice(0, oldestFirst.length - MOST_REMEMBERED)) this.#versions.delete(key);
  }
}

/** The last emitted values of calculated properties: HubSpot dates their versions by when it was asked for them. */
export class CalculatedValues {
  readonly #values: Map<string, string>;
  /**
   * What was remembered at the beginning. States before the closing one keep it: what was emitted since may be emitted
   * again.
   */
  readonly before: JsonObject;

  constructor(memory: JsonValue | undefined) {
    this.before = stateValue.object(memory) ?? {};
    this.#values = new Map(Object.entries(this.before).map(([key, value]) => [key, String(value)]));
  }

  isUnchanged(id: string, property: string, value: string | null): boolean {
    return this.#values.get(`${id} ${property}`) === hash(JSON.stringify(value));
  }

  note(id: string, property: string, value: string | null): void {
    const key = `${id} ${property}`;
    this.#values.delete(key);
    this.#values.set(key, hash(JSON.stringify(value)));
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= MOST_REMEMBERED) break;
      this.#values.delete(oldest);
    }
  }

  toJson(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }
}

function hash(text: string): string {
  return contentHash(text).slice(0, SHORT);
}
