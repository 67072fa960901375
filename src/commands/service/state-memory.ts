import type { JsonObject } from '../../protocol/messages.js';
import type { KeptState } from '../../warehouse/store.js';
import type { KeptStates } from '../sync/surroundings.js';

interface Remembered {
  /** What the warehouse had when the round began; null: nothing. As text, to be compared. */
  before: string | null;
  latest: JsonObject;
  latestText: string;
}

/**
 * The states of a service's streams, of which the warehouse may have earlier ones: a round that brings no records writes nothing. A state in
 * memory counts only where the warehouse has what it was made from, or itself: anything else was written by somebody else.
 */
export class StateMemory {
  readonly #streams = new Map<string, Remembered>();

  /** The states to go on from. @param kept what the warehouse has */
  recall(kept: KeptStates): KeptStates {
    const states = new Map(kept);
    for (const [stream, { before, latest, latestText }] of this.#streams) {
      const found = kept.get(stream);
      const text = textOf(found);
      const isOurs = (found?.refresh ?? null) === null && (text === before || text === latestText);
      if (isOurs) states.set(stream, { state: latest, refresh: null, table: found?.table ?? null });
      else this.#streams.delete(stream);
    }
    return states;
  }

  /**
   * Takes the states with which a round has closed streams.
   *
   * @param kept what the warehouse had when it began
   */
  remember(kept: KeptStates, closing: ReadonlyMap<string, JsonObject>): void {
    for (const [stream, latest] of closing) {
      this.#streams.set(stream, { before: textOf(kept.get(stream)), latest, latestText: JSON.stringify(latest) });
    }
  }

  /** Forgets a stream: the warehouse's state counts. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }
}

function textOf(kept: KeptState | undefined): string | null {
  return kept?.state ? JSON.stringify(kept.state) : null;
}
