import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { deletionBehaviours } from '../deletions.js';

deletionBehaviours(new StandInWarehouse(), ['after-remember', 'after-write']);
