import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { verifyBehaviours } from './behaviours.js';

verifyBehaviours(new StandInWarehouse(), 4);
