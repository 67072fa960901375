import { tmpdir } from 'node:os';
import { ConfigError } from '../errors.js';
import { readSpec, validate } from './schema.js';

const MEGABYTE = 1024 * 1024;

/** What every store needs, however it is reached. */
export interface LoaderOptions {
  /** The single configured table, or null: a table per stream. */
  tableName: string | null;
  hardDeletes: boolean;
  spoolDir: string;
  spoolMaxBytes: number;
  flushBytes: number;
  flushMilliseconds: number;
}

export interface DuckDbConfig {
  type: 'duckdb';
  path: string;
  schema: string;
  loader: LoaderOptions;
}

export type DestinationConfig = DuckDbConfig;

/** Checks a destination configuration and gives it its defaults. Throws a ConfigError that lists every mistake. */
export function parseDestinationConfig(value: unknown): DestinationConfig {
  const config = structuredClone(value) as Record<string, unknown>;
  const type = (config as { type?: unknown } | null)?.type ?? 'snowflake';
  if (type === 'snowflake') {
    throw new ConfigError(
      'The Snowflake store is not part of this version of hubflake. Use "type": "duckdb" with a "path".',
    );
  }
  validate(readSpec('destination'), config, 'destination configuration');
  return {
    type: 'duckdb',
    path: config.path as string,
    schema: config.schema as string,
    loader: {
      tableName: (config.table_name as string | undefined) ?? null,
      hardDeletes: config.cdc_deletion_mode === 'Hard delete',
      spoolDir: (config.spool_dir as string | undefined) ?? tmpdir(),
      spoolMaxBytes: (config.spool_max_mb as number) * MEGABYTE,
      flushBytes: (config.flush_mb as number) * MEGABYTE,
      flushMilliseconds: (config.flush_seconds as number) * 1000,
    },
  };
}
