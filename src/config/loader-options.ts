import { tmpdir } from 'node:os';
import type { DuckDbOptions, SnowflakeOptions } from './generated/options.js';

export const MEGABYTE = 1024 * 1024;

/** Options of the loader, common to all destinations. */
export interface LoaderOptions {
  /** The single configured table; null: a table per stream. */
  tableName: string | null;
  hardDeletes: boolean;
  /** typed: a column for each field. raw: the record as one JSON value, with a view that has the columns. */
  tableForm: DuckDbOptions['table_form'];
  spoolDir: string;
  spoolMaxBytes: number;
  flushBytes: number;
  flushMilliseconds: number;
  /** Which syncs `_HUBFLAKE_SYNCS` gets rows of. */
  syncLog: DuckDbOptions['sync_log'];
}

export function loaderOptions(options: DuckDbOptions | SnowflakeOptions): LoaderOptions {
  return {
    tableName: options.table_name ?? null,
    hardDeletes: options.cdc_deletion_mode === 'Hard delete',
    tableForm: options.table_form,
    spoolDir: options.spool_dir ?? tmpdir(),
    spoolMaxBytes: options.spool_max_mb * MEGABYTE,
    flushBytes: options.flush_mb * MEGABYTE,
    flushMilliseconds: options.flush_seconds * 1000,
    syncLog: options.sync_log,
  };
}
