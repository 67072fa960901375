/** What a look has found. */
export interface Found {
  /** Whether there was anything new. */
  hasChanged: boolean;
  /** The calls that it took. */
  calls: number;
}

/**
 * How far a run reaches back for changes, and how often it looks at what HubSpot tells no changes of. A single run looks at everything; a
 * service, whose rounds follow each other closely, has a pace of its own (docs/decisions/0024-a-service.md).
 */
export interface Pace {
  /** How many minutes a usual increment reaches back; null: each reaches back by the whole lookback. */
  readonly recentMinutes: number | null;
  /** Whether a list that is always read whole is due. @param look what tells the list from every other */
  isDue(look: string): boolean;
  /**
   * Begins a reading's turn, which may be bounded so that other streams are not kept waiting for the next round.
   *
   * @returns whether it is over
   */
  turn(): () => boolean;
  /** A list was read. */
  looked(look: string, found: Found): void;
}

/** The pace of a single run. */
export const SINGLE_RUN: Pace = {
  recentMinutes: null,
  isDue: () => true,
  turn: () => () => false,
  looked: () => undefined,
};

const ARCHIVED = 'archived ';

/** The look at an object's list of archived records. */
export function archivedLook(stream: string): string {
  return ARCHIVED + stream;
}

export function isArchivedLook(look: string): boolean {
  return look.startsWith(ARCHIVED);
}
