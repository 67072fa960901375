import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { monotonicNow } from '../time.js';
import type { ProxyServer } from './proxy.js';
import { openTunnel } from './tunnel.js';

/**
 * Opens a connection to the host of a URL, directly or through a proxy; for https, with TLS and a verified certificate. Throws a
 * ProxyError, or Node's errors, with the code `ETIMEDOUT` after `longestMs`.
 */
export async function openConnection(url: string, proxy: ProxyServer | null, longestMs: number): Promise<Socket> {
  const { protocol, hostname, port: given } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = Number(given) || (isTls ? 443 : 80);
  const startedAt = monotonicNow();
  const tunnel = proxy && (await openTunnel(proxy, `${hostname}:${port}`, longestMs));
  if (tunnel && !isTls) return tunnel;
  // SNI does not allow IP addresses. The certificate is verified against the host either way.
  const secure = { host, servername: isIP(host) ? '' : host };
  const socket = isTls
    ? connectTls(tunnel ? { ...secure, socket: tunnel } : { ...secure, port })
    : connect({ host, port });
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error(`no answer within ${longestMs / 1000} s`), { code: 'ETIMEDOUT' })),
    Math.max(longestMs - (monotonicNow() - startedAt), 0),
  );
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect');
    return socket;
  } finally {
    clearTimeout(timer);
  }
}
