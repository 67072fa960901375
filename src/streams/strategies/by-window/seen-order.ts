import { type EpochMs, epochMs } from '../../../time.js';
import type { Span } from './windows.js';

/** In which order HubSpot answers the events of a span of time. `unknown`: it is not documented. */
export type EventOrder = 'newest first' | 'oldest first' | 'unknown';

/** An order is believed once this many times have changed in its direction, and none in the other. */
const ENOUGH = 10;

/** An event, as far as its place in a list goes. */
export interface SeenEvent {
  readonly id: string;
  /** When it happened; -Infinity: not known. */
  readonly time: EpochMs;
}

/** The order in which the pages of a window came, and what it says of the pages that were not read. */
export class SeenOrder {
  /** The times of the events that are found again if the window is left here, by id. */
  readonly again = new Map<string, EpochMs>();
  #count = 0;
  #falls = 0;
  #rises = 0;
  #last: EpochMs | null = null;
  #pageStart: EpochMs | null = null;

  /**
   * @param declared what HubSpot documents
   * @param lateMs how late an event may be, in a list that is in the order of arrival
   */
  constructor(
    readonly declared: EventOrder,
    readonly lateMs: number,
  ) {}

  /** Looks at the next page. */
  take(events: readonly SeenEvent[]): void {
    this.#pageStart = events[0]?.time ?? this.#pageStart;
    this.#count += events.length;
    for (const { id, time } of events) {
      if (this.#last !== null && time < this.#last) this.#falls += 1;
      if (this.#last !== null && time > this.#last) this.#rises += 1;
      this.#last = time;
      this.again.set(id, time);
    }
    for (const [id, time] of this.again) if (!this.#mayBeLeft(time)) this.again.delete(id);
  }

  /** Whether an event of a time may be in the part that is left of a window from here on. */
  #mayBeLeft(time: EpochMs): boolean {
    const start = this.#pageStart ?? time;
    if (this.#falls === 0) return time >= start - this.lateMs;
    return this.#rises === 0 && time <= start;
  }

  /**
   * The part of a window in which the events of its other pages lie; null: that cannot be told, or it has most of what
   * was read.
   *
   * It is bounded by the first event of the last page, and so has that page once more: in a list by arrival, the last
   * event may be a late one, with later times after it. With the oldest first, it begins `lateMs` earlier, as late
   * events may still come.
   */
  restOf({ from, to }: Span): Span | null {
    const start = this.#pageStart;
    if (start === null || Math.max(this.#falls, this.#rises) < ENOUGH || this.again.size >= this.#count / 2)
      return null;
    if (this.#isSeen('newest first', this.#rises) && start >= from && start + 1 < to) {
      return { from, to: epochMs(start + 1) };
    }
    const first = epochMs(start - this.lateMs);
    return this.#isSeen('oldest first', this.#falls) && first > from && first < to ? { from: first, to } : null;
  }

  /** @param against how many times followed one another in the other direction */
  #isSeen(order: EventOrder, against: number): boolean {
    return against === 0 && (this.declared === 'unknown' || this.declared === order);
  }
}
