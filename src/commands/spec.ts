import { readFileSync } from 'node:fs';
import { encodeMessage } from '../protocol/encode.js';
import { type JsonObject, PROTOCOL_VERSION } from '../protocol/messages.js';
import type { ProtocolIo } from './protocol-command.js';

/** `hubflake spec`: the source's SPEC message. */
export async function spec({ output }: ProtocolIo): Promise<number> {
  const schema = JSON.parse(readFileSync(new URL('../../spec/source.json', import.meta.url), 'utf8')) as JsonObject;
  output.write(
    encodeMessage({
      type: 'SPEC',
      spec: {
        documentationUrl: 'https://docs.airbyte.com/integrations/sources/hubspot',
        connectionSpecification: schema,
        supportsIncremental: true,
        protocol_version: PROTOCOL_VERSION,
      },
    }),
  );
  return 0;
}
