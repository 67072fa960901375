import { ConfigError } from '../errors.js';
import { memberOf } from '../json.js';
import { type LoaderOptions, loaderOptions, MEGABYTE } from './loader-options.js';
import { validate } from './schema.js';
import { parseSnowflakeConfig, type SnowflakeConfig } from './snowflake/snowflake.js';

export type { LoaderOptions };

export interface DuckDbConfig {
  type: 'duckdb';
  path: string;
  schema: string;
  /** DuckDB's memory limit; null: derived from the machine's memory. */
  memoryBytes: number | null;
  loader: LoaderOptions;
}

export type DestinationConfig = DuckDbConfig | (SnowflakeConfig & { loader: LoaderOptions });

/** Checks a destination configuration and gives it its defaults. Throws a ConfigError that lists every mistake. */
export function parseDestinationConfig(value: unknown): DestinationConfig {
  const document = structuredClone(value);
  const type = memberOf(document, 'type') ?? 'snowflake';
  if (type === 'duckdb') {
    const options = validate('destination-duckdb', document, 'destination configuration');
    const { memory_limit_mb: memory } = options;
    return {
      type,
      path: options.path,
      schema: options.schema,
      memoryBytes: memory === undefined ? null : memory * MEGABYTE,
      loader: loaderOptions(options),
    };
  }
  if (type !== 'snowflake') {
    throw new ConfigError(
      `The destination configuration cannot be used: type should be "snowflake" or "duckdb", but is ${JSON.stringify(type)}.`,
    );
  }
  return parseSnowflakeConfig(document);
}
