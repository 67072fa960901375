import { WANTED } from '../support/play-all.js';
import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { orderBehaviours } from './order.js';

/** The stand-in takes seconds where DuckDB takes milliseconds. */
const SOME = Math.ceil(WANTED / 8);

orderBehaviours(new StandInWarehouse(), { histories: SOME, permutations: Math.ceil(SOME / 2) });
