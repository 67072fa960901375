import { parseSourceConfig, type SourceConfig } from '../../src/config/source.js';
import { HubSpotClient } from '../../src/hubspot/client/client.js';
import type { AirbyteStream, JsonObject } from '../../src/protocol/messages.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { Estimate, Stream } from '../../src/streams/core/stream.js';
import { Portal } from '../../src/streams/portal.js';
import { DECLARED_STREAMS } from '../../src/streams/registry.js';

/** The entry of a stream in the catalog, as `discover` offers it. */
export function catalogOf(sandbox: Sandbox, name: string, options: JsonObject): Promise<AirbyteStream> {
  return opened(sandbox, name, options, async ({ entry }) => entry);
}

/** What `plan` says of a stream's next sync. @param state null: it is the first one */
export function estimateOf(
  sandbox: Sandbox,
  name: string,
  options: JsonObject = {},
  state: JsonObject | null = null,
): Promise<Estimate> {
  return opened(sandbox, name, options, (stream) => stream.estimate(state, 'incremental'));
}

/** Finds out whether the token may read a stream, as `check` does. Throws what HubSpot refuses it with. */
export async function probe(sandbox: Sandbox, name: string): Promise<void> {
  const config = configOf(sandbox, name, {});
  const client = new HubSpotClient(config);
  try {
    const portal = await Portal.open(client, config, [name]);
    await DECLARED_STREAMS.find((each) => each.name === name)
      ?.plan()
      .probe(portal);
  } finally {
    await client.close();
  }
}

function configOf(sandbox: Sandbox, name: string, options: JsonObject): SourceConfig {
  process.env.HUBSPOT_BASE_URL = sandbox.url;
  return parseSourceConfig({ credentials: { access_token: sandbox.token }, include: [name], ...options });
}

async function opened<T>(
  sandbox: Sandbox,
  name: string,
  options: JsonObject,
  body: (stream: Stream) => Promise<T>,
): Promise<T> {
  const config = configOf(sandbox, name, options);
  const client = new HubSpotClient(config);
  try {
    const portal = await Portal.open(client, config, [name]);
    const stream = await portal.stream(name);
    if (!stream) throw new Error(`there is no stream ${name}`);
    return await body(stream);
  } finally {
    await client.close();
  }
}
