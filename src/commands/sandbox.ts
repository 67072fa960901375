import { ConfigError } from '../errors.js';
import type { SandboxOptions } from '../sandbox/options.js';
import { SANDBOX_OBJECTS } from './runner/options.js';
import type { PeopleIo } from './runner/people-command.js';

export type SandboxArguments = { [name in (typeof SANDBOX_OBJECTS)[number]]?: number } & {
  port?: number;
  seed?: number;
  properties?: number;
  latency?: number;
  indexLag?: number;
  limits?: boolean;
};

/** `hubflake sandbox`: a HubSpot portal on loopback until it is stopped. Prints where it is, as JSON, once it is ready. */
export async function sandbox({ print, stop }: PeopleIo, given: SandboxArguments): Promise<number> {
  const { startSandbox } = await import('../sandbox/server.js');
  const running = await startSandbox(sandboxOptions(given)).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? `the port ${given.port} is taken. Give another --port` : error.message;
    throw new ConfigError(`The sandbox cannot start: ${why}.`, { cause: error });
  });
  print(JSON.stringify({ url: running.url, token: running.token }));
  if (!stop.signal.aborted) {
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  await running.close();
  return 0;
}

function sandboxOptions(given: SandboxArguments): SandboxOptions {
  const counts: Record<string, number> = {};
  for (const name of SANDBOX_OBJECTS) {
    const count = given[name];
    if (count === undefined) continue;
    if (!Number.isInteger(count) || count < 0) throw new ConfigError(`--${name} should be a number from 0 on.`);
    counts[name] = count;
  }
  return {
    counts,
    ...(given.port === undefined ? {} : { port: given.port }),
    ...(given.seed === undefined ? {} : { seed: given.seed }),
    ...(given.properties === undefined ? {} : { extraProperties: { contacts: given.properties } }),
    ...(given.latency === undefined ? {} : { latencyMs: given.latency }),
    ...(given.indexLag === undefined ? {} : { indexLagMs: given.indexLag }),
    // Clients pace themselves by the limits that the headers name, so these must be out of reach, too.
    ...(given.limits === false ? { limits: { enabled: false, burst: 1e6, searchPerSecond: 1e6, daily: 1e9 } } : {}),
  };
}
