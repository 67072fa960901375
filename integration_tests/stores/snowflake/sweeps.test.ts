import { orphanLease } from '../../support/processes/orphan-lease.js';
import { StandInWarehouse } from '../../support/stand-in/snowflake-warehouse.js';
import { sweepBehaviours } from '../sweeps.js';

const warehouse = new StandInWarehouse();
sweepBehaviours(warehouse, 2, () => orphanLease(warehouse));
