import { createRequire } from 'node:module';

/**
 * Loads a CommonJS package. `import` would first analyse its files for exports, which accounts for 0.16 of the 0.26 CPU seconds
 * that importing @duckdb/node-api takes, and for 0.05 of 0.46 for snowflake-sdk (measured with Node 20).
 */
export const loadPackage = createRequire(import.meta.url);
