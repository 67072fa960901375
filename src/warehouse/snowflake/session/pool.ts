import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { Session, type Timeouts } from './session.js';

/**
 * Snowflake ends sessions that nothing was run on for a while: five minutes where a session policy is strict, else four hours
 * (https://docs.snowflake.com/en/user-guide/session-policies). One that was idle for longer than this is not used again.
 */
const LONGEST_IDLE_MS = 4 * 60_000;

/** A pool of sessions, each used by one task at a time. A broken session is never reused. */
export class Pool {
  readonly #config: SnowflakeConfig;
  readonly #timeouts: Timeouts;
  readonly #most: number;
  readonly #idle: { session: Session; since: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #longestIdle: number;
  #lent = 0;

  constructor(config: SnowflakeConfig, most: number, timeouts: Timeouts, longestIdle = LONGEST_IDLE_MS) {
    this.#longestIdle = longestIdle;
    this.#config = config;
    this.#most = most;
    this.#timeouts = timeouts;
  }

  /** Runs `body` on a session, as soon as one is free. */
  async use<T>(body: (session: Session) => Promise<T>): Promise<T> {
    while (this.#lent >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#lent += 1;
    let session: Session | undefined;
    try {
      session = this.#fresh() ?? (await Session.open(this.#config, this.#timeouts));
      return await body(session);
    } finally {
      this.#lent -= 1;
      if (session && !session.broken) this.#idle.push({ session, since: Date.now() });
      else if (session) void session.close();
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.close()));
  }

  /** The session that was used last, unless the server may have ended it. */
  #fresh(): Session | undefined {
    const last = this.#idle.at(-1);
    if (last === undefined || Date.now() - last.since <= this.#longestIdle) return this.#idle.pop()?.session;
    for (const { session } of this.#idle.splice(0)) void session.close();
    return undefined;
  }
}
