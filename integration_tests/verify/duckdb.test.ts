import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { verifyBehaviours } from './behaviours.js';

verifyBehaviours(new DuckDbWarehouse(), 15);
