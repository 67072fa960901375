import type { DestinationConfig } from '../config/destination.js';
import type { Store } from './store.js';

/** What a store is opened for. `look`: nothing is created. `try`: failures are not retried. */
type Use = 'write' | 'look' | 'try';

/**
 * Opens the store a configuration names. Loads its driver only now, which is the heaviest part of a start.
 *
 * @param pipeline the name of the pipeline that writes, if one does
 */
export async function openStore(
  config: DestinationConfig,
  pipeline: string | null = null,
  use: Use = 'write',
): Promise<Store> {
  const store = await makeStore(config, pipeline, use);
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function makeStore(config: DestinationConfig, pipeline: string | null, use: Use): Promise<Store> {
  if (config.type === 'duckdb') {
    const { DuckDbStore } = await import('./duckdb/store.js');
    return new DuckDbStore(config, use === 'look');
  }
  const { SnowflakeStore } = await import('./snowflake/store.js');
  const { TIMEOUTS } = await import('./snowflake/session/session.js');
  return new SnowflakeStore(config, pipeline, use === 'try' ? { ...TIMEOUTS, again: [] } : TIMEOUTS);
}
