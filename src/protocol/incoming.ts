import { InputError } from '../errors.js';
import { isOneOf, memberOf, stringAt } from '../json.js';
import { type EpochMs, epochMs } from '../time.js';
import { AHEAD } from './ahead.js';
import type { Line } from './input.js';
import { isNull, membersAndInner, membersOf, type Span, stringAt as textAt } from './json/json-scan.js';
import { JsonSyntaxError, nonPlainCount } from './json/json-skip.js';
import { STREAM_STATUSES, type StreamStatus } from './messages.js';

/**
 * A RECORD whose `data` stays bytes: it is not parsed, so nothing in it can change. Like those of a STATE, the bytes belong to the
 * line and are only valid as long as the line is.
 */
export interface IncomingRecord {
  type: 'RECORD';
  stream: string;
  namespace: string | null;
  emittedAt: EpochMs;
  data: Buffer;
  /** Whether the data is known to have no escapes, and no number of more digits than a double keeps. */
  isPlain: boolean;
  /** The bytes of the `meta` object, if there is one. */
  meta: Buffer | null;
  line: number;
}

/** A STATE, kept as its line so that it can be emitted again unmodified. */
export interface IncomingState {
  type: 'STATE';
  kind: 'STREAM' | 'GLOBAL' | 'LEGACY';
  /** null unless it is a STREAM state. */
  stream: string | null;
  namespace: string | null;
  /** Whether it is a write-ahead state, see {@link AHEAD}. */
  isAhead: boolean;
  raw: Buffer;
  line: number;
}

export interface IncomingStatus {
  type: 'STATUS';
  stream: string;
  namespace: string | null;
  status: StreamStatus;
}

/** Any other message of this or a future version of the protocol, which is ignored. */
export interface IncomingOther {
  type: 'OTHER';
}

export type Incoming = IncomingRecord | IncomingState | IncomingStatus | IncomingOther;

/** An `emitted_at` below this is in seconds, as PyAirbyte's cache writes it: in milliseconds it would be before 1974. */
const SECONDS_BELOW = 1e11;
const LONGEST_QUOTE = 80;

/**
 * Parses one line as an Airbyte message. Every envelope key may be missing or null (PyAirbyte writes all of them, as null). Throws
 * an InputError with the line's number and beginning when it is not JSON or not a message.
 */
export function parseIncoming(line: Line): Incoming {
  try {
    return parse(line);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw notAMessage(line, 'is not JSON', error);
    throw error;
  }
}

function parse(line: Line): Incoming {
  const { bytes } = line;
  const before = nonPlainCount();
  const { members: envelope, inner } = membersAndInner(bytes, isBody);
  const isPlain = nonPlainCount() === before;
  const body = (key: string): Map<string, Span> => {
    const members = inner.get(key);
    if (members === undefined) throw notAMessage(line, `has no object "${key}"`);
    return members;
  };
  const type = envelope.get('type');
  if (type === undefined || bytes[type.start] !== 0x22) throw notAMessage(line, 'is not an Airbyte message: no "type"');
  switch (textAt(bytes, type)) {
    case 'RECORD':
      return parseRecord(line, body('record'), isPlain);
    case 'STATE':
      return parseState(line, body('state'));
    case 'TRACE':
      return parseStatus(bytes, body('trace'));
    default:
      return { type: 'OTHER' };
  }
}

/** Whether the members of this envelope member are needed. */
function isBody(name: string): boolean {
  return name === 'record' || name === 'state' || name === 'trace';
}

function parseRecord(line: Line, record: Map<string, Span>, isPlain: boolean): IncomingRecord {
  const { bytes } = line;
  const data = record.get('data');
  if (data === undefined || bytes[data.start] !== 0x7b) throw notAMessage(line, 'is a RECORD without an object "data"');
  const emitted = record.get('emitted_at');
  const time = emitted === undefined ? Number.NaN : Number(bytes.toString('latin1', emitted.start, emitted.end));
  if (!Number.isFinite(time)) throw notAMessage(line, 'is a RECORD without a number "emitted_at"');
  const meta = record.get('meta');
  return {
    type: 'RECORD',
    stream: requiredString(line, record, 'stream'),
    namespace: optionalString(bytes, record.get('namespace')),
    emittedAt: epochMs(Math.trunc(time < SECONDS_BELOW ? time * 1000 : time)),
    data: bytes.subarray(data.start, data.end),
    isPlain,
    meta: meta === undefined || isNull(bytes, meta) ? null : bytes.subarray(meta.start, meta.end),
    line: line.number,
  };
}

function parseState(line: Line, state: Map<string, Span>): IncomingState {
  const { bytes } = line;
  const kind = optionalString(bytes, state.get('type')) ?? 'LEGACY';
  if (kind !== 'STREAM' && kind !== 'GLOBAL' && kind !== 'LEGACY') {
    throw notAMessage(line, `is a STATE of the unknown type "${kind}"`);
  }
  let stream: string | null = null;
  let namespace: string | null = null;
  let isAhead = false;
  if (kind === 'STREAM') {
    const span = state.get('stream');
    const body = span && membersOf(bytes, span);
    const descriptor = body?.get('stream_descriptor');
    if (!descriptor || isNull(bytes, descriptor))
      throw notAMessage(line, 'is a STREAM state without a stream_descriptor');
    const members = membersOf(bytes, descriptor);
    stream = requiredString(line, members, 'name');
    namespace = optionalString(bytes, members.get('namespace'));
    isAhead = isMarkedAhead(bytes, body?.get('stream_state'));
  }
  return { type: 'STATE', kind, stream, namespace, isAhead, raw: bytes, line: line.number };
}

function isMarkedAhead(bytes: Buffer, state: Span | undefined): boolean {
  const member = (of: Span | undefined, name: string) =>
    of !== undefined && bytes[of.start] === 0x7b ? membersOf(bytes, of).get(name) : undefined;
  const mark = member(member(state, 'hubflake'), AHEAD);
  return mark !== undefined && bytes.toString('latin1', mark.start, mark.end) === 'true';
}

function parseStatus(bytes: Buffer, trace: Map<string, Span>): IncomingStatus | IncomingOther {
  const span = trace.get('stream_status');
  if (span === undefined || isNull(bytes, span)) return { type: 'OTHER' };
  const body: unknown = JSON.parse(bytes.toString('utf8', span.start, span.end));
  const descriptor = memberOf(body, 'stream_descriptor');
  const stream = stringAt(descriptor, 'name');
  const status = memberOf(body, 'status');
  if (!stream || !isOneOf(STREAM_STATUSES, status)) return { type: 'OTHER' };
  return { type: 'STATUS', stream, namespace: stringAt(descriptor, 'namespace') ?? null, status };
}

/**
 * The STATE line with `destinationStats.recordCount` set to `records`, and everything else byte for byte as it came. Returns a
 * whole line, newline included.
 */
export function echoState(raw: Buffer, records: number): Buffer {
  const state = membersOf(raw).get('state');
  if (state === undefined) throw new TypeError('not a STATE line');
  const stats = membersOf(raw, state).get('destinationStats');
  const value = `{"recordCount":${records}.0}`;
  // Replaces the existing value, or appends it as the object's last member.
  const cut = stats ?? { start: state.end - 1, end: state.end - 1 };
  const text = stats ? value : `,"destinationStats":${value}`;
  return Buffer.concat([raw.subarray(0, cut.start), Buffer.from(text), raw.subarray(cut.end), Buffer.from('\n')]);
}

function optionalString(bytes: Buffer, span: Span | undefined): string | null {
  return span !== undefined && bytes[span.start] === 0x22 ? textAt(bytes, span) : null;
}

function requiredString(line: Line, members: Map<string, Span>, key: string): string {
  const value = optionalString(line.bytes, members.get(key));
  if (value === null) throw notAMessage(line, `has no string "${key}"`);
  return value;
}

function notAMessage(line: Line, what: string, cause?: unknown): InputError {
  const text = line.bytes.toString('utf8', 0, LONGEST_QUOTE * 4);
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return new InputError(
    `Line ${line.number} of the input ${what}: ${shown} — nothing after it was read. Check the program that writes the messages.`,
    { cause },
  );
}
