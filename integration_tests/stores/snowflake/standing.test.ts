import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { standingBehaviours } from '../standing.js';

standingBehaviours(new StandInWarehouse());
