import { asHubflakeError, ConfigError, RequestError } from '../../errors.js';
import { codeOf, stringAt } from '../../json.js';
import { causesOf, explainConnection, networkCode } from '../../network/failures.js';
import { nameOf, type ProxyServer } from '../../network/proxy.js';
import type { Verdict } from './faults.js';
import { REDIRECT_REFUSED } from './transport.js';

/** A response that did not arrive, or arrived damaged, truncated or too slowly. The call is retried. */
export class LostAnswer extends Error {
  override readonly name = 'LostAnswer';
}

/** How HubSpot is reached. */
export interface Route {
  /** HubSpot's base URL. */
  url: string;
  proxy: ProxyServer | null;
}

/**
 * What a call without a response means. Node's fetch throws a TypeError for every failure and puts the reason into its cause: only
 * known network failures are retried, anything else is an error of our own.
 */
export function judgeFailure(error: unknown, { url, proxy }: Route): Verdict {
  const causes = causesOf(error);
  const redirect = causes.find((each) => codeOf(each) === REDIRECT_REFUSED);
  if (redirect) {
    const message = `${stringAt(redirect, 'message')}, which is refused so that the token goes nowhere else. Check HUBSPOT_BASE_URL and the proxy.`;
    return { action: 'fail', error: new RequestError(message, 302) };
  }
  // https://fetch.spec.whatwg.org/#port-blocking
  if (causes.some((each) => stringAt(each, 'message') === 'bad port')) {
    const message = `Node's fetch refuses the port of ${url}, which is another protocol's. Correct HUBSPOT_BASE_URL.`;
    return { action: 'fail', error: new ConfigError(message) };
  }
  const explained = explainConnection(error, url);
  if (explained?.isMendable) return { action: 'fail', error: new ConfigError(explained.message, { cause: error }) };
  if (explained) return { action: 'repeat', why: explained.message };
  const lost = causes.find((each) => each instanceof LostAnswer);
  const code = networkCode(error) ?? lost?.message;
  if (code !== undefined) {
    const way = proxy === null ? '' : ` through ${nameOf(proxy)}`;
    return { action: 'repeat', why: `HubSpot could not be reached${way} (${code})` };
  }
  return { action: 'fail', error: asHubflakeError(causes.at(-1)) };
}
