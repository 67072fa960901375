import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ADMIN_PREFIX, AdminDoor } from './admin/door.js';
import { PageCache } from './api/records/page-cache.js';
import { routes } from './api/routes.js';
import { Access } from './http/access.js';
import { CallLog } from './http/call.js';
import { ApiError, errorAnswer } from './http/errors.js';
import { Faults } from './http/faults.js';
import { Limits } from './http/limits.js';
import { Listener, type Services } from './http/listener.js';
import { Router } from './http/router.js';
import { send, toWire } from './http/send.js';
import { USUAL_SETTINGS } from './http/settings.js';
import { Switches } from './http/switches.js';
import {
  accountOf,
  choose,
  DEFAULT_ACCESS,
  DEFAULT_CACHE_MB,
  DEFAULT_RULES,
  DEFAULT_SAMPLE,
  type SandboxOptions,
} from './options.js';
import { Clock } from './portal/clock.js';
import { Portal } from './portal/portal.js';
import { Memberships } from './resources/memberships.js';
import { resourcesOf } from './resources/table.js';
import { buildSample } from './sample/build.js';

export type { SandboxOptions } from './options.js';

/** A running sandbox: a HubSpot portal of one's own, and the switches to make it behave badly. */
export interface Sandbox extends Services {
  /** `http://127.0.0.1:<port>`, the base of all paths. */
  readonly url: string;
  /** The static access token. */
  readonly token: string;
  /** What a client needs for OAuth. */
  readonly oauth: { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
  /** A call with the token; `path` begins with a slash. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Closes all connections, the silent ones too. */
  close(): Promise<void>;
}

/** Longer than any client waits between two calls, so that none meets a connection that is just being closed. */
const KEEP_ALIVE_MS = 120_000;
/** Room for URLs far above HubSpot's limit, so that the answer is its 414 and not Node's 431. */
const MAX_HEADER_BYTES = 1_024 * 1_024;

/**
 * Starts a HubSpot portal with sample data on loopback.
 * @throws Error when an option names an object type that does not exist, or the port is taken.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = new Clock(options.clock);
  const portal = new Portal(accountOf(options), choose(DEFAULT_RULES, options), clock);
  for (const each of options.collections ?? []) portal.addCollection(each);
  buildSample(portal, choose(DEFAULT_SAMPLE, options));
  for (const each of resourcesOf(portal)) portal.addCollection(each);
  new Memberships(portal).fill();
  const limits = options.limits === 'off' ? { enabled: false } : (options.limits ?? {});
  const services: Services = {
    portal,
    access: new Access(choose(DEFAULT_ACCESS, options), clock),
    limits: new Limits(limits, clock, portal.account.timeZone),
    switches: new Switches(choose(USUAL_SETTINGS, options)),
    faults: new Faults(options.faults),
    calls: new CallLog(),
  };
  const pages = new PageCache((options.cacheMb ?? DEFAULT_CACHE_MB) * 1_024 * 1_024);
  const listener = new Listener(services, new Router(routes(pages, portal.collections)), options.onCall);
  const door = new AdminDoor(services);

  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      const handler = request.url?.startsWith(ADMIN_PREFIX) ? door : listener;
      handler.handle(request, response).catch((error: unknown) => fail(error, request, response, clock));
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port, address, family } = server.address() as AddressInfo;
  const { token, clientId, clientSecret, refreshToken } = services.access.options;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  return {
    ...services,
    url,
    token,
    fetch: (path, init = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } }),
    oauth: { clientId, clientSecret, refreshToken },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A call that could not be handled: too big a body, a client gone, or a mistake of the sandbox's own. */
async function fail(error: unknown, request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
  if (response.headersSent || request.destroyed) {
    response.destroy();
    return;
  }
  const own = new ApiError(500, { message: `the sandbox failed: ${error instanceof Error ? error.stack : error}` });
  const answer = errorAnswer(error instanceof ApiError ? error : own, 'none');
  send(response, await toWire(answer, new Date(clock.now()).toUTCString(), false));
}
