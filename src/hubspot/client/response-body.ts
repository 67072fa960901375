import { constants, gunzipSync } from 'node:zlib';
import type { LimitsFact } from '../../activity.js';
import { RequestError } from '../../errors.js';
import { codeOf } from '../../json.js';
import { monotonicNow } from '../../time.js';
import { LostAnswer } from './network-failures.js';
import type { LimitHeaders } from './scheduler.js';
import { PACKED } from './transport.js';

/** The largest response accepted, decompressed: a larger one would be a fault, or an attack on our memory. */
const LARGEST_ANSWER_BYTES = 128 * 1024 * 1024;
/** The timeout for receiving a whole response. */
const LONGEST_ANSWER_MS = 5 * 60_000;
/**
 * Compressed size at which a body is decompressed tentatively to check its size, and again whenever it has doubled. Pages are
 * smaller.
 */
const FIRST_LOOK_BYTES = 512 * 1024;
const SMALLEST_GZIP = 18;
/** The bounds of zlib's chunk size. */
const LEAST_PIECE = 1024;
const LARGEST_PIECE = 16 * 1024 * 1024;

/**
 * Reads a whole body, aborting when it grows too large instead of filling the memory. Throws a RequestError for that, a LostAnswer
 * if it is damaged or too slow, and fetch's errors.
 */
export async function readBody(response: Response, what: string): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) return Buffer.alloc(0);
  const startedAt = monotonicNow();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let looksInsideAt = FIRST_LOOK_BYTES;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return unpack(joined(chunks, size), response, what);
    chunks.push(value);
    size += value.length;
    let isTooLarge = size > LARGEST_ANSWER_BYTES;
    if (size >= looksInsideAt) {
      isTooLarge ||= unpacksTooFar(chunks, size, response);
      looksInsideAt = 2 * size;
    }
    if (isTooLarge) {
      await reader.cancel();
      throw tooLarge(what, response.status);
    }
    if (monotonicNow() - startedAt > LONGEST_ANSWER_MS) {
      await reader.cancel();
      throw new LostAnswer('the answer came in too slowly');
    }
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Buffer {
  const [first] = chunks;
  if (first && chunks.length === 1) return Buffer.from(first.buffer, first.byteOffset, size);
  return Buffer.concat(chunks, size);
}

/**
 * Decompresses a body that fetch passed on compressed. Throws a LostAnswer if it is truncated, a RequestError if it is too large.
 */
function unpack(body: Buffer, response: Response, what: string): Buffer {
  if (!response.headers.has(PACKED) || body.length === 0) return body;
  // gzip ends with the decompressed size, so one chunk suffices. A wrong one only costs time.
  const size = body.length < SMALLEST_GZIP ? 0 : body.readUInt32LE(body.length - 4);
  const chunkSize = Math.min(Math.max(size + 1, LEAST_PIECE), LARGEST_PIECE);
  try {
    return gunzipSync(body, { chunkSize, maxOutputLength: LARGEST_ANSWER_BYTES });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(what, response.status);
    throw new LostAnswer('the answer is cut off, or damaged on its way');
  }
}

/** Whether the part received so far exceeds the largest size when decompressed. */
function unpacksTooFar(chunks: readonly Uint8Array[], size: number, response: Response): boolean {
  if (!response.headers.has(PACKED)) return false;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_ANSWER_BYTES };
    return gunzipSync(joined(chunks, size), { ...options, chunkSize: LARGEST_PIECE }).length > LARGEST_ANSWER_BYTES;
  } catch (error) {
    // Damage is detected when the body is complete.
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
  }
}

function tooLarge(what: string, status: number): RequestError {
  return new RequestError(
    `HubSpot's answer for ${what} is larger than ${LARGEST_ANSWER_BYTES / 1024 / 1024} MiB, which no page should be. Fetch fewer properties (objects[].properties), and report it.`,
    status,
  );
}

export function limitHeaders(headers: Headers): LimitHeaders & LimitsFact {
  const number = (name: string) => {
    const value = headers.get(name);
    return value === null || value === '' || Number.isNaN(Number(value)) ? null : Number(value);
  };
  return {
    max: number('x-hubspot-ratelimit-max'),
    remaining: number('x-hubspot-ratelimit-remaining'),
    intervalMs: number('x-hubspot-ratelimit-interval-milliseconds'),
    dailyMax: number('x-hubspot-ratelimit-daily'),
    dailyRemaining: number('x-hubspot-ratelimit-daily-remaining'),
  };
}
