import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { WANTED } from '../support/play-all.js';
import { validityBehaviours } from './validity.js';

validityBehaviours(new DuckDbWarehouse(), 3 * WANTED);
