import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { sweepBehaviours } from '../sweeps.js';

sweepBehaviours(new DuckDbWarehouse(), 15);
