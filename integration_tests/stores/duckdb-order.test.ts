import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { orderBehaviours } from './order.js';

const MORE = Number(process.env.HUBFLAKE_SCHEDULES ?? 50);

orderBehaviours(new DuckDbWarehouse(), { histories: MORE, permutations: Math.ceil(MORE / 2) });
