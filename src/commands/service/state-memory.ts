import { log } from '../../log.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { KeptStates } from '../sync/surroundings.js';

interface Remembered {
  state: JsonObject;
  /** What the warehouse was left with, as text to be compared; null: nothing. */
  left: string | null;
}

/**
 * The states of a service's streams, of which the warehouse may have earlier ones: a round that brings no records writes nothing. A state in
 * memory counts only where the warehouse has what the round left it with: anything else was written, or taken away, by somebody else.
 */
export class StateMemory {
  readonly #streams = new Map<string, Remembered>();
  /** Streams whose states the warehouse had, and has no more; until they are read again. */
  readonly #lost = new Set<string>();

  /** The streams of which the warehouse has lost what it had. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  /** The states to go on from. @param kept what the warehouse has */
  recall(kept: KeptStates): KeptStates {
    const states = new Map(kept);
    const gone: string[] = [];
    for (const [stream, { state, left }] of this.#streams) {
      const found = kept.get(stream);
      const isOurs = (found?.refresh ?? null) === null && textOf(found?.state) === left;
      if (isOurs) states.set(stream, { state, refresh: null, table: found?.table ?? null });
      else this.#streams.delete(stream);
      if (found === undefined && left !== null) gone.push(stream);
    }
    for (const stream of gone) this.#lost.add(stream);
    if (gone.length > 0) warnOf(kept.size === 0 ? null : gone);
    return states;
  }

  /**
   * Takes the states with which a round has closed streams.
   *
   * @param kept what the warehouse had when it began
   * @param areKept whether it has the closing states now
   */
  remember(kept: KeptStates, closing: ReadonlyMap<string, JsonObject>, areKept: boolean): void {
    for (const [stream, state] of closing) {
      this.#streams.set(stream, { state, left: textOf(areKept ? state : kept.get(stream)?.state) });
    }
  }

  /** A lost stream was read again. */
  found(stream: string): void {
    this.#lost.delete(stream);
  }

  /** Forgets a stream: the warehouse's state counts. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }
}

/** @param gone the streams whose states are gone; null: all are */
function warnOf(gone: readonly string[] | null): void {
  log.warn(
    gone === null
      ? 'The warehouse has nothing any more of what this pipeline has kept: its database or schema was removed or emptied. Everything is loaded anew.'
      : `The warehouse has no states any more of ${gone.join(', ')}: loaded anew.`,
  );
}

function textOf(state: JsonObject | null | undefined): string | null {
  return state ? JSON.stringify(state) : null;
}
