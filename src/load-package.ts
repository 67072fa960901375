import { createRequire } from 'node:module';

/**
 * Loads a CommonJS package. `import` would first have files of it read by Node's lexer of exports: of the 0.26 CPU seconds that importing
 * @duckdb/node-api takes that is 0.16, of 0.46 for snowflake-sdk 0.05 (measured with Node 20).
 */
export const loadPackage = createRequire(import.meta.url);
