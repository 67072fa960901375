import type { LogTable } from './log-table.js';

/** What a sync did to one stream. */
export interface LoggedSync {
  pipeline: string;
  stream: string;
  table: string;
  /** ISO instants: of the sync, not of its stream. */
  startedAt: string;
  endedAt: string;
  /** `complete`; `incomplete`: it was stopped; `failed`. */
  status: 'complete' | 'incomplete' | 'failed';
  /** Records that were read. */
  records: number;
  inserted: number;
  updated: number;
  marked: number;
  removed: number;
  /** Attempts of calls to HubSpot, those for several streams under the first of them. */
  calls: number;
  leastCalls: number;
  /** Attempts that were made again. */
  retries: number;
  /** Seconds that calls have waited for HubSpot's limits, or to be made again. */
  waitSeconds: number;
  /** Bytes of HubSpot's answers, uncompressed. */
  bytes: number;
  /** Seconds from a record's modification to its commit; null: no modified record was committed. */
  freshness: { p50: number; p95: number; most: number } | null;
  errorCode: string | null;
  error: string | null;
  /** Of hubflake. */
  version: string;
}

/** The table in which syncs leave what they did, a row for each stream. */
export const SYNCS: LogTable<LoggedSync> = {
  name: '_HUBFLAKE_SYNCS',
  columns: [
    ['PIPELINE', 'text', (row) => row.pipeline],
    ['STREAM', 'text', (row) => row.stream],
    ['TABLE_NAME', 'text', (row) => row.table],
    ['STARTED_AT', 'instant', (row) => row.startedAt],
    ['ENDED_AT', 'instant', (row) => row.endedAt],
    ['STATUS', 'text', (row) => row.status],
    ['RECORDS', 'number', (row) => row.records],
    ['INSERTED', 'number', (row) => row.inserted],
    ['UPDATED', 'number', (row) => row.updated],
    ['MARKED', 'number', (row) => row.marked],
    ['REMOVED', 'number', (row) => row.removed],
    ['CALLS', 'number', (row) => row.calls],
    ['LEAST_CALLS', 'number', (row) => row.leastCalls],
    ['RETRIES', 'number', (row) => row.retries],
    ['WAIT_SECONDS', 'decimal', (row) => row.waitSeconds],
    ['BYTES', 'number', (row) => row.bytes],
    ['FRESHNESS_P50_SECONDS', 'decimal', (row) => row.freshness?.p50 ?? null],
    ['FRESHNESS_P95_SECONDS', 'decimal', (row) => row.freshness?.p95 ?? null],
    ['FRESHNESS_MAX_SECONDS', 'decimal', (row) => row.freshness?.most ?? null],
    ['ERROR_CODE', 'text', (row) => row.errorCode],
    ['ERROR', 'text', (row) => row.error],
    ['VERSION', 'text', (row) => row.version],
  ],
};
