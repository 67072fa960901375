import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { authorizationOf, nameOf, type ProxyServer } from './proxy.js';

/** What a proxy did instead of connecting. */
export class ProxyError extends Error {
  readonly proxy: ProxyServer;
  /** host:port that was asked for. */
  readonly target: string;
  /** What it answered; null where it could not be reached, or gave no answer: the cause says why. */
  readonly status: number | null;

  constructor(proxy: ProxyServer, target: string, status: number | null, cause?: unknown) {
    super(`${nameOf(proxy)}: ${status ?? String(cause)}`, { cause });
    this.proxy = proxy;
    this.target = target;
    this.status = status;
  }
}

/**
 * Has a proxy connect to a host, by CONNECT (RFC 9110, 9.3.6): what is written to the socket arrives there. Throws a ProxyError.
 *
 * @param target host:port, with brackets around an IPv6 address
 * @param longestMs after which a proxy without an answer is given up
 */
export function openTunnel(proxy: ProxyServer, target: string, longestMs: number): Promise<Socket> {
  const authorization = authorizationOf(proxy);
  const request = proxy.isTls ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new ProxyError(proxy, target, null, cause));
    const asked = request({
      ...{ method: 'CONNECT', host: proxy.host, port: proxy.port, path: target, agent: false },
      // Otherwise Node holds the proxy's certificate against the Host header.
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
