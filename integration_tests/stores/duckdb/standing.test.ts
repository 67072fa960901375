import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { standingBehaviours } from '../standing.js';

standingBehaviours(new DuckDbWarehouse());
