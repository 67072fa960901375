import { type MonotonicMs, monotonicNow } from '../../time.js';
import { LostAnswer } from './network-failures.js';

/** Limits how long to wait for the first response of a host. Once it has responded, calls are retried for longer. */
export class FirstAnswer {
  /** Whether a complete response has been received. */
  came = false;
  /** Why the last call failed. */
  failure: unknown = null;
  readonly #longestMs: number;
  /** The start of the first call; time spent before it does not count. */
  #startedAt: MonotonicMs | null = null;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Whether another pause would exceed the limit. */
  isTooLate(pauseMs: number): boolean {
    return !this.came && this.#elapsed() + pauseMs > this.#longestMs;
  }

  /** Awaits a call, but rejects when the limit passes before the first response. */
  async of<T>(call: Promise<T>): Promise<T> {
    if (this.came) return call;
    this.#startedAt ??= monotonicNow();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          // The failure of an earlier attempt says more than a timeout.
          if (!this.came) reject(this.failure ?? new LostAnswer(`no answer within ${this.#longestMs / 1000} s`));
        },
        Math.max(this.#longestMs - this.#elapsed(), 0),
      );
    });
    try {
      return await Promise.race([call, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }

  #elapsed(): number {
    return this.#startedAt === null ? 0 : monotonicNow() - this.#startedAt;
  }
}
