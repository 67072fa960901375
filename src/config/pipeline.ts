import { ConfigError } from '../errors.js';
import { type DestinationConfig, parseDestinationConfig } from './destination.js';
import { interpolate } from './environment.js';
import { validate } from './schema.js';
import { parseSourceConfig, type SourceConfig } from './source.js';

export interface PipelineStream {
  name: string;
  syncMode: 'full_refresh' | 'incremental' | null;
  destinationSyncMode: 'append' | 'append_dedup' | 'overwrite' | null;
}

export interface PipelineConfig {
  /** Keys the state in the warehouse. */
  name: string;
  source: SourceConfig;
  destination: DestinationConfig;
  /** null: every discovered stream, each in the best mode it has. */
  streams: PipelineStream[] | null;
}

/** Checks a pipeline configuration, with the environment's values put in. Throws a ConfigError. */
export function parsePipelineConfig(value: unknown, environment: NodeJS.ProcessEnv = process.env): PipelineConfig {
  const config = interpolate(value, environment) as Record<string, unknown>;
  validate('pipeline', config, 'pipeline configuration');
  const streams = config.streams as Record<string, string>[] | undefined;
  const names = streams?.map((stream) => stream.name as string) ?? [];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`streams lists "${twice}" twice. Leave one of the two entries.`);
  return {
    name: config.name as string,
    source: within('source', () => parseSourceConfig(config.source)),
    destination: within('destination', () => parseDestinationConfig(config.destination)),
    streams:
      streams?.map((stream) => ({
        name: stream.name as string,
        syncMode: (stream.sync_mode as PipelineStream['syncMode']) ?? null,
        destinationSyncMode: (stream.destination_sync_mode as PipelineStream['destinationSyncMode']) ?? null,
      })) ?? null,
  };
}

/** The source's and the destination's messages give paths of their own part; this says which part. */
function within<T>(part: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`In "${part}": ${error.message}`, { cause: error });
    throw error;
  }
}
