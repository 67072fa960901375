import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import { type EpochMs, instantOf } from '../../../time.js';
import type { Progress } from './state.js';
import type { Span, Windows } from './windows.js';

/** A partition of a stream of events while it is read. */
export class WindowPartition {
  /** The times of the events that were emitted and are found again, since their windows were not read to their ends, by id. */
  readonly #again = new Map<string, EpochMs>();

  /** @param endpoint without a span of time */
  constructor(
    readonly id: string,
    readonly endpoint: Endpoint,
    readonly windows: Windows,
  ) {}

  /** Whether an event was emitted, in a window that was not read to its end. */
  hasEmitted(id: string): boolean {
    return this.#again.has(id);
  }

  /** Notes events that the rest of a window has again: their times, by id. */
  expectAgain(events: ReadonlyMap<string, EpochMs>): void {
    for (const [id, time] of events) this.#again.set(id, time);
  }

  /** Notes that a window was read. @param rest what is left of it */
  finish(window: Span, pages: number, rest: Span | null): void {
    this.windows.finish(window, pages, rest);
    const isIn = (time: number, { from, to }: Span) => time >= from && time < to;
    for (const [id, time] of this.#again) {
      if (isIn(time, window) && !(rest !== null && isIn(time, rest))) this.#again.delete(id);
    }
  }

  /** How far it is read, by a read that began at an instant. */
  progress(readAt: Progress['readAt']): Progress {
    return { until: instantOf(this.windows.until), done: this.windows.beyond, readAt };
  }
}
