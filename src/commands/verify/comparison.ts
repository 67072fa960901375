import type { Instant } from '../../time.js';
import type { Verification } from '../../warehouse/verify/verifications.js';

/** What a comparison has found. */
export interface Comparison extends Omit<Verification, 'pipeline' | 'startedAt' | 'finishedAt' | 'isDeep' | 'notes'> {
  /** The fewest calls that could have told. */
  least: number;
  notes: string[];
}

/** How a stream's table compares with HubSpot. */
export interface StreamVerification extends Comparison {
  startedAt: Instant;
  finishedAt: Instant;
}
