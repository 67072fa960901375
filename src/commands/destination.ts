import { parseDestinationConfig } from '../config/destination.js';
import { readConfigFile } from '../config/files.js';
import { readSpec } from '../config/specs.js';
import { asHubflakeError } from '../errors.js';
import { redact } from '../log.js';
import { encodeMessage } from '../protocol/encode.js';
import { type ConnectionStatus, PROTOCOL_VERSION } from '../protocol/messages.js';
import { openStore } from '../warehouse/open-store.js';
import { probe } from '../warehouse/probe.js';
import { configPath } from './runner/options.js';
import type { ProtocolIo } from './runner/protocol-command.js';

/** `hubflake destination spec`: the destination's SPEC message. */
export async function destinationSpec({ output }: ProtocolIo): Promise<number> {
  output.write(
    encodeMessage({
      type: 'SPEC',
      spec: {
        documentationUrl: 'https://docs.airbyte.com/integrations/destinations/snowflake',
        connectionSpecification: readSpec('destination'),
        supportsIncremental: true,
        supported_destination_sync_modes: ['overwrite', 'append', 'append_dedup'],
        protocol_version: PROTOCOL_VERSION,
      },
    }),
  );
  return 0;
}

/**
 * `hubflake destination check`: does what a sync does, with a temporary table in the configured schema. Once the configuration file
 * could be read, the result is a CONNECTION_STATUS, whatever is wrong.
 */
export async function destinationCheck({ output }: ProtocolIo, options: { config?: string }): Promise<number> {
  const given = readConfigFile(configPath(options), 'configuration');
  output.write(encodeMessage({ type: 'CONNECTION_STATUS', connectionStatus: await status(given) }));
  return 0;
}

async function status(given: unknown): Promise<ConnectionStatus> {
  try {
    const config = parseDestinationConfig(given);
    const store = await openStore(config, null, 'try');
    try {
      await probe(store, config.loader);
    } finally {
      await store.close();
    }
    return {
      status: 'SUCCEEDED',
      message: `A table could be made, filled, merged into and dropped in ${config.schema}.`,
    };
  } catch (error) {
    return { status: 'FAILED', message: redact(asHubflakeError(error).message) };
  }
}
