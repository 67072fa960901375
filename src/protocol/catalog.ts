import { ConfigError } from '../errors.js';
import { isOneOf, memberOf } from '../json.js';
import type { ConfiguredCatalog, ConfiguredStream } from './messages.js';

const SYNC_MODES = ['full_refresh', 'incremental'];
const DESTINATION_MODES = ['append', 'overwrite', 'append_dedup', 'update', 'soft_delete'];

/**
 * Parses a ConfiguredAirbyteCatalog. Throws a ConfigError that names the path, what was expected and what was found. The usual
 * mistake, passing the plain catalog that `discover` prints, has a message of its own.
 */
export function parseConfiguredCatalog(value: unknown, file: string): ConfiguredCatalog {
  const streams = memberOf(value, 'streams');
  if (!Array.isArray(streams)) {
    const hint = memberOf(value, 'type') === 'CATALOG' ? ' (this is the message `discover` prints)' : '';
    throw wrong(file, 'streams', `a list of configured streams${hint}`, streams);
  }
  return {
    streams: streams.map((entry: unknown, index) => {
      checkStream(entry, file, `streams[${index}]`);
      return entry;
    }),
  };
}

function checkStream(entry: unknown, file: string, path: string): asserts entry is ConfiguredStream {
  const stream = memberOf(entry, 'stream');
  const name = memberOf(entry, 'name');
  if (stream === undefined && typeof name === 'string') {
    const expected = 'a configured stream: { "stream": {…}, "sync_mode": …, "destination_sync_mode": … }';
    throw wrong(file, path, expected, name);
  }
  if (typeof memberOf(stream, 'name') !== 'string') {
    throw wrong(file, `${path}.stream.name`, 'a string', memberOf(stream, 'name'));
  }
  const mode = memberOf(entry, 'sync_mode');
  if (!isOneOf(SYNC_MODES, mode)) throw wrong(file, `${path}.sync_mode`, SYNC_MODES.join(' or '), mode);
  const destinationMode = memberOf(entry, 'destination_sync_mode');
  if (!isOneOf(DESTINATION_MODES, destinationMode)) {
    throw wrong(file, `${path}.destination_sync_mode`, `one of ${DESTINATION_MODES.join(', ')}`, destinationMode);
  }
}

function wrong(file: string, path: string, expected: string, found: unknown): ConfigError {
  const text = found === undefined ? 'nothing' : JSON.stringify(found)?.slice(0, 80);
  return new ConfigError(`The catalog ${file} cannot be used: ${path} should be ${expected}, but is ${text}.`);
}
