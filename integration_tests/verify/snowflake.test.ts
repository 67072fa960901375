import { orphanLease } from '../support/processes/orphan-lease.js';
import { StandInWarehouse } from '../support/stand-in/snowflake-warehouse.js';
import { verifyBehaviours } from './behaviours.js';

const warehouse = new StandInWarehouse();

verifyBehaviours(warehouse, 4, () => orphanLease(warehouse));
