import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { tableRowBehaviours } from './table-rows.js';

tableRowBehaviours(new StandInWarehouse());
