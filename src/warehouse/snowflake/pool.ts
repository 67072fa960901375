import type { SnowflakeConfig } from '../../config/snowflake.js';
import { type Patience, Session } from './session.js';

/** Sessions that are lent to one user at a time. A session that was given up is never lent again. */
export class Pool {
  readonly #config: SnowflakeConfig;
  readonly #patience: Patience;
  readonly #most: number;
  readonly #idle: Session[] = [];
  readonly #waiting: (() => void)[] = [];
  #lent = 0;

  constructor(config: SnowflakeConfig, most: number, patience: Patience) {
    this.#config = config;
    this.#most = most;
    this.#patience = patience;
  }

  /** Runs `body` with a session of its own, as soon as there is one. */
  async use<T>(body: (session: Session) => Promise<T>): Promise<T> {
    while (this.#lent >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#lent += 1;
    let session: Session | undefined;
    try {
      session = this.#idle.pop() ?? (await Session.open(this.#config, this.#patience));
      return await body(session);
    } finally {
      this.#lent -= 1;
      if (session && !session.broken) this.#idle.push(session);
      else if (session) void session.close();
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
  }
}
