import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificates.js';

/** What a proxy saw of a request, before it did anything about it. */
export interface SeenRequest {
  method: string;
  /** host:port of a CONNECT, else the URL. */
  target: string;
  /** user:password that came with it. */
  credentials: string | null;
}

export interface ProxyOptions {
  /** user:password without which it answers 407. */
  wants?: string;
  /** Where names lead to, host:port to a port of this machine. What is not in it, is reached under its own name. */
  routes?: Record<string, number>;
  /** What becomes of a request: a status to answer it with, or no answer. */
  mode?: 'open' | 'cut' | 'silent' | number;
  /** The proxy is spoken to over TLS. */
  certificate?: Certificate;
}

/** A forward proxy: tunnels by CONNECT, and passes on plain requests that come with a whole URL. It notes all that it sees. */
export class TestProxy {
  readonly seen: SeenRequest[] = [];
  /** Every byte that clients sent through it. */
  readonly sent: Buffer[] = [];
  mode: ProxyOptions['mode'];
  routes: Record<string, number>;
  readonly #wants: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #scheme: string;

  private constructor({ wants, routes = {}, mode = 'open', certificate }: ProxyOptions) {
    this.mode = mode;
    this.routes = routes;
    this.#wants = wants;
    this.#scheme = certificate ? 'https' : 'http';
    this.#server = certificate ? createTlsServer(certificate) : createServer();
    this.#server
      .on('connection', (socket: Socket) => this.#keep(socket))
      .on('connect', (asked: IncomingMessage, socket: Duplex, head: Buffer) => this.#tunnel(asked, socket, head))
      .on('request', (asked: IncomingMessage, answer: ServerResponse) => this.#pass(asked, answer));
  }

  static async start(options: ProxyOptions = {}): Promise<TestProxy> {
    const proxy = new TestProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How people would write it into a variable. @param credentials as they stand in a URL */
  url(credentials?: string): string {
    return `${this.#scheme}://${credentials === undefined ? '' : `${credentials}@`}127.0.0.1:${this.port}`;
  }

  /** The targets that were asked for, each once. */
  get targets(): string[] {
    return [...new Set(this.seen.map(({ target }) => target))].sort();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
  }

  /** @returns the status to answer with; null where nothing is in the way, undefined where there is to be no answer */
  #note({ method = '', url = '', headers, socket }: IncomingMessage): number | null | undefined {
    const basic = /^Basic (.+)$/.exec(headers['proxy-authorization'] ?? '')?.[1];
    const credentials = basic === undefined ? null : Buffer.from(basic, 'base64').toString('utf8');
    this.seen.push({ method, target: url, credentials });
    this.sent.push(Buffer.from(`${method} ${url} ${JSON.stringify(headers)}`));
    if (this.mode === 'cut') socket.destroy();
    if (this.mode === 'cut' || this.mode === 'silent') return undefined;
    if (typeof this.mode === 'number') return this.mode;
    return this.#wants !== undefined && credentials !== this.#wants ? 407 : null;
  }

  #tunnel(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    const status = this.#note(asked);
    if (status === undefined) return;
    if (status !== null) {
      const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="test"\r\n' : '';
      client.end(`HTTP/1.1 ${status} No\r\n${challenge}Content-Type: text/html\r\n\r\n<h1>${status}</h1>`);
      return;
    }
    const { port, hostname } = new URL(`http://${asked.url}`);
    const known = this.routes[asked.url ?? ''];
    const target = known === undefined ? connect(Number(port || 80), hostname) : connect(known, '127.0.0.1');
    this.#keep(target);
    let isOpen = false;
    target.on('connect', () => {
      isOpen = true;
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      client.on('data', (chunk: Buffer) => this.sent.push(chunk)).pipe(target);
      target.pipe(client);
    });
    target.on('error', () => client.end(isOpen ? undefined : 'HTTP/1.1 502 No\r\n\r\n'));
    client.on('close', () => target.destroy()).on('error', () => target.destroy());
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const status = this.#note(asked);
    if (status === undefined) return;
    if (status !== null) {
      answer.writeHead(status).end();
      return;
    }
    const { 'proxy-authorization': _, ...headers } = asked.headers;
    const onwards = request(asked.url ?? '', { method: asked.method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onwards.on('error', () => answer.destroy());
    asked.on('data', (chunk: Buffer) => this.sent.push(chunk)).pipe(onwards);
  }
}
