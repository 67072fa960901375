import { readSpec } from '../config/specs.js';
import { encodeMessage } from '../protocol/encode.js';
import { PROTOCOL_VERSION } from '../protocol/messages.js';
import { advancedAuth } from './advanced-auth.js';
import type { ProtocolIo } from './runner/protocol-command.js';

/** `hubflake spec`: the source's SPEC message. */
export async function spec({ output }: ProtocolIo): Promise<number> {
  output.write(
    encodeMessage({
      type: 'SPEC',
      spec: {
        documentationUrl: 'https://docs.airbyte.com/integrations/sources/hubspot',
        connectionSpecification: readSpec('source'),
        supportsIncremental: true,
        advanced_auth: await advancedAuth(),
        protocol_version: PROTOCOL_VERSION,
      },
    }),
  );
  return 0;
}
