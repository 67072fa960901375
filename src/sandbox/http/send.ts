import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import type { Answer } from './answer.js';

const gzip = promisify(gzipCallback);

/** Smaller bodies are not worth compressing. */
const WORTH_PACKING = 1_024;
/** The fastest level: the sandbox must not be what a benchmark measures. */
const LEVEL = 1;

/** What is put on the wire for an answer. */
export interface Wire {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Adds the headers of every answer and compresses the body, if so wished and worth it. */
export async function toWire(answer: Answer, date: string, packed: boolean): Promise<Wire> {
  const headers: Record<string, string> = {
    Date: date,
    'Content-Type': answer.contentType,
    Vary: 'accept-encoding',
    Server: 'cloudflare',
    ...answer.headers,
  };
  let { body, encoding } = answer;
  if (packed && encoding === undefined && body.length >= WORTH_PACKING) {
    body = await gzip(body, { level: LEVEL });
    encoding = 'gzip';
  }
  if (encoding !== undefined) headers['Content-Encoding'] = encoding;
  headers['Content-Length'] = String(body.length);
  answer.keep?.(body, encoding);
  return { status: answer.status, headers, body };
}

export function send(response: ServerResponse, wire: Wire): void {
  response.sendDate = false;
  response.writeHead(wire.status, wire.headers);
  response.end(wire.body);
}
