import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { validityBehaviours } from '../validity.js';

/** The stand-in takes seconds where DuckDB takes milliseconds. */
validityBehaviours(new StandInWarehouse(), 5);
