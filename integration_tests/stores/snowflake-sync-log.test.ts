import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { syncLogBehaviours } from './sync-log.js';

syncLogBehaviours(new StandInWarehouse());
