import { environmentOf } from './dotenv.js';
import { readConfigFile } from './files.js';
import { type PipelineConfig, parsePipelineConfig } from './pipeline.js';

/**
 * Reads a pipeline from a JSON or YAML file, its `${NAME}`s from the environment and from a `.env` beside the file. Throws a
 * ConfigError.
 */
export function readPipeline(path: string): PipelineConfig {
  const document = readConfigFile(path, 'pipeline configuration');
  return parsePipelineConfig(document, environmentOf(path, document));
}
