import { DuckDbWarehouse } from '../../support/duckdb-warehouse.js';
import { orderBehaviours } from '../order.js';

orderBehaviours(new DuckDbWarehouse(), { histories: 20, permutations: 10 });
