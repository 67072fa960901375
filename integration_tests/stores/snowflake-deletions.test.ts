import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { deletionBehaviours } from './deletions.js';

deletionBehaviours(new StandInWarehouse(), ['after-remember', 'after-write']);
