import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';

/** PEM texts. */
export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate authority of a test's own, made by openssl. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hubflake-ca-'));
  /** For NODE_EXTRA_CA_CERTS. */
  readonly path = join(this.#folder, 'ca.pem');
  #issued = 0;

  constructor(name = 'Test CA') {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(this.#folder, 'ca.key')];
    this.#openssl(['req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', this.path]);
  }

  /** A certificate for host names and addresses. @param days how long it is good; negative: it has expired */
  issue(names: readonly string[], days = 2): Certificate {
    this.#issued += 1;
    const file = (ending: string) => join(this.#folder, `${this.#issued}.${ending}`);
    const alternatives = names.map((name) => `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',');
    writeFileSync(file('ext'), `subjectAltName=${alternatives}\n`);
    const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', file('key')];
    this.#openssl(['req', ...key, '-subj', `/CN=${names[0]}`, '-out', file('csr')]);
    const signer = ['-CA', this.path, '-CAkey', join(this.#folder, 'ca.key'), '-CAcreateserial'];
    const given = ['-in', file('csr'), '-extfile', file('ext'), '-days', String(days)];
    this.#openssl(['x509', '-req', ...given, ...signer, '-out', file('pem')]);
    return { key: readFileSync(file('key'), 'utf8'), cert: readFileSync(file('pem'), 'utf8') };
  }

  /** The authority's own certificate, as a server's: one that is signed by itself. */
  get own(): Certificate {
    return { key: readFileSync(join(this.#folder, 'ca.key'), 'utf8'), cert: readFileSync(this.path, 'utf8') };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** TLS in front of a server of this machine that speaks plain HTTP. */
export interface Front {
  port: number;
  /** How many connections came. */
  connections(): number;
  stop(): Promise<void>;
}

/** @param target the URL of the server behind it */
export async function startFront(certificate: Certificate, target: string): Promise<Front> {
  const { port: behind, hostname } = new URL(target);
  const sockets = new Set<Socket>();
  let connections = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const server = createServer(certificate, (client) => {
    const inner = connect(Number(behind), hostname);
    keep(inner);
    client.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(inner).pipe(client);
  });
  server.on('connection', (socket) => {
    connections += 1;
    keep(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
