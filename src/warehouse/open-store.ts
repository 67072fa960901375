import type { DestinationConfig } from '../config/destination.js';
import type { Store } from './store.js';

/** Opens the store a configuration names. Its driver is loaded only now: it is the heaviest part of a start. */
export async function openStore(config: DestinationConfig): Promise<Store> {
  const { DuckDbStore } = await import('./duckdb/store.js');
  const store = new DuckDbStore(config);
  await store.open();
  return store;
}
