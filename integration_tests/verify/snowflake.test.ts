import { orphanLease } from '../support/orphan-lease.js';
import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { verifyBehaviours } from './behaviours.js';

const warehouse = new StandInWarehouse();

verifyBehaviours(warehouse, 4, () => orphanLease(warehouse));
