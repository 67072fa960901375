import { ConfigError } from '../errors.js';
import { type DestinationConfig, parseDestinationConfig } from './destination.js';
import { interpolate } from './environment.js';
import type { PipelineOptions } from './generated/options.js';
import { validate } from './schema.js';
import { parseSourceConfig, type SourceConfig } from './source.js';

type StreamOptions = NonNullable<PipelineOptions['streams']>[number];

export interface PipelineStream {
  name: string;
  syncMode: NonNullable<StreamOptions['sync_mode']> | null;
  destinationSyncMode: NonNullable<StreamOptions['destination_sync_mode']> | null;
}

export interface PipelineConfig {
  /** The key of the states in the warehouse. */
  name: string;
  source: SourceConfig;
  destination: DestinationConfig;
  /** null: every discovered stream, each in the best mode it supports. */
  streams: PipelineStream[] | null;
}

/** Validates a pipeline configuration after interpolating environment variables. Throws a ConfigError. */
export function parsePipelineConfig(value: unknown, environment: NodeJS.ProcessEnv = process.env): PipelineConfig {
  const { name, source, destination, streams } = validate(
    'pipeline',
    interpolate(value, environment),
    'pipeline configuration',
  );
  const names = streams?.map((stream) => stream.name) ?? [];
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined) throw new ConfigError(`streams lists "${twice}" twice. Leave one of the two entries.`);
  const [from, to] = [
    within('source', () => parseSourceConfig(source)),
    within('destination', () => parseDestinationConfig(destination)),
  ];
  if (from.layout === 'fivetran' && to.loader.tableForm === 'raw') {
    throw new ConfigError(
      'The layout "fivetran" needs tables with columns, and table_form is "raw", which keeps records as JSON. Leave table_form out.',
    );
  }
  return {
    name,
    source: from,
    destination: to,
    streams:
      streams?.map((stream) => ({
        name: stream.name,
        syncMode: stream.sync_mode ?? null,
        destinationSyncMode: stream.destination_sync_mode ?? null,
      })) ?? null,
  };
}

/** Says which part of the pipeline configuration the paths in an error message refer to. */
function within<T>(part: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`In "${part}": ${error.message}`, { cause: error });
    throw error;
  }
}
