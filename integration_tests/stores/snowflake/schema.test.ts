import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { schemaBehaviours } from '../schema-behaviours.js';

schemaBehaviours(new StandInWarehouse());
