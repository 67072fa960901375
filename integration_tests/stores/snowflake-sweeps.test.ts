import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { sweepBehaviours } from './sweeps.js';

sweepBehaviours(new StandInWarehouse(), 2);
