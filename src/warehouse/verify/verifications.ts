import type { LogTable } from '../log-table.js';

/** What a verification has found of a stream. */
export interface Verification {
  pipeline: string;
  stream: string;
  table: string;
  /** ISO instants. */
  startedAt: string;
  finishedAt: string;
  isDeep: boolean;
  /** Records in HubSpot, as far as they belong to the stream. */
  portal: number;
  /** Live rows. */
  rows: number;
  missing: number;
  stale: number;
  ghosts: number;
  /** Differences of what changed lately, which the next sync brings. */
  pending: number;
  mended: number;
  /** Calls to HubSpot. */
  calls: number;
  /** Whether every record was looked at; otherwise most were only counted. */
  isProved: boolean;
  notes: string;
}

/** The table in which verifications leave what they found, a row for each stream. */
export const VERIFICATIONS: LogTable<Verification> = {
  name: '_HUBFLAKE_VERIFICATIONS',
  columns: [
    ['PIPELINE', 'text', (row) => row.pipeline],
    ['STREAM', 'text', (row) => row.stream],
    ['TABLE_NAME', 'text', (row) => row.table],
    ['STARTED_AT', 'instant', (row) => row.startedAt],
    ['FINISHED_AT', 'instant', (row) => row.finishedAt],
    ['IS_DEEP', 'boolean', (row) => row.isDeep],
    ['PORTAL_RECORDS', 'number', (row) => row.portal],
    ['TABLE_ROWS', 'number', (row) => row.rows],
    ['MISSING', 'number', (row) => row.missing],
    ['STALE', 'number', (row) => row.stale],
    ['GHOSTS', 'number', (row) => row.ghosts],
    ['PENDING', 'number', (row) => row.pending],
    ['MENDED', 'number', (row) => row.mended],
    ['CALLS', 'number', (row) => row.calls],
    ['IS_PROVED', 'boolean', (row) => row.isProved],
    ['NOTES', 'text', (row) => row.notes],
  ],
};
