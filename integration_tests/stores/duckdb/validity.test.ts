import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { validityBehaviours } from '../validity.js';

validityBehaviours(new DuckDbWarehouse(), 60);
