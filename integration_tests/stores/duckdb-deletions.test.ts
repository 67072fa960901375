import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { deletionBehaviours } from './deletions.js';

deletionBehaviours(new DuckDbWarehouse(), ['after-write', 'before-commit', 'after-commit']);
