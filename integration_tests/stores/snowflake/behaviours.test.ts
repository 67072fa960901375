import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { storeBehaviours } from '../behaviours.js';

storeBehaviours(new StandInWarehouse());
