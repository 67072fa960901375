import { parseSourceConfig } from '../../src/config/source.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { AirbyteStream, JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Portal } from '../../src/streams/portal.js';

/** The entry of a stream in the catalog, as `discover` offers it. */
export async function catalogOf(sandbox: Sandbox, name: string, options: JsonObject): Promise<AirbyteStream> {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  const config = parseSourceConfig({ credentials: { access_token: sandbox.token }, include: [name], ...options });
  const client = new HubSpotClient(config);
  try {
    const portal = await Portal.open(client, config, [name]);
    const stream = await portal.stream(name);
    if (!stream) throw new Error(`there is no stream ${name}`);
    return stream.entry;
  } finally {
    await client.close();
  }
}
