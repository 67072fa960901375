/** The table of deleted keys and their versions, in each schema where a row was deleted. */
export const TOMBSTONES = '_HUBFLAKE_TOMBSTONES';

/** Longer than HubSpot still shows anything of a deleted record, which is 90 days. */
export const DAYS_KEPT = 95;
