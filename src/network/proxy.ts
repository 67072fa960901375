import { ConfigError } from '../errors.js';
import { registerSecret } from '../log.js';

/** A forward proxy that an environment variable names. */
export interface ProxyServer {
  /** scheme://host:port, without credentials: safe to show. */
  url: string;
  isTls: boolean;
  /** Without the brackets of an IPv6 address. */
  host: string;
  port: number;
  /** Percent-decoded; empty if there is none. */
  username: string;
  password: string;
  /** The name of the environment variable, in its own case. */
  variable: string;
}

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/**
 * The proxy for a URL; null for a direct connection. One rule for HubSpot and the warehouse: HTTPS_PROXY, else HTTP_PROXY, for
 * https; HTTP_PROXY for http; neither for hosts that NO_PROXY lists. Lower-case names take precedence. Throws a ConfigError for a
 * variable that is not a proxy's URL.
 */
export function proxyFor(url: string, environment: NodeJS.ProcessEnv = process.env): ProxyServer | null {
  const target = new URL(url);
  return isExempt(target, environment) ? null : configuredProxy(target.protocol, environment);
}

/** The proxy for a protocol (`https:`), regardless of NO_PROXY. Throws a ConfigError. */
export function configuredProxy(protocol: string, environment: NodeJS.ProcessEnv = process.env): ProxyServer | null {
  const names = protocol === 'https:' ? ['https_proxy', 'http_proxy'] : ['http_proxy'];
  for (const variable of names.flatMap((name) => [name, name.toUpperCase()])) {
    const value = environment[variable]?.trim();
    if (value) return parseProxy(variable, value);
  }
  return null;
}

/** One entry of NO_PROXY: a host and its subdomains, on one port or on all. `*` is every host. */
export interface Exemption {
  host: string;
  /** null: every port. */
  port: number | null;
}

/** Parses NO_PROXY: `host`, `.host`, `*.host` or `*`, each optionally with `:port`, separated by commas or spaces. */
export function exemptions(environment: NodeJS.ProcessEnv = process.env): Exemption[] {
  const list = environment.no_proxy?.trim() || environment.NO_PROXY?.trim() || '';
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      // An IPv6 address without brackets looks like a host with a port.
      if (/^[\da-f]*:[\da-f.]*:[\da-f:.]*$/i.test(entry)) return { host: `[${entry.toLowerCase()}]`, port: null };
      const [, name = '', port] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
      return { host: name.toLowerCase().replace(/^\*?\./, ''), port: port === undefined ? null : Number(port) };
    });
}

function isExempt({ hostname, port, protocol }: URL, environment: NodeJS.ProcessEnv): boolean {
  const asked = Number(port) || DEFAULT_PORTS[protocol];
  return exemptions(environment).some(
    (each) =>
      (each.port === null || each.port === asked) &&
      (each.host === '*' || hostname === each.host || hostname.endsWith(`.${each.host}`)),
  );
}

function parseProxy(variable: string, value: string): ProxyServer {
  const form = 'http://host:port, or http://user:password@host:port';
  // The value is not shown: the mistake may be in its password.
  const wrong = (why: string) => new ConfigError(`${variable} should be a proxy's URL (${form}), but ${why}.`);
  const given = /^[a-z][\w+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (!URL.canParse(given)) {
    throw wrong('cannot be read as one. In a password, special characters are percent-encoded: %40 for @, %2F for /');
  }
  const url = new URL(given);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) {
    throw wrong(`begins with ${url.protocol}//. Only http:// and https:// proxies are known`);
  }
  // "http://user:pass#word@proxy:3128" is read as the host "user": part of the password would be taken for a port, and shown.
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw wrong(
      'has more behind the host. In a password, special characters are percent-encoded: %23 for #, %3F for ?',
    );
  }
  let username: string;
  let password: string;
  try {
    username = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    throw wrong('has a % in it that begins no percent-encoded character. Write %25 for it');
  }
  const port = Number(url.port) || defaultPort;
  const proxy = {
    url: `${url.protocol}//${url.hostname}:${port}`,
    isTls: url.protocol === 'https:',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    ...{ port, username, password, variable },
  };
  // Errors of libraries may show it in any of these forms.
  for (const form of [password, url.password, authorizationOf(proxy)?.replace('Basic ', '')]) registerSecret(form);
  return proxy;
}

/** The value of the Proxy-Authorization header; null without credentials. */
export function authorizationOf({ username, password }: ProxyServer): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** What messages call a proxy. */
export function nameOf(proxy: ProxyServer): string {
  return `the proxy ${proxy.url} (${proxy.variable})`;
}
