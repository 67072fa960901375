import type { EpochMs } from '../../time.js';

/** A record that a destination has as live. */
export interface KnownRecord {
  id: string;
  /** When its row says that it was last modified; null: that is not known. */
  version: EpochMs | null;
}

/** The records that a stream's destination has as live, which may no longer be live in HubSpot. */
export interface KnownRecords {
  /** Those whose ids are greater than one, ascending. Ids that are not whole numbers are left out. */
  after(id: string): AsyncIterable<KnownRecord>;
}
