import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { syncLogBehaviours } from './sync-log.js';

syncLogBehaviours(new DuckDbWarehouse());
