import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { type HubflakeError, WarehouseConfigError, WarehouseUnavailableError } from '../../../errors.js';
import { log } from '../../../log.js';
import { openConnection } from '../../../network/connection.js';
import { explainConnection, networkCode } from '../../../network/failures.js';
import { nameOf, proxyFor } from '../../../network/proxy.js';

/** `destination check` answers soon, also when Snowflake does not. */
const HOPE_MS = 10_000;
const ATTEMPT_MS = 8_000;
const FIRST_PAUSE_MS = 500;

/** What is to be reached. */
export interface Place {
  /** How it is called in messages. */
  what: string;
  url: string;
  /** The option that has the URL. */
  option: string;
}

/** URLs that this process has reached: nothing is wrong with the way to them. */
const reached = new Set<string>();

/**
 * Sees that Snowflake, and the server of its OAuth tokens, can be reached, before the first login: the driver would repeat most
 * failures for a minute, among them certificates that are not trusted, and takes a proxy's refusal for Snowflake's. Throws a
 * WarehouseConfigError, a WarehouseUnavailableError, or a ConfigError about a proxy's variable.
 *
 * @param longestMs that a host is hoped for
 * @param again also where they were reached before
 */
export async function reach({ url, credentials }: SnowflakeConfig, longestMs: number, again = false): Promise<void> {
  const places: Place[] = [{ what: 'Snowflake', url, option: 'host' }];
  if (credentials.kind === 'oauth-client') {
    places.push({ what: 'The OAuth server', url: credentials.tokenUrl, option: 'token_url' });
  }
  for (const place of places) if (again || !reached.has(place.url)) await reachOne(place, Math.min(longestMs, HOPE_MS));
}

async function reachOne(place: Place, longestMs: number): Promise<void> {
  const proxy = proxyFor(place.url);
  const until = performance.now() + longestMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    try {
      const socket = await openConnection(place.url, proxy, Math.min(ATTEMPT_MS, until - performance.now()));
      socket.on('error', () => undefined).destroy();
      reached.add(place.url);
      return;
    } catch (error) {
      const explained = connectionError(error, place);
      if (!(explained instanceof WarehouseUnavailableError)) throw explained ?? error;
      if (performance.now() + pauseMs > until) throw explained;
      log.debug(`${explained.message} Trying again in ${pauseMs / 1000} s.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** What an error of a connection means; null where it is about something else. */
export function connectionError(error: unknown, place: Place): HubflakeError | null {
  const details = { internal: error instanceof Error ? error.message : String(error), cause: error };
  const explained = explainConnection(error, place.url);
  if (explained?.isMendable) return new WarehouseConfigError(explained.message, details);
  if (explained) {
    const variable = proxyFor(place.url)?.variable;
    return new WarehouseUnavailableError(
      `${explained.message}. Check ${variable}, NO_PROXY and the network, and run it again.`,
      details,
    );
  }
  const code = networkCode(error);
  if (code === 'ENOTFOUND' || code === 'EAI_NONAME') {
    return new WarehouseConfigError(`The host ${place.url} does not exist. Check "${place.option}".`, details);
  }
  return code === null ? null : unreachable(place, details, code);
}

export function unreachable(
  { what, url, option }: Place,
  details: { internal?: string; cause?: unknown },
  code?: string,
): WarehouseUnavailableError {
  const proxy = proxyFor(url);
  const way = proxy === null ? '' : ` through ${nameOf(proxy)}`;
  const why = code === undefined ? '' : ` (${code})`;
  return new WarehouseUnavailableError(
    `${what} cannot be reached at ${url}${way}${why}. Check "${option}" and the network, and run it again.`,
    details,
  );
}
