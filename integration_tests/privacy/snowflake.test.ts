import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import { processedValues } from './tables.js';

processedValues(new StandInWarehouse());
