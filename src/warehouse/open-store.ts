import type { DestinationConfig } from '../config/destination.js';
import type { Timeouts } from './snowflake/session/session.js';
import type { Store } from './store.js';

/** What a store is opened for. `look`: nothing is created. `try`: failures are not retried. */
type Use = 'write' | 'look' | 'try';

/**
 * Opens the store a configuration names. Loads its driver only now, which is the heaviest part of a start.
 *
 * @param pipeline the name of the pipeline that writes, if one does
 * @param timeouts those of Snowflake's that are to be others than usual
 */
export async function openStore(
  config: DestinationConfig,
  pipeline: string | null = null,
  use: Use = 'write',
  timeouts: Partial<Timeouts> = {},
): Promise<Store> {
  const store = await makeStore(config, pipeline, use, timeouts);
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
  timeouts: Partial<Timeouts>,
): Promise<Store> {
  if (config.type === 'duckdb') {
    const { DuckDbStore } = await import('./duckdb/store.js');
    return new DuckDbStore(config, use === 'look');
  }
  const { SnowflakeStore } = await import('./snowflake/store.js');
  const { TIMEOUTS } = await import('./snowflake/session/session.js');
  const once = use === 'try' ? { again: [] } : {};
  return new SnowflakeStore(config, pipeline, { ...TIMEOUTS, ...once, ...timeouts });
}
