import type { ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import { type Answer, html, uncompressed } from './answer.js';
import { ApiError, errorAnswer, expiredAuthentication, invalidAuthentication, rateLimited } from './errors.js';
import type { Fault } from './faults.js';
import type { Wire } from './send.js';

const REASONS: Record<number, string> = {
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

const BLANKS = Buffer.alloc(64 * 1_024, ' ');

/** The answer a fault gives instead of the real one; undefined for faults that need the real one, or none at all. */
export function faultAnswer(fault: Fault, correlationId: string): Answer | undefined {
  const own = (error: ApiError) => errorAnswer(error, correlationId);
  switch (fault.type) {
    case 'status':
      return { ...html(fault.status, REASONS[fault.status] ?? 'Error'), headers: retryAfter(fault.retryAfterSeconds) };
    case 'error': {
      const { message = 'internal error', category = 'INTERNAL_ERROR' } = fault;
      return own(new ApiError(fault.status, { message, category }, retryAfter(fault.retryAfterSeconds)));
    }
    case 'edge': {
      const { status, text = 'Invalid request', contentType = 'text/plain' } = fault;
      return { status, contentType, body: Buffer.from(text) };
    }
    case 'html':
      return html(200, 'One moment, please...');
    case 'locked':
      return own(new ApiError(423, { message: 'This resource is locked. Try again later.', category: 'LOCKED' }));
    case 'migration':
      return own(
        new ApiError(
          477,
          { message: 'This account is being migrated.', category: 'MIGRATION' },
          retryAfter(fault.retryAfterSeconds),
        ),
      );
    case 'rateLimit':
      return own(rateLimited(fault.policy, fault.retryAfterSeconds));
    case 'unauthorized':
      return own(fault.category === 'EXPIRED_AUTHENTICATION' ? expiredAuthentication(0) : invalidAuthentication());
    case 'redirect':
      return { ...html(302, 'Found'), headers: { Location: fault.location } };
    case 'body':
      return {
        status: 200,
        contentType: fault.contentType ?? 'application/json;charset=utf-8',
        body: Buffer.from(fault.text),
      };
    default:
      return undefined;
  }
}

/**
 * Does to the real answer what the fault says. Returns the status the client can have seen, 0 if none.
 * `reset` and `silence` leave the answer out of it.
 */
export function strike(response: ServerResponse, fault: Fault, answer: Answer, wire: Wire): number {
  response.sendDate = false;
  const half = wire.body.subarray(0, Math.floor(wire.body.length / 2));
  switch (fault.type) {
    case 'reset':
      response.socket?.resetAndDestroy();
      return 0;
    case 'silence':
      return 0;
    case 'stall':
      response.writeHead(wire.status, wire.headers).write(half);
      return wire.status;
    case 'resetInBody':
      response.writeHead(wire.status, wire.headers);
      // Destroyed only once the half is out, or the client would see no answer at all.
      response.write(half, () => response.socket?.destroy());
      return wire.status;
    case 'oversized':
      inflate(response, answer, wire.headers, fault.bytes);
      return wire.status;
    default:
      return 0;
  }
}

/** The JSON of an answer cut in the middle. Cut before it is compressed, so that only the JSON is broken. */
export function truncated(answer: Answer): Answer {
  const whole = uncompressed(answer);
  return { ...whole, body: whole.body.subarray(0, Math.floor(whole.body.length / 2)) };
}

function inflate(response: ServerResponse, answer: Answer, wireHeaders: Wire['headers'], bytes: number): void {
  const { 'Content-Length': _, ...headers } = wireHeaders;
  response.writeHead(answer.status, headers);
  const packer = headers['Content-Encoding'] === 'gzip' ? createGzip({ level: 1 }) : undefined;
  packer?.pipe(response);
  const target = packer ?? response;
  let left = bytes - answer.body.length;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= BLANKS.length;
      if (!target.write(BLANKS)) {
        target.once('drain', more);
        return;
      }
    }
    target.end();
  };
  target.write(answer.body);
  more();
}

function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) };
}
