import type { StandInWarehouse } from '../stand-in/snowflake-warehouse.js';

/** To this machine the process that held the lease is this one, which lives on: it must look like one that is gone. */
export async function orphanLease(warehouse: StandInWarehouse): Promise<void> {
  if (!(await warehouse.hasStates())) return;
  const owner = `REPLACE("OWNER", '"started":"', '"started":"gone ')`;
  await warehouse.execute(`UPDATE {table} SET "OWNER" = ${owner} WHERE "STREAM" = ''`, '_HUBFLAKE_STATE');
}
