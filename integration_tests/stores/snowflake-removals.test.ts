import { WANTED } from '../support/play-all.js';
import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { removalBehaviours } from './removals.js';

/** The stand-in takes seconds where DuckDB takes milliseconds. */
const SOME = Math.ceil(WANTED / 4);

removalBehaviours(new StandInWarehouse(), ['after-remove', 'after-write', 'before-commit', 'after-commit'], SOME);
