import type { JsonObject } from '../../protocol/messages.js';
import { HEARTBEAT } from '../../protocol/state.js';

/**
 * Platforms kill a source that is silent for too long, and only RECORD and STATE messages count as activity. Waiting for HubSpot's
 * limits can take longer than they allow.
 */
const SILENCE_MS = 3 * 60_000;

/**
 * Emits the last state of an unfinished stream again whenever nothing was emitted for {@link SILENCE_MS}, each time with another
 * number in it, since platforms fail a sync that emits the same state twice with records in between.
 */
export class Heartbeat {
  readonly #beat: (stream: string, state: JsonObject) => void;
  readonly #timer: NodeJS.Timeout;
  /** The last state of each unfinished stream; null if it has none. */
  readonly #states = new Map<string, JsonObject | null>();
  #count = 0;

  /** @param beat emits a state */
  constructor(beat: (stream: string, state: JsonObject) => void) {
    this.#beat = beat;
    this.#timer = setInterval(() => this.#repeatState(), SILENCE_MS);
    this.#timer.unref();
  }

  /** A stream starts from `state`. */
  began(stream: string, state: JsonObject | null): void {
    this.#states.set(stream, state);
  }

  /** Something was emitted; if a state, which one. */
  alive(stream: string, state?: JsonObject): void {
    this.#timer.refresh();
    if (state) this.#states.set(stream, state);
  }

  /** A stream is finished or given up: its last state is final. */
  ended(stream: string): void {
    this.#states.delete(stream);
    if (this.#states.size === 0) clearInterval(this.#timer);
  }

  #repeatState(): void {
    const [first] = this.#states;
    if (!first) return;
    const [stream, state] = first;
    this.#count += 1;
    this.#beat(stream, { ...state, [HEARTBEAT]: this.#count });
  }
}
