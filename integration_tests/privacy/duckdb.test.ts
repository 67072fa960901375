import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { processedValues } from './tables.js';

processedValues(new DuckDbWarehouse());
