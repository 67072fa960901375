import type { MonotonicMs } from '../../time.js';
import type { DescribedFailure } from '../sync/sync-result.js';

/** A service is well while every stream was up to date within so many intervals. */
const INTERVALS = 3;

/** How a service is. */
export interface Health {
  isWell: boolean;
  /** Seconds since the start of the last round in which everything was up to date. null: there was none. */
  behindSeconds: number | null;
  /** The streams that are late, each with its last failure. */
  late: { stream: string; behindSeconds: number | null; code: string; message: string }[];
  /** Why the last round as a whole failed; null: it did not. */
  failure: { code: string; message: string } | null;
}

/** Keeps when each stream was up to date for the last time: a round that read it, or knew that its look was not due, has begun then. */
export class HealthLog {
  readonly #everyMs: number;
  /** When the last round began that did not fail as a whole. */
  #roundAt: MonotonicMs | null = null;
  #failure: Health['failure'] = null;
  /** By stream that fails, when it was up to date for the last time, and its failure. */
  readonly #failing = new Map<string, { since: MonotonicMs | null; failure: DescribedFailure }>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** A round has ended in which these streams have failed. @param startedAt when it began @param read the streams that were read */
  ended(startedAt: MonotonicMs, failures: readonly DescribedFailure[], read: ReadonlySet<string>): void {
    for (const stream of [...this.#failing.keys()]) {
      const isMended = read.has(stream) && !failures.some((failure) => failure.stream === stream);
      if (isMended) this.#failing.delete(stream);
    }
    for (const failure of failures) {
      const { since } = this.#failing.get(failure.stream) ?? { since: this.#roundAt };
      this.#failing.set(failure.stream, { since, failure });
    }
    this.#roundAt = startedAt;
    this.#failure = null;
  }

  /** A round has failed as a whole. */
  failed(failure: { code: string; message: string }): void {
    this.#failure = failure;
  }

  at(now: MonotonicMs): Health {
    const behind = (since: MonotonicMs | null) => (since === null ? null : Math.max(0, now - since) / 1000);
    const isLate = (since: MonotonicMs | null) => since === null || now - since > INTERVALS * this.#everyMs;
    const late = [...this.#failing]
      .filter(([, { since }]) => isLate(since))
      .map(([stream, { since, failure }]) => {
        const { code, message } = failure;
        return { stream, behindSeconds: behind(since), code, message };
      });
    const isWell = !isLate(this.#roundAt) && late.length === 0;
    return { isWell, behindSeconds: behind(this.#roundAt), late, failure: this.#failure };
  }
}
