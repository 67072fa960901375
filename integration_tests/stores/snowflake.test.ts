import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { storeBehaviours } from './behaviours.js';

storeBehaviours(new StandInWarehouse());
