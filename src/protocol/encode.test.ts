import { ConfigError } from '../errors.js';
import { registerSecret } from '../log.js';
import { epochMs } from '../time.js';
import {
  encodeError,
  encodeStreamState,
  encodeStreamStatus,
  jsonText,
  recordEnvelope,
  recordEnvelopeEnd,
} from './encode.js';

test('a state carries its record count with a decimal point', () => {
  const line = encodeStreamState('contacts', { a: 1 }, 200);
  expect(line.endsWith('"sourceStats":{"recordCount":200.0}}}\n')).toBe(true);
  expect(JSON.parse(line)).toMatchObject({
    type: 'STATE',
    state: { type: 'STREAM', stream: { stream_state: { a: 1 } } },
  });
});

test('a record is its data between two halves, with changes where there are any', () => {
  const { before, after } = recordEnvelope('a"b', epochMs(5));
  expect(JSON.parse(`${before}{"x":1}${after}`)).toEqual({
    type: 'RECORD',
    record: { stream: 'a"b', emitted_at: 5, data: { x: 1 } },
  });
  const changes = [{ field: 'x', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' } as const];
  expect(JSON.parse(`${before}{}${recordEnvelopeEnd(changes)}`)).toMatchObject({ record: { meta: { changes } } });
});

test('an error names its kind and stream, and no secret', () => {
  registerSecret('pat-eu1-very-secret');
  const error = new ConfigError('The token pat-eu1-very-secret is wrong.', { internal: 'pat-eu1-very-secret' });
  const line = encodeError(error, epochMs(1), 'contacts');
  expect(line).not.toContain('very-secret');
  expect(JSON.parse(line).trace.error).toMatchObject({
    failure_type: 'config_error',
    stream_descriptor: { name: 'contacts' },
  });
  expect(JSON.parse(line).trace.error.stack_trace).toBeUndefined();
});

test('a status says until when it waits for the quota', () => {
  expect(
    JSON.parse(encodeStreamStatus('s', 'INCOMPLETE', epochMs(1), epochMs(99))).trace.stream_status.reasons,
  ).toEqual([{ type: 'RATE_LIMITED', rate_limited: { quota_reset: 99 } }]);
});

test.each([
  ['half \ud83d of a pair', 'half \ufffd of a pair'],
  ['\udc00\ud83d\ude00', '\ufffd\ud83d\ude00'],
  ['a backslash and \\ud83d', 'a backslash and \\ud83d'],
  ['both: \\\ud83d', 'both: \\\ufffd'],
])('%j is written so that every reader takes it', (text, read) => {
  expect(JSON.parse(jsonText({ [text]: text }))).toEqual({ [read]: read });
});
