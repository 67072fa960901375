import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../json.js';
import type { DuckDbOptions, PipelineOptions, SnowflakeOptions, SourceOptions } from './generated/options.js';

export const SPECS = ['source', 'destination', 'destination-duckdb', 'pipeline'] as const;
export type SpecName = (typeof SPECS)[number];

/** The type of a valid document of each schema, with the schema's defaults filled in. */
export interface OptionsOf {
  source: SourceOptions;
  destination: SnowflakeOptions;
  'destination-duckdb': DuckDbOptions;
  pipeline: PipelineOptions;
}

/** The parts of a JSON Schema that are used here; `airbyte_secret` and `pattern_descriptor` are Airbyte's own keywords. */
export interface Schema {
  $schema?: string;
  properties?: Record<string, Schema>;
  oneOf?: Schema[];
  items?: Schema;
  const?: JsonValue;
  airbyte_secret?: boolean;
  pattern_descriptor?: string;
}

const read = new Map<SpecName, JsonObject & Schema>();

/** Reads one of the JSON Schemas in `spec/`, by its name without the extension. The same one each time. */
export function readSpec(name: SpecName): JsonObject & Schema {
  const known = read.get(name);
  if (known) return known;
  const schema: JsonObject & Schema = JSON.parse(
    readFileSync(new URL(`../../spec/${name}.json`, import.meta.url), 'utf8'),
  );
  read.set(name, schema);
  return schema;
}
