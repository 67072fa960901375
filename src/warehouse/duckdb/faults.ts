import {
  asHubflakeError,
  HubflakeError,
  isProgrammingError,
  WarehouseConfigError,
  WarehouseError,
} from '../../errors.js';
import { messageOf } from '../error-parts.js';
import type { Target } from '../target.js';
import { isOutOfMemory } from './memory.js';

/** What an error of a write means. @param database its path, and the memory that DuckDB may take */
export function writeError(
  error: unknown,
  { table, columns }: Target,
  { path, memoryBytes }: { path: string; memoryBytes: number },
): HubflakeError {
  if (error instanceof WarehouseConfigError) return error;
  if (isProgrammingError(error)) return asHubflakeError(error);
  const text = messageOf(error);
  const [said] = text.split('\n');
  const details = { cause: error, internal: text };
  if (isOutOfMemory(error)) {
    return new WarehouseConfigError(
      `Writing to the table ${table}, which has ${columns.length} columns, takes more than the ${Math.round(memoryBytes / 2 ** 20)} MB of memory that DuckDB may take. Raise memory_limit_mb.`,
      details,
    );
  }
  if (/NOT NULL constraint/i.test(text)) {
    return new WarehouseConfigError(
      `Writing to the table ${table} failed: a column was made NOT NULL, and a record has no value for it. DuckDB says: ${said}. Run: ALTER TABLE … ALTER COLUMN … DROP NOT NULL`,
      details,
    );
  }
  return new WarehouseError(
    `Writing to the table ${table} in ${path} failed: ${said}. The state behind this batch was not kept; run it again.`,
    details,
  );
}

/** What an error means that is of no stream's table. @param doing what failed, as "Reading the states" @param path of the database */
export function storeError(error: unknown, doing: string, path: string): HubflakeError {
  if (error instanceof HubflakeError || isProgrammingError(error)) return asHubflakeError(error);
  const text = messageOf(error);
  return new WarehouseError(
    `${doing} in ${path} failed: ${text.split('\n')[0]}. See that the disk has room, and that the file can be read and written.`,
    { cause: error, internal: text },
  );
}
