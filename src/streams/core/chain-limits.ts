/** When and how a list is read by several chains of pages at once. */
export interface ChainLimits {
  /** The number of records read by one chain before HubSpot's total is requested. */
  askAfter: number;
  /** The total from which more chains pay. */
  worthDividing: number;
  /** A chain with fewer remaining records is not divided. */
  leastLeft: number;
  most: number;
}

/** At 0.6 s per call, twelve chains reach the 19 calls per second that HubSpot allows. */
export const CHAINS: Readonly<ChainLimits> = { askAfter: 4_000, worthDividing: 50_000, leastLeft: 2_000, most: 12 };
