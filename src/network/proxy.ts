import { ConfigError } from '../errors.js';
import { registerSecret } from '../log.js';

/** A forward proxy, as a variable of the environment names it. */
export interface ProxyServer {
  /** scheme://host:port, without credentials: what may be shown. */
  url: string;
  isTls: boolean;
  /** Without the brackets of an IPv6 address. */
  host: string;
  port: number;
  /** What was percent-encoded in the URL is not here; empty where there is none. */
  username: string;
  password: string;
  /** The variable that names it, as it is spelled there. */
  variable: string;
}

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/**
 * The proxy through which a URL is reached, or null where it is reached directly. This is the one rule for HubSpot and the
 * warehouse: HTTPS_PROXY, or else HTTP_PROXY, for https, HTTP_PROXY for http, except for what NO_PROXY lists; lower case goes before
 * upper case. Throws a ConfigError for a variable that is no proxy's URL.
 */
export function proxyFor(url: string, environment: NodeJS.ProcessEnv = process.env): ProxyServer | null {
  const target = new URL(url);
  return isExempt(target, environment) ? null : configuredProxy(target.protocol, environment);
}

/** The proxy of a protocol (`https:`), whatever NO_PROXY lists. Throws a ConfigError. */
export function configuredProxy(protocol: string, environment: NodeJS.ProcessEnv = process.env): ProxyServer | null {
  const names = protocol === 'https:' ? ['https_proxy', 'http_proxy'] : ['http_proxy'];
  for (const variable of names.flatMap((name) => [name, name.toUpperCase()])) {
    const value = environment[variable]?.trim();
    if (value) return parseProxy(variable, value);
  }
  return null;
}

/** One entry of NO_PROXY: a host with all hosts below it, on one port or on any. `*` is every host. */
export interface Exemption {
  host: string;
  /** null: any. */
  port: number | null;
}

/** What NO_PROXY lists, separated by commas or spaces: `host`, `.host` and `*.host`, each with `:port` or without, or `*`. */
export function exemptions(environment: NodeJS.ProcessEnv = process.env): Exemption[] {
  const list = environment.no_proxy?.trim() || environment.NO_PROXY?.trim() || '';
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      // An IPv6 address without brackets ends like a host with a port.
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
  // The value is not shown: what is wrong may be the password in it.
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
  // Errors of libraries may show any of its forms.
  for (const form of [password, url.password, authorizationOf(proxy)?.replace('Basic ', '')]) registerSecret(form);
  return proxy;
}

/** The value of Proxy-Authorization; null where the variable has no credentials. */
export function authorizationOf({ username, password }: ProxyServer): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/** A proxy as messages name it. */
export function nameOf(proxy: ProxyServer): string {
  return `the proxy ${proxy.url} (${proxy.variable})`;
}
