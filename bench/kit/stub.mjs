// The stand-in for Snowflake as a process of its own, so that what it costs is not counted.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './measure.mjs';

/**
 * @param slowness milliseconds that loading a megabyte takes
 * @returns {Promise<{host: string, rows: () => Promise<number>, close: () => void}>} `rows`: how many it was given so far
 */
export async function startStub(slowness = 0) {
  const child = spawn(process.execPath, [join(root, 'bench/kit/stub-snowflake.mjs'), `${slowness}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await new Promise((resolve) => child.stdout.once('data', (chunk) => resolve(chunk.toString())));
  const { url } = JSON.parse(line);
  return {
    host: url,
    rows: async () => (await (await fetch(`${url}/__stub/rows`)).json()).rows,
    close: () => child.kill(),
  };
}

/** The configuration of a destination that is the stub. */
export function stubConfig(host, more = {}) {
  const credentials = { auth_type: 'Programmatic Access Token', token: 'token-of-the-benchmark' };
  const place = { database: 'BENCH', schema: 'BENCH', warehouse: 'BENCH', role: 'BENCH', username: 'BENCH' };
  return { host, ...place, credentials, ...more };
}
