import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { Pool } from './pool.js';
import type { Timeouts } from './session.js';

/** A session runs one statement at a time: each commit takes one, and parallel uploads take the others. */
const SESSIONS = 6;

/** The sessions of a store, or of stores that follow each other. */
export class SessionPools {
  readonly main: Pool;
  /** A session for the lease's heartbeat alone. */
  readonly aside: Pool;

  constructor(config: SnowflakeConfig, timeouts: Timeouts) {
    this.main = new Pool(config, SESSIONS, timeouts);
    this.aside = new Pool(config, 1, timeouts);
  }

  async close(): Promise<void> {
    await Promise.all([this.main.close(), this.aside.close()]);
  }
}
