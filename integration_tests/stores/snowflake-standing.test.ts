import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { standingBehaviours } from './standing.js';

standingBehaviours(new StandInWarehouse());
