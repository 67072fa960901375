import './header-parser.js';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import { setGlobalDispatcher } from 'undici/lib/global.js';

/**
 * Silence after which a call is given up, and repeated. undici's timers tick once a second, so it takes effect up to a second
 * later: two silent attempts stay within the minute that a host which is never reached may take.
 */
const SILENCE_MS = 28_000;
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;

/** Stands in for `content-encoding: gzip`, so that fetch hands the bytes on as they came. */
export const PACKED = 'x-hubflake-packed';

/** The `code` of the error with which a redirect is refused. */
export const REDIRECT_REFUSED = 'HF_REDIRECT_REFUSED';

/**
 * Sets up the dispatcher under node's fetch, which is what HubSpot's client calls: deadlines, a pool of connections, the
 * environment's proxies, and no redirects (the access token must not follow one to another host).
 *
 * @param connections most connections kept to one host
 * @param silenceMs silence after which a call is given up
 */
export function installTransport(connections: number, silenceMs = SILENCE_MS): Dispatcher {
  const options = {
    connections,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_MS },
  };
  const base = usesProxy(process.env) ? new EnvHttpProxyAgent(options) : new Agent(options);
  const dispatcher = base.compose(refuseRedirects);
  setGlobalDispatcher(dispatcher);
  return base;
}

/** fetch unpacks in small pieces, through two streams; a page as a whole takes less than half of that (`answers.ts`). */
function stillPacked(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  if (headers['content-encoding'] !== 'gzip') return headers;
  const { 'content-encoding': encoding, ...others } = headers;
  return { ...others, [PACKED]: encoding };
}

function usesProxy(environment: NodeJS.ProcessEnv): boolean {
  return ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].some((name) => environment[name]);
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
