// The stand-in for Snowflake.
import { startProcess } from './process.mjs';

/**
 * @param slowness milliseconds that loading a megabyte takes
 * @returns {Promise<{host: string, rows: () => Promise<number>, close: () => void}>} `rows`: how many it was given so far
 */
export async function startStub(slowness = 0) {
  const { url, close } = await startProcess('bench/kit/stub-snowflake.mjs', [`${slowness}`]);
  return {
    host: url,
    rows: async () => (await (await fetch(`${url}/__stub/rows`)).json()).rows,
    close,
  };
}

/** The configuration of a destination that is the stub. */
export function stubConfig(host, more = {}) {
  const credentials = { auth_type: 'Programmatic Access Token', token: 'token-of-the-benchmark' };
  const place = { database: 'BENCH', schema: 'BENCH', warehouse: 'BENCH', role: 'BENCH', username: 'BENCH' };
  return { host, ...place, credentials, ...more };
}
