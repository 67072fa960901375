import { asHubflakeError } from '../../errors.js';
import type { StreamFailure } from '../../streams/read.js';
import type { StreamResult } from '../../warehouse/loader/stream-load.js';
import type { Counts } from '../../warehouse/store.js';
import type { Freshness } from './ledger.js';

/** What a sync did to one table. */
export interface TableResult extends Counts {
  stream: string;
  table: string;
  /** Records read from HubSpot. */
  records: number;
  complete: boolean;
  /** Attempts of calls to HubSpot; those for several streams that are read together count for the first of them. */
  calls: number;
  /** The fewest calls that could return what was read; only of a stream that was read to its end. */
  leastCalls?: number;
  /** Seconds from modifications to commits; only where an increment brought records. */
  freshness?: Freshness;
  /** The properties of records of which HubSpot no longer had all past values; only where there are any. */
  incompleteHistories?: number;
}

/** A failure as results show it. */
export interface DescribedFailure {
  stream: string;
  code: string;
  kind: string;
  message: string;
}

/** What a sync did. */
export interface SyncResult {
  pipeline: string;
  streams: TableResult[];
  /** Calls to HubSpot, and the fewest that could return what was read. */
  calls: { total: number; repeats: number; least: number; byKind: Record<string, number> };
  seconds: number;
  errors: DescribedFailure[];
}

export function describeFailure({ stream, error }: { stream: string; error: unknown }): DescribedFailure {
  const { code, kind, message } = asHubflakeError(error);
  return { stream, code, kind, message };
}

/** All failures, each stream once; a table that was not written because reading failed is not a second failure. */
export function failuresOf(reading: readonly StreamFailure[], results: readonly StreamResult[]): DescribedFailure[] {
  const failed = new Map(reading.map(({ stream, error }) => [stream, error]));
  for (const { stream, error } of results) if (error && !failed.has(stream)) failed.set(stream, error);
  return [...failed].map(([stream, error]) => describeFailure({ stream, error }));
}
