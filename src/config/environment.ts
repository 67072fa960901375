import { ConfigError } from '../errors.js';

const HUBSPOT = 'https://api.hubapi.com';

/** The base URL of HubSpot's API without a trailing slash; `HUBSPOT_BASE_URL` overrides the default. */
export function hubspotBaseUrl(environment: NodeJS.ProcessEnv = process.env): string {
  const value = environment.HUBSPOT_BASE_URL?.trim();
  if (!value) return HUBSPOT;
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new ConfigError(`HUBSPOT_BASE_URL should be a URL, but is "${value}".`);
  }
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!allowed) {
    throw new ConfigError(
      `HUBSPOT_BASE_URL should start with https:// (http:// is for this machine only), but is "${url.origin}".`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** Whether a host name is this machine's own: 127.0.0.0/8, ::1 or localhost. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|::1)$/.test(hostname);
}

/** A use of `${NAME}`. */
export interface Variable {
  name: string;
  /** The path of the text that uses it: `source.credentials.access_token`. */
  path: string;
}

const VARIABLE = /\$\$\{|\$\{([^}]*)\}/g;

/**
 * Replaces `${NAME}` by the environment variable NAME in every string of a pipeline configuration, so that files need not contain
 * secrets; `$${` stands for a literal `${`. Throws a ConfigError that names an unset variable and where it is used.
 */
export function interpolate(value: unknown, environment: NodeJS.ProcessEnv = process.env): unknown {
  const unset = variablesIn(value).find(({ name }) => environment[name] === undefined);
  if (unset) throw new ConfigError(unsetMessage(unset));
  return interpolated(value, environment);
}

/** The same, where unset variables are left as they are. */
export function interpolated(value: unknown, environment: NodeJS.ProcessEnv): unknown {
  return mapTexts(value, '', (text) =>
    text.replace(VARIABLE, (match, name: string | undefined) =>
      name === undefined ? '${' : (environment[name] ?? match),
    ),
  );
}

/** Escapes a text for a configuration, so that a `${` in it is not replaced. */
export function literal(text: string): string {
  return text.replaceAll('${', '$$$${');
}

/** The same of texts by name. */
export function literals(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, literal(text)]));
}

/** Every `${NAME}` in a document, in its order. */
export function variablesIn(value: unknown): Variable[] {
  const found: Variable[] = [];
  mapTexts(value, '', (text, path) => {
    for (const [, name] of text.matchAll(VARIABLE)) if (name !== undefined) found.push({ name, path });
    return text;
  });
  return found;
}

export function unsetMessage({ name, path }: Variable): string {
  return `${path} uses the environment variable ${name}, which is not set. Set it, or mend its name.`;
}

function mapTexts(value: unknown, path: string, map: (text: string, path: string) => string): unknown {
  if (typeof value === 'string') return map(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapTexts(item, `${path}[${index}]`, map));
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, child]) => [key, mapTexts(child, path === '' ? key : `${path}.${key}`, map)]),
    );
  }
  return value;
}
