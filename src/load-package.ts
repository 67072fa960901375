import { createRequire } from 'node:module';

/**
 * Loads a CommonJS package. `import` would first have each of its files read by Node's lexer of exports, which costs more than all else
 * that loading them does: of @duckdb/node-api 0.16 CPU seconds of 0.26, of snowflake-sdk 0.05.
 */
export const loadPackage = createRequire(import.meta.url);
