import { type AddressInfo, createServer } from 'node:net';

/** The URL of a port where nobody listens. (fetch refuses some well-known ports by itself, without trying: "bad port".) */
export async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
