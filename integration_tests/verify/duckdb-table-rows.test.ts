import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { tableRowBehaviours } from './table-rows.js';

tableRowBehaviours(new DuckDbWarehouse());
