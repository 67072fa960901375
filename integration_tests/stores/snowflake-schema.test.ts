import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { schemaBehaviours } from './schema-behaviours.js';

schemaBehaviours(new StandInWarehouse());
