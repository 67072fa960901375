import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { storeBehaviours } from '../behaviours.js';

storeBehaviours(new DuckDbWarehouse());
