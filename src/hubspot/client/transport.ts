import type { IncomingHttpHeaders } from 'node:http';
import { Agent, buildConnector, type Dispatcher, setGlobalDispatcher } from 'undici';
import type { ProxyServer } from '../../network/proxy.js';
import { openTunnel } from '../../network/tunnel.js';

/**
 * The idle timeout of a call, after which it is retried. undici's timers tick once per second, so it takes effect up to a second
 * late: two such attempts stay within the minute that an unreachable host may take.
 */
const SILENCE_MS = 28_000;
const CONNECT_MS = 10_000;
/** The timeout for a proxy's tunnel: less than the total that `check` waits for, so that its error can name the proxy. */
const TUNNEL_MS = 8_000;
const KEEP_ALIVE_MS = 30_000;

/** Replaces `content-encoding: gzip`, so that fetch passes the bytes on compressed. */
export const PACKED = 'x-hubflake-packed';

/** The `code` of the error for a redirect. */
export const REDIRECT_REFUSED = 'HF_REDIRECT_REFUSED';

/**
 * Sets up the dispatcher of Node's fetch, which HubSpot's client uses: timeouts, a connection pool, a proxy, and no redirects (the
 * access token must not be sent to another host).
 *
 * @param connections the most connections kept per host
 * @param proxy the proxy for all of them
 * @param silenceMs the idle timeout of a call
 */
export function installTransport(connections: number, proxy: ProxyServer | null, silenceMs = SILENCE_MS): Dispatcher {
  const agent = new Agent({
    connections,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: proxy ? connectThrough(proxy) : { timeout: CONNECT_MS },
  });
  setGlobalDispatcher(agent.compose(refuseRedirects));
  return agent;
}

/**
 * undici's ProxyAgent does the same, but waits five minutes for an unresponsive proxy, and only reports its status as part of a
 * text.
 */
function connectThrough(proxy: ProxyServer): buildConnector.connector {
  const secure = buildConnector({ timeout: CONNECT_MS });
  return (options, callback) => {
    const { hostname, protocol, port } = options;
    const host = hostname.includes(':') ? `[${hostname}]` : hostname;
    const target = `${host}:${port || (protocol === 'https:' ? 443 : 80)}`;
    openTunnel(proxy, target, TUNNEL_MS).then(
      (socket) => {
        if (protocol === 'https:') secure({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: Error) => callback(error, null),
    );
  };
}

/**
 * fetch decompresses in small chunks through two streams; decompressing a page as a whole takes less than half of the time
 * (`answers.ts`).
 */
function stillPacked(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers['content-encoding'] !== 'gzip') return headers;
  const { 'content-encoding': encoding, ...others } = headers;
  return { ...others, [PACKED]: encoding };
}

const refuseRedirects: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (request, handler) =>
  dispatch(request, {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (controller, status, headers, socket) =>
      handler.onRequestUpgrade?.(controller, status, headers, socket),
    onResponseStart: (controller, status, headers, message) => {
      if (status >= 300 && status < 400 && status !== 304) {
        controller.abort(
          Object.assign(new Error(`HubSpot answered with a redirect (${status})`), { code: REDIRECT_REFUSED }),
        );
        return;
      }
      handler.onResponseStart?.(controller, status, stillPacked(headers), message);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  });
