import { tmpdir } from 'node:os';
import { ConfigError } from '../errors.js';
import { validate } from './schema.js';
import { parseSnowflakeConfig, type SnowflakeConfig } from './snowflake.js';

const MEGABYTE = 1024 * 1024;

/** What every store needs, however it is reached. */
export interface LoaderOptions {
  /** The single configured table, or null: a table per stream. */
  tableName: string | null;
  hardDeletes: boolean;
  /** A column for each field; or the record as one value, with a view that has the columns. */
  tableForm: 'typed' | 'raw';
  spoolDir: string;
  spoolMaxBytes: number;
  flushBytes: number;
  flushMilliseconds: number;
}

export interface DuckDbConfig {
  type: 'duckdb';
  path: string;
  schema: string;
  /** What DuckDB may take of the memory; null: as the machine has it. */
  memoryBytes: number | null;
  loader: LoaderOptions;
}

export type DestinationConfig = DuckDbConfig | (SnowflakeConfig & { loader: LoaderOptions });

/** Checks a destination configuration and gives it its defaults. Throws a ConfigError that lists every mistake. */
export function parseDestinationConfig(value: unknown): DestinationConfig {
  const config = structuredClone(value) as Record<string, unknown>;
  const type = (config as { type?: unknown } | null)?.type ?? 'snowflake';
  if (type === 'duckdb') {
    validate('destination-duckdb', config, 'destination configuration');
    const memory = config.memory_limit_mb as number | undefined;
    return {
      type,
      path: config.path as string,
      schema: config.schema as string,
      memoryBytes: memory === undefined ? null : memory * MEGABYTE,
      loader: loaderOptions(config),
    };
  }
  if (type !== 'snowflake') {
    throw new ConfigError(
      `The destination configuration cannot be used: type should be "snowflake" or "duckdb", but is ${JSON.stringify(type)}.`,
    );
  }
  const snowflake = parseSnowflakeConfig(config);
  return { ...snowflake, loader: loaderOptions(config) };
}

function loaderOptions(config: Record<string, unknown>): LoaderOptions {
  return {
    tableName: (config.table_name as string | undefined) ?? null,
    hardDeletes: config.cdc_deletion_mode === 'Hard delete',
    tableForm: config.table_form as LoaderOptions['tableForm'],
    spoolDir: (config.spool_dir as string | undefined) ?? tmpdir(),
    spoolMaxBytes: (config.spool_max_mb as number) * MEGABYTE,
    flushBytes: (config.flush_mb as number) * MEGABYTE,
    flushMilliseconds: (config.flush_seconds as number) * 1000,
  };
}
