import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import { tableRowBehaviours } from './table-rows.js';

tableRowBehaviours(new StandInWarehouse());
