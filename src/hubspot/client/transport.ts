import type { IncomingHttpHeaders } from 'node:http';
import { Agent, buildConnector, type Dispatcher, setGlobalDispatcher } from 'undici';
import type { ProxyServer } from '../../network/proxy.js';
import { openTunnel } from '../../network/tunnel.js';

/**
 * Silence after which a call is given up, and repeated. undici's timers tick once a second, so it takes effect up to a second
 * later: two silent attempts stay within the minute that a host which is never reached may take.
 */
const SILENCE_MS = 28_000;
const CONNECT_MS = 10_000;
/** For a proxy to connect: less than `check` waits for in all, so that it can name the proxy. */
const TUNNEL_MS = 8_000;
const KEEP_ALIVE_MS = 30_000;

/** Stands in for `content-encoding: gzip`, so that fetch hands the bytes on as they came. */
export const PACKED = 'x-hubflake-packed';

/** The `code` of the error with which a redirect is refused. */
export const REDIRECT_REFUSED = 'HF_REDIRECT_REFUSED';

/**
 * Sets up the dispatcher under node's fetch, which is what HubSpot's client calls: deadlines, a pool of connections, a proxy, and no
 * redirects (the access token must not follow one to another host).
 *
 * @param connections most connections kept to one host
 * @param proxy through which all of them go
 * @param silenceMs silence after which a call is given up
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

/** undici's ProxyAgent does the same, but waits five minutes for a silent proxy, and tells only in a text what it has answered. */
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

/** fetch unpacks in small pieces, through two streams; a page as a whole takes less than half of that (`answers.ts`). */
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
