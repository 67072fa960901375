import { InputError } from '../errors.js';
import { echoState, type Incoming, parseIncoming } from './incoming.js';

const parse = (text: string, number = 1): Incoming => parseIncoming({ bytes: Buffer.from(text), number });

test('keeps the data of a record as the bytes it came in', () => {
  const data = '{ "n": 9007199254740993, "d": 1.50, "s": "\\u00e9" }';
  const message = parse(`{"type":"RECORD","record":{"stream":"s","emitted_at":1700000000000,"data":${data}}}`);
  expect(message.type === 'RECORD' && message.data.toString()).toBe(data);
});

test.each([
  ['{"n":123456789012345,"s":"1234567890123456","e":"é"}', true],
  ['{"n":1234567890123456}', false],
  ['{"o":{"l":[0.1234567890123456]}}', false],
  ['{"s":"a\\nb"}', false],
  ['{"\\u0061":1}', false],
])('says of the data %s whether it is plain', (data, isPlain) => {
  const line = `{"type":"RECORD","record":{"stream":"s","emitted_at":1700000000000,"data":${data}}}`;
  // What came before says nothing of it.
  parse(line.replace(data, '{"n":0.12345678901234567,"s":"\\n"}'));
  expect(parse(line)).toMatchObject({ isPlain });
});

test('reads messages with every envelope key null, as PyAirbyte writes them', () => {
  const line =
    '{"type":"RECORD","log":null,"record":{"namespace":null,"stream":"s","data":{"a":1},"emitted_at":1700000000000,"meta":null,"file_reference":null},"state":null,"trace":null}';
  expect(parse(line)).toMatchObject({
    type: 'RECORD',
    stream: 's',
    namespace: null,
    meta: null,
    emittedAt: 1700000000000,
  });
});

test('takes an emitted_at in seconds for what it is', () => {
  const message = parse('{"type":"RECORD","record":{"stream":"s","emitted_at":1700000000.5,"data":{}}}');
  expect(message).toMatchObject({ emittedAt: 1700000000500 });
});

test('reads stream statuses, and passes over messages it does not know', () => {
  const status =
    '{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":{"stream_descriptor":{"name":"s"},"status":"COMPLETE"}}}';
  expect(parse(status)).toEqual({ type: 'STATUS', stream: 's', namespace: null, status: 'COMPLETE' });
  expect(parse('{"type":"FUTURE","future":{}}')).toEqual({ type: 'OTHER' });
});

test.each([
  ['not json', 'is not JSON'],
  ['{"type":"RECORD"', 'is not JSON'],
  ['[1]', 'is not JSON'],
  ['{"kind":"RECORD"}', 'no "type"'],
  ['{"type":"RECORD","record":null}', 'has no object "record"'],
  ['{"type":"RECORD","record":{"data":{},"emitted_at":1}}', 'has no string "stream"'],
  ['{"type":"RECORD","record":{"stream":"s","data":[],"emitted_at":1}}', 'without an object "data"'],
  ['{"type":"RECORD","record":{"stream":"s","data":{},"emitted_at":"x"}}', 'without a number "emitted_at"'],
  ['{"type":"STATE","state":{"type":"STREAM"}}', 'without a stream_descriptor'],
])('names the line and its beginning: %s', (text, why) => {
  expect(() => parse(text, 7)).toThrow(InputError);
  expect(() => parse(text, 7)).toThrow(`Line 7 of the input`);
  expect(() => parse(text, 7)).toThrow(why);
  expect(() => parse(text, 7)).toThrow(text.slice(0, 40));
});

describe('a state that is put out again', () => {
  const echoed = (state: string) => echoState(Buffer.from(state), 12).toString();

  test('is unmodified but for the destination stats, numbers beyond a double included', () => {
    const state =
      '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"n":9007199254740993, "x" : [1.50]}},"sourceStats":{"recordCount":2.0}}}';
    const expected = `${state.slice(0, -2)},"destinationStats":{"recordCount":12.0}}}\n`;
    expect(echoed(state)).toBe(expected);
  });

  test('has stats that were there replaced', () => {
    const state =
      '{"type":"STATE","state":{"type":"GLOBAL","global":{"stream_states":[]},"destinationStats":null,"data":null}}';
    expect(echoed(state)).toBe(
      `${state.replace('"destinationStats":null', '"destinationStats":{"recordCount":12.0}')}\n`,
    );
  });
});
