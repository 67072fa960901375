import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { keyBehaviours } from './keys.js';

keyBehaviours(new StandInWarehouse());
