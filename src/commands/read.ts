import { readConfigFile, readJsonFile } from '../config/files.js';
import { parseSourceConfig, type SourceConfig } from '../config/source.js';
import { isObject } from '../json.js';
import { type LogLevel, log } from '../log.js';
import { parseConfiguredCatalog } from '../protocol/catalog.js';
import { encodeMessage } from '../protocol/encode.js';
import type { MessageOutput } from '../protocol/output.js';
import { parseInputState } from '../protocol/state.js';
import { Portal } from '../streams/portal.js';
import { readStreams } from '../streams/read.js';
import { epochNow } from '../time.js';
import { withHubSpot } from './runner/hubspot-session.js';
import { catalogPath, configPath } from './runner/options.js';
import type { ProtocolIo } from './runner/protocol-command.js';
import { ProtocolSink } from './sinks/protocol-sink.js';

/** `hubflake read`: emits the records of the configured streams, resuming from their states. Exit code 1 when a stream failed. */
export async function read(
  { output, stop, streams: declared }: ProtocolIo,
  options: { config?: string; catalog?: string; state?: string; level: LogLevel },
): Promise<number> {
  const config = parseSourceConfig(readConfigFile(configPath(options), 'configuration'));
  const catalogFile = catalogPath(options);
  const catalog = parseConfiguredCatalog(readJsonFile(catalogFile, 'catalog'), catalogFile);
  const states = options.state ? parseInputState(readJsonFile(options.state, 'state'), options.state) : new Map();
  if (options.state) {
    reportUnknownStreams(
      [...states.keys()],
      catalog.streams.map(({ stream }) => stream.name),
      options.state,
    );
  }
  const streams = catalog.streams.map(({ stream, sync_mode }) => ({
    name: stream.name,
    mode: sync_mode,
    state: states.get(stream.name) ?? null,
    optional: false,
  }));
  const onRefreshToken = (token: string) => announceRefreshToken(output, config, token);
  const { failures } = await withHubSpot(config, { signal: stop.signal, onRefreshToken }, async (client) => {
    const names = streams.map((stream) => stream.name);
    const portal = await Portal.open(client, config, names, { declared });
    const sink = new ProtocolSink(output, options.level === 'debug' || options.level === 'trace');
    return readStreams(portal, streams, sink);
  });
  return failures.length > 0 ? 1 : 0;
}

/** Reports states of streams that are not in the catalog: a wrong state file would silently cause everything to be read again. */
function reportUnknownStreams(given: readonly string[], streams: readonly string[], file: string): void {
  const strangers = given.filter((name) => !streams.includes(name));
  if (strangers.length === 0) return;
  const names = strangers.map((name) => `"${name}"`).join(', ');
  if (strangers.length < given.length) {
    log.info(`The state ${file} names ${names}, which the catalog does not have.`);
    return;
  }
  log.warn(
    `The state ${file} names only ${names}, which the catalog does not have, so every stream is read from the start. Expected is a ` +
      'list of the last STATE messages of the run before, one for each stream.',
  );
}

/** Emits a CONTROL message that asks the platform to keep HubSpot's new refresh token for the next run. */
function announceRefreshToken(output: MessageOutput, config: SourceConfig, refreshToken: string): void {
  const { credentials } = config.given;
  const changed = {
    ...config.given,
    credentials: { ...(isObject(credentials) ? credentials : {}), refresh_token: refreshToken },
  };
  output.write(
    encodeMessage({
      type: 'CONTROL',
      control: { type: 'CONNECTOR_CONFIG', emitted_at: epochNow(), connectorConfig: { config: changed } },
    }),
  );
}
