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

/**
 * Replaces `${NAME}` by the environment variable NAME in every string of a pipeline configuration, so that files need not contain
 * secrets; `$${` stands for a literal `${`. Throws a ConfigError that names an unset variable and where it is used.
 */
export function interpolate(value: unknown, environment: NodeJS.ProcessEnv = process.env, path = ''): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\$\{|\$\{([^}]*)\}/g, (match, name: string | undefined) => {
      if (match === '$${') return '${';
      const found = name === undefined ? undefined : environment[name];
      if (found === undefined) {
        throw new ConfigError(
          `${path} uses the environment variable ${name}, which is not set. Set it, or mend its name.`,
        );
      }
      return found;
    });
  }
  if (Array.isArray(value)) return value.map((item, index) => interpolate(item, environment, `${path}[${index}]`));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [
        key,
        interpolate(child, environment, path === '' ? key : `${path}.${key}`),
      ]),
    );
  }
  return value;
}
