import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request as requestTo } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '../../../src/protocol/messages.js';
import type { Sandbox } from '../../../src/sandbox/server.js';

/** Headers of a body as it was sent, which is another one from here on. */
const FRAMING = ['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];

/** A sandbox whose answers are changed on their way. */
export interface Edited {
  sandbox: Sandbox;
  /** Makes something else of the answers from here on; null: nothing. */
  edit(change: ((answer: JsonValue, path: string) => JsonValue) | null): void;
  close(): void;
}

export async function startEdited(sandbox: Sandbox): Promise<Edited> {
  let change: ((answer: JsonValue, path: string) => JsonValue) | null = null;
  const agent = new Agent({ keepAlive: true });
  const server = createServer(async (request, response) => {
    const { host: _, 'accept-encoding': __, ...headers } = request.headers;
    const asked = requestTo(`${sandbox.url}${request.url}`, { method: request.method, headers, agent });
    asked.end(await bodyOf(request));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body = await bodyOf(answer);
    const isEdited = change !== null && answer.statusCode === 200 && body.toString().startsWith('{');
    for (const [name, value = ''] of Object.entries(answer.headers)) {
      if (!FRAMING.includes(name)) response.setHeader(name, value);
    }
    response.statusCode = answer.statusCode ?? 500;
    response.end(isEdited ? JSON.stringify(change?.(JSON.parse(body.toString()), request.url ?? '')) : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    sandbox: Object.assign(Object.create(sandbox), { url, token: sandbox.token }),
    edit: (to) => {
      change = to;
    },
    close: () => {
      server.close();
      agent.destroy();
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
