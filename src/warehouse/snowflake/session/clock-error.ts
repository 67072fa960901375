import { request } from 'node:http';
import type { SnowflakeConfig } from '../../../config/snowflake/snowflake.js';
import { CredentialsError } from '../../../errors.js';
import { openConnection } from '../../../network/connection.js';
import { proxyFor } from '../../../network/proxy.js';

const LONGEST_MS = 5000;
/** A JWT is good for a minute or two; a clock that is off by more makes every login fail. */
const TOLERANCE_MS = 45_000;

/** What to say of a refused JWT where this machine's clock is the reason; null where it is not, or another signed it. */
export async function clockError({ url, credentials }: SnowflakeConfig): Promise<CredentialsError | null> {
  if (credentials.kind !== 'key-pair') return null;
  // Where Snowflake's time cannot be had, the refusal is reported as it is.
  const skew = Date.now() - (await timeOf(url).catch(() => Number.NaN));
  if (!(Math.abs(skew) > TOLERANCE_MS)) return null;
  return new CredentialsError(
    `Snowflake refused the key: this machine's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead' : 'behind'}, and the login is signed with its time. Set the clock right.`,
  );
}

/** A server's time, in epoch ms, by the Date of its answer. */
async function timeOf(url: string): Promise<number> {
  const socket = await openConnection(url, proxyFor(url), LONGEST_MS);
  try {
    return await new Promise<number>((resolve, reject) => {
      request(url, { method: 'HEAD', createConnection: () => socket, timeout: LONGEST_MS, protocol: 'http:' })
        .on('response', ({ headers }) => resolve(Date.parse(headers.date ?? '')))
        .on('timeout', () => reject(new Error('no answer')))
        .on('error', reject)
        .end();
    });
  } finally {
    socket.destroy();
  }
}
