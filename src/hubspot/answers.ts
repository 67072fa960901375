import { RequestError } from '../errors.js';
import type { LimitHeaders } from './scheduler.js';

/** No answer may be larger, once decompressed: more would be a fault, or an attack on our memory. */
const LARGEST_ANSWER_BYTES = 128 * 1024 * 1024;
/** An answer that drips in more slowly than this is given up. */
const LONGEST_ANSWER_MS = 5 * 60_000;

/** Reads a body whole, in pieces, so that one that is too large is cut off instead of filling the memory. */
export async function readBody(response: Response, what: string): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) return Buffer.alloc(0);
  const startedAt = performance.now();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done)
      return chunks.length === 1
        ? Buffer.from((chunks[0] as Uint8Array).buffer, (chunks[0] as Uint8Array).byteOffset, size)
        : Buffer.concat(chunks, size);
    chunks.push(value);
    size += value.length;
    if (size > LARGEST_ANSWER_BYTES) {
      await reader.cancel();
      throw new RequestError(
        `HubSpot's answer for ${what} is larger than ${LARGEST_ANSWER_BYTES / 1024 / 1024} MiB, which no page should be. Fetch fewer properties (objects[].properties), and report it.`,
        response.status,
      );
    }
    if (performance.now() - startedAt > LONGEST_ANSWER_MS) {
      await reader.cancel();
      throw new Error('the answer came in too slowly');
    }
  }
}

export function limitHeaders(headers: Headers): LimitHeaders {
  const number = (name: string) => {
    const value = headers.get(name);
    return value === null || value === '' || Number.isNaN(Number(value)) ? null : Number(value);
  };
  return {
    max: number('x-hubspot-ratelimit-max'),
    remaining: number('x-hubspot-ratelimit-remaining'),
    intervalMs: number('x-hubspot-ratelimit-interval-milliseconds'),
    dailyRemaining: number('x-hubspot-ratelimit-daily-remaining'),
  };
}
