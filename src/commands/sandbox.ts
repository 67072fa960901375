import { ConfigError } from '../errors.js';
import type { SandboxOptions } from '../sandbox/options.js';
import type { Given } from './runner/given.js';
import { SANDBOX_OBJECTS } from './runner/options.js';
import type { TextIo } from './runner/text-command.js';

/** `hubflake sandbox`: runs a HubSpot portal on loopback until it is stopped. Prints its URL and token as JSON once it is ready. */
export async function sandbox({ print, stop }: TextIo, given: Given): Promise<number> {
  const { startSandbox } = await import('../sandbox/server.js');
  const running = await startSandbox(sandboxOptions(given)).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EADDRINUSE' ? `the port ${given.number('port')} is taken. Give another --port` : error.message;
    throw new ConfigError(`The sandbox cannot start: ${why}.`, { cause: error });
  });
  print(JSON.stringify({ url: running.url, token: running.token }));
  if (!stop.signal.aborted) {
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  await running.close();
  return 0;
}

function sandboxOptions(given: Given): SandboxOptions {
  const counts: Record<string, number> = {};
  for (const name of SANDBOX_OBJECTS) {
    const count = given.number(name);
    if (count === undefined) continue;
    if (!Number.isInteger(count) || count < 0) throw new ConfigError(`--${name} should be a number from 0 on.`);
    counts[name] = count;
  }
  const properties = given.number('properties');
  return {
    counts,
    port: given.number('port'),
    seed: given.number('seed'),
    latencyMs: given.number('latency'),
    indexLagMs: given.number('index-lag'),
    ...(properties === undefined ? {} : { extraProperties: { contacts: properties } }),
    // Clients pace themselves by the limits in the headers, so these must be out of reach, too.
    ...(given.flag('limits') ? {} : { limits: { enabled: false, burst: 1e6, searchPerSecond: 1e6, daily: 1e9 } }),
  };
}
