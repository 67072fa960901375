import type { JsonObject } from '../../protocol/messages.js';
import { HEARTBEAT } from '../../protocol/state.js';

/**
 * A platform ends a source that is silent for long, and only RECORD and STATE count as signs of life. Waiting for HubSpot's
 * limits can take longer than it allows.
 */
const SILENCE_MS = 3 * 60_000;

/**
 * Puts the state of an unfinished stream out once more whenever nothing else went out for {@link SILENCE_MS}, each time with
 * another number in it: the same state twice with records between makes a platform fail the sync.
 */
export class Heartbeat {
  readonly #beat: (stream: string, state: JsonObject) => void;
  readonly #timer: NodeJS.Timeout;
  /** The last state of each stream that is being read; null where it has none. */
  readonly #states = new Map<string, JsonObject | null>();
  #count = 0;

  /** @param beat puts a state out */
  constructor(beat: (stream: string, state: JsonObject) => void) {
    this.#beat = beat;
    this.#timer = setInterval(() => this.#show(), SILENCE_MS);
    this.#timer.unref();
  }

  /** A stream begins, from `state`. */
  began(stream: string, state: JsonObject | null): void {
    this.#states.set(stream, state);
  }

  /** Something went out; of a state, which one. */
  alive(stream: string, state?: JsonObject): void {
    this.#timer.refresh();
    if (state) this.#states.set(stream, state);
  }

  /** A stream is finished, or given up: its last state stays the last. */
  ended(stream: string): void {
    this.#states.delete(stream);
    if (this.#states.size === 0) clearInterval(this.#timer);
  }

  #show(): void {
    const [first] = this.#states;
    if (!first) return;
    const [stream, state] = first;
    this.#count += 1;
    this.#beat(stream, { ...state, [HEARTBEAT]: this.#count });
  }
}
