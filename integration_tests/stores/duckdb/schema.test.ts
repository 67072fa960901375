import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { schemaBehaviours } from '../schema-behaviours.js';

schemaBehaviours(new DuckDbWarehouse());
