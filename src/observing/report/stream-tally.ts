import { type BatchActivity, hear, observe } from '../../activity.js';
import { type EpochMs, epochNow } from '../../time.js';
import { BusyTime } from './busy-time.js';
import type { Timeline } from './timeline.js';

/** What is known of a stream while it goes on. */
export interface StreamProgress {
  table: string | null;
  records: number;
  inserted: number;
  updated: number;
  marked: number;
  isRunning: boolean;
  /** Seconds of reading. */
  seconds: number;
  /** The longest delay that was measured from HubSpot to the table, in seconds; null: none was. */
  freshness: number | null;
}

/** Counts what becomes of the streams of a run. */
export class StreamTally {
  readonly committing = new BusyTime();
  records = 0;
  readonly streams = new Map<string, StreamProgress>();
  readonly #timeline: Timeline;
  readonly #startedAt = new WeakMap<object, EpochMs>();
  readonly #ends: readonly (() => void)[];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#ends = [
      observe('stream', {
        start: (activity) => {
          this.#startedAt.set(activity, epochNow());
          for (const stream of activity.streams) this.#of(stream).isRunning = true;
        },
        end: (activity) => {
          const seconds = (epochNow() - this.#startOf(activity)) / 1000;
          for (const stream of activity.streams) {
            const progress = this.#of(stream);
            progress.isRunning = false;
            progress.seconds += seconds;
          }
        },
      }),
      observe('batch', {
        start: (batch) => {
          this.#startedAt.set(batch, epochNow());
          this.committing.start(epochNow());
        },
        end: (batch) => this.#committed(batch),
      }),
      hear('records', ({ stream, count }) => {
        this.records += count;
        this.#of(stream).records += count;
        this.#timeline.add('records', epochNow(), count);
      }),
      hear('freshness', ({ stream, seconds }) => {
        const progress = this.#of(stream);
        progress.freshness = Math.max(progress.freshness ?? 0, seconds);
      }),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  #committed(batch: BatchActivity): void {
    const startedAt = this.#startOf(batch);
    const now = epochNow();
    this.committing.end(startedAt, now);
    this.#timeline.spread('committing', startedAt, now);
    const progress = this.#of(batch.stream);
    progress.table = batch.table;
    progress.inserted += batch.inserted ?? 0;
    progress.updated += batch.updated ?? 0;
    progress.marked += batch.marked ?? 0;
  }

  #startOf(activity: object): EpochMs {
    return this.#startedAt.get(activity) ?? epochNow();
  }

  #of(stream: string): StreamProgress {
    const none = { table: null, records: 0, inserted: 0, updated: 0, marked: 0 };
    const progress = this.streams.get(stream) ?? { ...none, isRunning: false, seconds: 0, freshness: null };
    this.streams.set(stream, progress);
    return progress;
  }
}
