import { DuckDbWarehouse } from '../support/duckdb-warehouse.js';
import { WANTED } from '../support/play-all.js';
import { removalBehaviours } from './removals.js';

removalBehaviours(new DuckDbWarehouse(), ['after-remove', 'after-write', 'before-commit', 'after-commit'], 3 * WANTED);
