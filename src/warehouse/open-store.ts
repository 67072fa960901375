import type { DestinationConfig } from '../config/destination.js';
import type { Timeouts } from './snowflake/session/session.js';
import type { SessionPools } from './snowflake/session/session-pools.js';
import type { Store } from './store.js';

/** What a store is opened for. `read-only`: nothing is created. `try`: failures are not retried. */
type Use = 'write' | 'read-only' | 'try';

/** What the stores of one destination share that are opened one after the other: the sessions with Snowflake. */
export class Connections {
  pools: SessionPools | null = null;

  async close(): Promise<void> {
    await this.pools?.close();
  }
}

/**
 * Opens the store a configuration names. Loads its driver only now, which is the heaviest part of a start.
 *
 * @param pipeline the name of the pipeline that writes, if one does
 * @param timeouts those of Snowflake's that are to be others than usual
 * @param connections where connections are kept when the store is closed; null: nowhere
 */
export async function openStore(
  config: DestinationConfig,
  pipeline: string | null = null,
  use: Use = 'write',
  timeouts: Partial<Timeouts> = {},
  connections: Connections | null = null,
): Promise<Store> {
  const store = await makeStore(config, pipeline, use, timeouts, connections);
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function makeStore(
  config: DestinationConfig,
  pipeline: string | null,
  use: Use,
  given: Partial<Timeouts>,
  connections: Connections | null,
): Promise<Store> {
  if (config.type === 'duckdb') {
    const { DuckDbStore } = await import('./duckdb/store.js');
    return new DuckDbStore(config, use === 'read-only');
  }
  const { SnowflakeStore } = await import('./snowflake/store.js');
  const { SessionPools } = await import('./snowflake/session/session-pools.js');
  const { TIMEOUTS } = await import('./snowflake/session/session.js');
  const once = use === 'try' ? { again: [] } : {};
  const timeouts = { ...TIMEOUTS, ...once, ...given };
  if (connections === null) return new SnowflakeStore(config, pipeline, timeouts);
  connections.pools ??= new SessionPools(config, timeouts);
  return new SnowflakeStore(config, pipeline, timeouts, connections.pools);
}
