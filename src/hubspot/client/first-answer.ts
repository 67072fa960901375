import { type MonotonicMs, monotonicNow } from '../../time.js';
import { LostAnswer } from './network-failures.js';

/** Whether a host has answered at all, and how long it is hoped for until then. */
export class FirstAnswer {
  /** An answer has come, whole. */
  came = false;
  /** Why the last call had none. */
  failure: unknown = null;
  readonly #longestMs: number;
  /** Of the first call: what is done before it is not the host's time. */
  #startedAt: MonotonicMs | null = null;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Whether after another pause it would be too late to go on hoping. */
  isTooLate(pauseMs: number): boolean {
    return !this.came && this.#elapsed() + pauseMs > this.#longestMs;
  }

  /** Waits for a call's answer to begin, but no longer than the host is hoped for. */
  async of<T>(call: Promise<T>): Promise<T> {
    if (this.came) return call;
    this.#startedAt ??= monotonicNow();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          // What went wrong before says more than that there was no time left.
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
