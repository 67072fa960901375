import type { HubflakeError } from '../errors.js';
import { type LogLevel, redact } from '../log.js';
import type { EpochMs } from '../time.js';
import type { JsonObject, LogMessageLevel, Message, RecordChange, StreamStatus } from './messages.js';

/** A lone surrogate as JSON.stringify escapes it. An even number of backslashes before it belongs to escaped backslashes. */
const HALF_PAIR = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * Serialises a value so that every reader accepts it: lone surrogates become U+FFFD. Platforms read messages with pydantic, which
 * rejects lines that have one; PyAirbyte then drops the record silently.
 */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') ? json.replace(HALF_PAIR, '$1\ufffd') : json;
}

/** Any message as a line, newline included. RECORD and STATE have encoders of their own below. */
export function encodeMessage(message: Message): string {
  return `${jsonText(message)}\n`;
}

const LEVEL: Record<LogLevel, LogMessageLevel> = {
  ...{ fatal: 'FATAL', error: 'ERROR', warn: 'WARN' },
  ...{ info: 'INFO', debug: 'DEBUG', trace: 'TRACE' },
};

export function encodeLog(level: LogLevel, message: string): string {
  return encodeMessage({ type: 'LOG', log: { level: LEVEL[level], message } });
}

/**
 * The parts of a RECORD line before and after its `data`. Made once per page, so that a record only costs a concatenation and its
 * `data` need not be parsed.
 */
export function recordEnvelope(stream: string, emittedAt: EpochMs): { before: string; after: string } {
  return {
    before: `{"type":"RECORD","record":{"stream":${JSON.stringify(stream)},"emitted_at":${emittedAt},"data":`,
    after: '}}\n',
  };
}

/** The part after `data` for a record with values that were changed. */
export function recordEnvelopeEnd(changes: readonly RecordChange[]): string {
  return `,"meta":{"changes":${JSON.stringify(changes)}}}}\n`;
}

/**
 * A STREAM state. `recordCount` is the number of records since the previous state; the protocol requires a decimal point, which
 * JSON.stringify would not write.
 */
export function encodeStreamState(stream: string, state: JsonObject, recordCount: number): string {
  const body = `{"stream_descriptor":{"name":${JSON.stringify(stream)}},"stream_state":${JSON.stringify(state)}}`;
  return `{"type":"STATE","state":{"type":"STREAM","stream":${body},"sourceStats":{"recordCount":${recordCount}.0}}}\n`;
}

export function encodeStreamStatus(stream: string, status: StreamStatus, now: EpochMs, quotaReset?: EpochMs): string {
  return encodeMessage({
    type: 'TRACE',
    trace: {
      type: 'STREAM_STATUS',
      emitted_at: now,
      stream_status: {
        stream_descriptor: { name: stream },
        status,
        ...(quotaReset === undefined
          ? {}
          : { reasons: [{ type: 'RATE_LIMITED' as const, rate_limited: { quota_reset: quotaReset } }] }),
      },
    },
  });
}

/** How many records a stream is about to emit, if HubSpot says so. */
export function encodeEstimate(stream: string, rows: number, now: EpochMs): string {
  return encodeMessage({
    type: 'TRACE',
    trace: { type: 'ESTIMATE', emitted_at: now, estimate: { name: stream, type: 'STREAM', row_estimate: rows } },
  });
}

/**
 * An error as TRACE ERROR, secrets redacted. Its stack trace is only included with `withStack`.
 *
 * @param stream the stream that failed, if it was one
 */
export function encodeError(error: HubflakeError, now: EpochMs, stream?: string, withStack = false): string {
  const internal = error.internal ?? (error.cause instanceof Error ? error.cause.message : undefined);
  return encodeMessage({
    type: 'TRACE',
    trace: {
      type: 'ERROR',
      emitted_at: now,
      error: {
        message: redact(error.message),
        internal_message: redact(internal === undefined ? error.code : `${error.code}: ${internal}`),
        failure_type: error.kind,
        ...(stream === undefined ? {} : { stream_descriptor: { name: stream } }),
        ...(withStack && error.stack ? { stack_trace: redact(error.stack) } : {}),
      },
    },
  });
}
