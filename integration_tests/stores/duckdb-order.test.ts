import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { WANTED } from '../support/play-all.js';
import { orderBehaviours } from './order.js';

orderBehaviours(new DuckDbWarehouse(), { histories: WANTED, permutations: Math.ceil(WANTED / 2) });
