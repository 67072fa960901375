import type { MonotonicMs } from '../../time.js';
import type { DescribedFailure, SyncResult } from '../sync/sync-result.js';

/** A service is well while every stream was up to date within so many intervals. */
const INTERVALS = 3;
const UNFINISHED = 'It is still being loaded, in turns with the other streams.';

/** How a service is. */
export interface Health {
  isWell: boolean;
  /** Seconds since the start of the last round in which everything was up to date. null: there was none. */
  behindSeconds: number | null;
  /** The streams that are late, each with its last failure. Without a code: it has not failed, but is still being loaded. */
  late: { stream: string; behindSeconds: number | null; code: string | null; message: string }[];
  /** Why the last round as a whole failed; null: it did not. */
  failure: { code: string; message: string } | null;
  /** The round under way: how long it takes already, and why HubSpot is asked again, if it is. null: there is none. */
  round: { seconds: number; repeats: string | null } | null;
}

/** Keeps when each stream was up to date for the last time: a round that read it, or knew that its look was not due, has begun then. */
export class HealthLog {
  readonly #everyMs: number;
  /** When the last round began that did not fail as a whole. */
  #roundAt: MonotonicMs | null = null;
  #failure: Health['failure'] = null;
  /** When the round under way began; null: there is none. */
  #beganAt: MonotonicMs | null = null;
  #repeats: string | null = null;
  /** By stream that fails or is unfinished, when it was up to date for the last time, and its failure; null: it is unfinished. */
  readonly #behind = new Map<string, { since: MonotonicMs | null; failure: DescribedFailure | null }>();
  /** Streams that were up to date at some time. */
  readonly #known = new Set<string>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** The last failures of the streams that fail, also of those that were not read since. */
  get failures(): DescribedFailure[] {
    return [...this.#behind.values()].flatMap(({ failure }) => failure ?? []);
  }

  /** A round has begun. */
  began(startedAt: MonotonicMs): void {
    this.#beganAt = startedAt;
    this.#repeats = null;
  }

  /** A call is made again. @param why a sentence without its end; null: a call was answered */
  repeats(why: string | null): void {
    this.#repeats = why;
  }

  /** A round has ended. @param startedAt when it began @param read the streams that were read */
  ended(
    startedAt: MonotonicMs,
    { streams, errors }: Pick<SyncResult, 'streams' | 'errors'>,
    read: ReadonlySet<string>,
  ): void {
    const unfinished = streams.filter(({ complete }) => !complete).map(({ stream }) => [stream, null] as const);
    const behind = new Map<string, DescribedFailure | null>([
      ...unfinished,
      ...errors.map((failure) => [failure.stream, failure] as const),
    ]);
    for (const stream of read) {
      if (behind.has(stream)) continue;
      this.#behind.delete(stream);
      this.#known.add(stream);
    }
    for (const [stream, failure] of behind) {
      const last = this.#known.has(stream) ? this.#roundAt : null;
      const { since } = this.#behind.get(stream) ?? { since: last };
      this.#behind.set(stream, { since, failure });
    }
    this.#roundAt = startedAt;
    this.#beganAt = null;
    this.#failure = null;
  }

  /** A round has failed as a whole. */
  failed(failure: { code: string; message: string }): void {
    this.#failure = failure;
    this.#beganAt = null;
  }

  at(now: MonotonicMs): Health {
    const behind = (since: MonotonicMs | null) => (since === null ? null : Math.max(0, now - since) / 1000);
    const isLate = (since: MonotonicMs | null) => since === null || now - since > INTERVALS * this.#everyMs;
    const late = [...this.#behind]
      .filter(([, { since }]) => isLate(since))
      .map(([stream, { since, failure }]) => {
        const { code, message } = failure ?? { code: null, message: UNFINISHED };
        return { stream, behindSeconds: behind(since), code, message };
      });
    const isWell = !isLate(this.#roundAt) && late.length === 0;
    const seconds = behind(this.#beganAt);
    const round = seconds === null ? null : { seconds, repeats: this.#repeats };
    return { isWell, behindSeconds: behind(this.#roundAt), late, failure: this.#failure, round };
  }
}
