import type { DestinationConfig } from '../config/destination.js';
import { ConfigError } from '../errors.js';
import type { SchemaPair } from './compare/schema-pair.js';
import type { Timeouts } from './snowflake/session/session.js';

/** Opens two schemas of one warehouse, to read them side by side. Loads its driver only now. */
export async function openSchemaPair(
  left: DestinationConfig,
  right: DestinationConfig,
  timeouts: Partial<Timeouts> = {},
): Promise<SchemaPair> {
  if (left.type === 'duckdb' && right.type === 'duckdb') {
    const { DuckDbSchemaPair } = await import('./duckdb/schema-pair.js');
    return DuckDbSchemaPair.open(left, right);
  }
  if (left.type === 'snowflake' && right.type === 'snowflake') {
    const { SnowflakeSchemaPair } = await import('./snowflake/schema-pair.js');
    return SnowflakeSchemaPair.open(left, right, timeouts);
  }
  throw new ConfigError(
    `--left is of ${left.type} and --right of ${right.type}: both must be of one kind, since the comparison runs in one warehouse.`,
  );
}
