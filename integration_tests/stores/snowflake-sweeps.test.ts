import { orphanLease } from '../support/orphan-lease.js';
import { StandInWarehouse } from '../support/snowflake-warehouse.js';
import { sweepBehaviours } from './sweeps.js';

const warehouse = new StandInWarehouse();
sweepBehaviours(warehouse, 2, () => orphanLease(warehouse));
