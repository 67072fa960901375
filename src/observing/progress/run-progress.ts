import { hear, observe } from '../../activity.js';
import { type EpochMs, epochNow } from '../../time.js';
import { BurstWindow } from '../burst-window.js';
import { RollingCount } from '../rolling-count.js';

/** A rate is that of the last seconds. */
const RATE_SECONDS = 10;

/** A stream that is being read. */
export interface RunningStream {
  name: string;
  records: number;
  /** null: HubSpot has not said. */
  expected: number | null;
  /** Records a second. */
  rate: number;
}

/** What a run has come to at a moment. */
export interface Snapshot {
  seconds: number;
  records: number;
  rate: number;
  calls: number;
  /** Calls that HubSpot takes in ten seconds, and how many more it takes now; null: it has not said. */
  window: { max: number; left: number } | null;
  running: readonly RunningStream[];
  /** Streams that have ended. */
  ended: number;
}

interface Counted {
  records: number;
  expected: number | null;
  recent: RollingCount;
  since: EpochMs;
}

/** Follows a run, for those who look on. */
export class RunProgress {
  readonly #startedAt = epochNow();
  readonly #running = new Map<string, Counted>();
  readonly #window = new BurstWindow();
  readonly #recent = new RollingCount(RATE_SECONDS);
  #records = 0;
  #calls = 0;
  #ended = 0;
  readonly #ends: readonly (() => void)[];

  constructor() {
    this.#ends = [
      observe('stream', {
        start: ({ streams }) => {
          for (const name of streams) this.#of(name);
        },
        end: ({ streams }) => {
          for (const name of streams) this.#running.delete(name);
          this.#ended += streams.length;
        },
      }),
      hear('records', ({ stream, count }) => {
        const now = epochNow();
        this.#records += count;
        this.#recent.add(now, count);
        const counted = this.#running.get(stream);
        if (!counted) return;
        counted.records += count;
        counted.recent.add(now, count);
      }),
      hear('expected', ({ stream, rows }) => {
        const counted = this.#running.get(stream);
        // A run may be told again, of what is still to come.
        if (counted) counted.expected = Math.max(counted.expected ?? 0, counted.records + rows);
      }),
      hear('sent', ({ budget }) => {
        this.#calls += 1;
        if (budget === 'burst') this.#window.sent(epochNow());
      }),
      hear('limits', (limits) => this.#window.learn(limits, epochNow())),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  snapshot(): Snapshot {
    const now = epochNow();
    const { max } = this.#window;
    return {
      seconds: (now - this.#startedAt) / 1000,
      records: this.#records,
      rate: rateOf(this.#recent, this.#startedAt, now),
      calls: this.#calls,
      window: max === null ? null : { max, left: this.#window.left(now) ?? max },
      running: [...this.#running].map(([name, { records, expected, recent, since }]) => ({
        name,
        records,
        expected,
        rate: rateOf(recent, since, now),
      })),
      ended: this.#ended,
    };
  }

  #of(name: string): Counted {
    const counted = { records: 0, expected: null, recent: new RollingCount(RATE_SECONDS), since: epochNow() };
    this.#running.set(name, counted);
    return counted;
  }
}

function rateOf(recent: RollingCount, since: EpochMs, now: EpochMs): number {
  return recent.countAt(now) / Math.min(RATE_SECONDS, Math.max(1, (now - since) / 1000));
}
