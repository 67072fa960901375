import { ConfigError } from '../errors.js';
import type { ConfiguredCatalog, ConfiguredStream } from './messages.js';

const SYNC_MODES = ['full_refresh', 'incremental'];
const DESTINATION_MODES = ['append', 'overwrite', 'append_dedup', 'update', 'soft_delete'];

/**
 * Checks that `value` is a ConfiguredAirbyteCatalog. Throws a ConfigError that names the path, what was expected and what was
 * found. A plain catalog, as `discover` prints it, is told apart, since that is the usual mistake.
 */
export function parseConfiguredCatalog(value: unknown, file: string): ConfiguredCatalog {
  const wrong = (path: string, expected: string, found: unknown): never => {
    const shown = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 80);
    throw new ConfigError(`The catalog ${file} cannot be used: ${path} should be ${expected}, but is ${shown}.`);
  };
  const streams = (value as { streams?: unknown } | null)?.streams;
  if (!Array.isArray(streams)) {
    const hint =
      (value as { type?: unknown } | null)?.type === 'CATALOG' ? ' (this is the message `discover` prints)' : '';
    return wrong('streams', `a list of configured streams${hint}`, streams);
  }
  streams.forEach((entry: Partial<ConfiguredStream> & { name?: string }, index) => {
    const path = `streams[${index}]`;
    if (entry?.stream === undefined && typeof entry?.name === 'string') {
      wrong(path, 'a configured stream: { "stream": {…}, "sync_mode": …, "destination_sync_mode": … }', entry.name);
    }
    if (typeof entry?.stream?.name !== 'string') wrong(`${path}.stream.name`, 'a string', entry?.stream?.name);
    if (!SYNC_MODES.includes(entry.sync_mode as string)) {
      wrong(`${path}.sync_mode`, SYNC_MODES.join(' or '), entry.sync_mode);
    }
    if (!DESTINATION_MODES.includes(entry.destination_sync_mode as string)) {
      wrong(`${path}.destination_sync_mode`, `one of ${DESTINATION_MODES.join(', ')}`, entry.destination_sync_mode);
    }
  });
  return value as ConfiguredCatalog;
}
