import { createServer, type Server, type ServerResponse } from 'node:http';
import { ConfigError } from '../../errors.js';
import { codeOf } from '../../json.js';
import { redact } from '../../log.js';
import type { Health } from './health.js';

const LOOPBACK = '127.0.0.1';
/** A host name or address, if any, and a port: `8080`, `:8080`, `localhost:8080`, `[::1]:8080`. */
const FORM = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i;

export interface Address {
  host: string;
  port: number;
}

/** Parses `--listen`. Without a host it is the loopback interface. Throws a ConfigError. */
export function parseAddress(text: string): Address {
  const [, host = '', digits = ''] = FORM.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw new ConfigError(`--listen should be a host and a port, as 127.0.0.1:8080, but is "${text}".`);
  }
  return { host: host.replace(/^\[|\]$/g, '') || LOOPBACK, port };
}

/** What a service shows. */
export interface Pages {
  health(): Health;
  metrics(): Promise<{ type: string; text: string }>;
  /** An HTML page. */
  report(): string;
}

/** Serves a service's health, metrics and report, to whoever can reach the address. They have no values of records, and no secrets. */
export class WebServer {
  readonly #server: Server;
  readonly url: string;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** Throws a ConfigError where it cannot listen there. */
  static async listen({ host, port }: Address, pages: Pages): Promise<WebServer> {
    const server = createServer((request, response) => {
      answer(request.method ?? '', request.url ?? '', response, pages).catch((error: Error) => {
        send(response, 500, 'text/plain; charset=utf-8', `${error.message}\n`);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new ConfigError(cannotListen(error, host, port), { cause: error })));
      server.listen(port, host, resolve);
    });
    const at = server.address();
    const bound = typeof at === 'object' && at !== null ? at.port : port;
    return new WebServer(server, `http://${host.includes(':') ? `[${host}]` : host}:${bound}/`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function cannotListen(error: Error, host: string, port: number): string {
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return `--listen: the port ${port} of ${host} is in use. Choose another one, or end what uses it.`;
  if (code === 'EACCES') return `--listen: this user may not listen on the port ${port}. Choose one above 1023.`;
  return `--listen: ${host}:${port} cannot be listened on (${error.message}). Choose an address of this machine.`;
}

async function answer(method: string, url: string, response: ServerResponse, pages: Pages): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain; charset=utf-8', 'GET only\n');
  const [path] = url.split('?');
  if (path === '/healthz') {
    const health = pages.health();
    return send(response, health.isWell ? 200 : 503, 'application/json', `${JSON.stringify(health)}\n`);
  }
  if (path === '/metrics') {
    const { type, text } = await pages.metrics();
    return send(response, 200, type, text);
  }
  if (path === '/') return send(response, 200, 'text/html; charset=utf-8', pages.report());
  send(response, 404, 'text/plain; charset=utf-8', 'There are /, /healthz and /metrics.\n');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
  // As in logs: what others have said, such as errors, may have a secret in it.
  response.writeHead(status, headers).end(redact(body));
}
