import { readFileSync } from 'node:fs';

export const SPECS = ['source', 'destination', 'destination-duckdb', 'pipeline'] as const;
export type SpecName = (typeof SPECS)[number];

/** Reads one of the JSON Schemas in `spec/`, by its name without the ending. */
export function readSpec(name: SpecName): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../spec/${name}.json`, import.meta.url), 'utf8'));
}
