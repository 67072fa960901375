import type { DestinationConfig } from '../config/destination.js';
import type { Store } from './store.js';

/**
 * Opens the store a configuration names. Its driver is loaded only now: it is the heaviest part of a start.
 *
 * @param pipeline the name of the pipeline that writes, if one does
 * @param readOnly only to look at it: opening it makes nothing either
 */
export async function openStore(
  config: DestinationConfig,
  pipeline: string | null = null,
  readOnly = false,
): Promise<Store> {
  const store = await makeStore(config, pipeline, readOnly);
  try {
    await store.open();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function makeStore(config: DestinationConfig, pipeline: string | null, readOnly: boolean): Promise<Store> {
  if (config.type === 'duckdb') {
    const { DuckDbStore } = await import('./duckdb/store.js');
    return new DuckDbStore(config, readOnly);
  }
  const { SnowflakeStore } = await import('./snowflake/store.js');
  return new SnowflakeStore(config, pipeline);
}
