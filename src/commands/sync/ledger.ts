import { type BatchActivity, type CallActivity, observe, tell } from '../../activity.js';
import { Reservoir } from '../../reservoir.js';

/** What reading and loading one stream has taken. */
export interface StreamFigures {
  /** Attempts of calls to HubSpot. Those for several streams that are read together count for the first of them. */
  calls: number;
  /** Attempts that were made again. */
  retries: number;
  /** Milliseconds that its calls have waited for HubSpot's limits, or to be made again. */
  waitMs: number;
  /** Bytes of HubSpot's answers, uncompressed. */
  bytes: number;
  /** Seconds from modifications to commits. */
  freshness: Reservoir;
}

/** Keeps account of a sync, stream by stream, until it is closed. */
export class Ledger {
  readonly #streams = new Map<string, StreamFigures>();
  readonly #endings: readonly (() => void)[];
  readonly #now: () => number;

  /** @param now HubSpot's time in epoch ms, by which its records are dated */
  constructor(now: () => number) {
    this.#now = now;
    this.#endings = [
      observe('call', { end: (call) => this.#called(call) }),
      observe('pause', { end: ({ stream, milliseconds }) => this.#add(stream, { waitMs: milliseconds }) }),
      observe('batch', { end: (batch) => this.#committed(batch) }),
    ];
  }

  of(stream: string): StreamFigures {
    const known = this.#streams.get(stream);
    if (known) return known;
    const figures = { calls: 0, retries: 0, waitMs: 0, bytes: 0, freshness: new Reservoir() };
    this.#streams.set(stream, figures);
    return figures;
  }

  close(): void {
    for (const end of this.#endings) end();
  }

  #called({ stream, queuedAt, sentAt, bytes = 0, isRepeated }: CallActivity): void {
    if (sentAt === undefined) return;
    this.#add(stream, { calls: 1, retries: isRepeated ? 1 : 0, waitMs: sentAt - queuedAt, bytes });
  }

  #add(stream: string | null, more: Partial<Omit<StreamFigures, 'freshness'>>): void {
    if (stream === null) return;
    const figures = this.of(stream);
    figures.calls += more.calls ?? 0;
    figures.retries += more.retries ?? 0;
    figures.waitMs += more.waitMs ?? 0;
    figures.bytes += more.bytes ?? 0;
  }

  #committed({ stream, modifiedAt, isCommitted }: BatchActivity): void {
    if (!isCommitted) return;
    const { freshness } = this.of(stream);
    // HubSpot's clock is known to the second.
    for (const at of modifiedAt) {
      const seconds = Math.max(0, this.#now() - at) / 1000;
      freshness.add(seconds);
      tell('freshness', { stream, seconds });
    }
  }
}

/** Seconds from a record's modification to its commit. */
export interface Freshness {
  p50: number;
  p95: number;
  most: number;
}

/** null: no modified record was committed. */
export function freshnessOf(seconds: Reservoir): Freshness | null {
  if (seconds.isEmpty) return null;
  const [p50 = 0, p95 = 0] = seconds.percentiles(0.5, 0.95).map(toThousandth);
  return { p50, p95, most: toThousandth(seconds.most) };
}

export function toThousandth(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
