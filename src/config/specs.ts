import { readFileSync } from 'node:fs';

/** Reads one of the JSON Schemas in `spec/`, by its name without the ending. */
export function readSpec(name: 'source' | 'destination' | 'destination-duckdb' | 'pipeline'): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../spec/${name}.json`, import.meta.url), 'utf8'));
}
