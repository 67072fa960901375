import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { keyBehaviours } from './keys.js';

keyBehaviours(new DuckDbWarehouse());
