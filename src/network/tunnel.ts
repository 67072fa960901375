import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { authorizationOf, nameOf, type ProxyServer } from './proxy.js';

/** A proxy did not open a tunnel. */
export class ProxyError extends Error {
  readonly proxy: ProxyServer;
  /** The requested host:port. */
  readonly target: string;
  /** The status of its response; null if it could not be reached or did not respond: the cause says why. */
  readonly status: number | null;

  constructor(proxy: ProxyServer, target: string, status: number | null, cause?: unknown) {
    super(`${nameOf(proxy)}: ${status ?? String(cause)}`, { cause });
    this.proxy = proxy;
    this.target = target;
    this.status = status;
  }
}

/**
 * Opens a tunnel to a host through a proxy by CONNECT (RFC 9110, 9.3.6). Throws a ProxyError.
 *
 * @param target host:port, with brackets around an IPv6 address
 * @param longestMs timeout for the proxy's response
 */
export function openTunnel(proxy: ProxyServer, target: string, longestMs: number): Promise<Socket> {
  const authorization = authorizationOf(proxy);
  const request = proxy.isTls ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new ProxyError(proxy, target, null, cause));
    const asked = request({
      ...{ method: 'CONNECT', host: proxy.host, port: proxy.port, path: target, agent: false },
      // Otherwise Node verifies the proxy's certificate against the Host header.
      servername: isIP(proxy.host) ? '' : proxy.host,
      headers: { host: target, ...(authorization === null ? {} : { 'proxy-authorization': authorization }) },
    });
    const timer = setTimeout(() => {
      asked.destroy(Object.assign(new Error(`no answer within ${longestMs / 1000} s`), { code: 'ETIMEDOUT' }));
    }, longestMs);
    const done = () => clearTimeout(timer);
    asked
      .once('connect', (answer, socket, head) => {
        done();
        const status = answer.statusCode ?? 0;
        if (status >= 200 && status < 300) {
          if (head.length > 0) socket.unshift(head);
          return resolve(socket);
        }
        socket.on('error', () => undefined).destroy();
        reject(new ProxyError(proxy, target, status));
      })
      .once('error', (error) => {
        done();
        fail(error);
      })
      .end();
  });
}
