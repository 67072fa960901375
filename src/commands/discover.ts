import { readConfigFile } from '../config/files.js';
import { parseSourceConfig } from '../config/source.js';
import { RequestError } from '../errors.js';
import { encodeMessage } from '../protocol/encode.js';
import type { AirbyteStream } from '../protocol/messages.js';
import { Portal } from '../streams/portal.js';
import { withHubSpot } from './runner/hubspot-session.js';
import { configPath } from './runner/options.js';
import type { ProtocolIo } from './runner/protocol-command.js';

/** `hubflake discover`: the streams that this token can read in this portal, with the portal's own properties. */
export async function discover(
  { output, stop, streams: declared }: ProtocolIo,
  options: { config?: string },
): Promise<number> {
  const config = parseSourceConfig(readConfigFile(configPath(options), 'configuration'));
  const streams = await withHubSpot(config, { signal: stop.signal }, async (client) => {
    const portal = await Portal.open(client, config, null, { declared, offersAll: true });
    const names = await portal.readableNames();
    const found = await Promise.all(names.map((name) => describe(portal, name)));
    const entries = found.filter((entry) => entry !== null);
    if (entries.length === 0) throw portal.nothingReadable();
    return entries;
  });
  output.write(encodeMessage({ type: 'CATALOG', catalog: { streams } }));
  return 0;
}

async function describe(portal: Portal, name: string): Promise<AirbyteStream | null> {
  try {
    const stream = await portal.stream(name);
    return stream?.entry ?? null;
  } catch (error) {
    if (await portal.noteUnreadable(name, error)) return null;
    if (!(error instanceof RequestError)) throw error;
    portal.leaveOut(name, error);
    return null;
  }
}
