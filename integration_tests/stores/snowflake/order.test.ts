import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { orderBehaviours } from '../order.js';

// The stand-in takes seconds where DuckDB takes milliseconds.
orderBehaviours(new StandInWarehouse(), { histories: 3, permutations: 2 });
