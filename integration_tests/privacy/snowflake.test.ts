import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { processedValues } from './tables.js';

processedValues(new StandInWarehouse());
