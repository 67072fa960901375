import fc from 'fast-check';
import { parseIncoming } from '../../protocol/incoming.js';
import { safeData } from './spool-line.js';

const safe = (json: string) => {
  const { data, changes } = safeData(Buffer.from(json));
  return { json: data.toString(), changes };
};

test('leaves what a warehouse can read as it is, byte for byte', () => {
  const json =
    '{ "a" : 123456789012345, "b": "\\u00e9\\ud83d\\ude00", "c": [1.5e3, {"d": "123456789012345678"}], "e": "\\\\ud83d" }';
  expect(safe(json)).toEqual({ json, changes: [] });
});

test('makes strings of numbers that a double would round', () => {
  expect(safe('{"a":9007199254740993,"b":-1234567890123456.789,"c":0.1234567890123456789,"d":1}')).toEqual({
    json: '{"a":"9007199254740993","b":"-1234567890123456.789","c":"0.1234567890123456789","d":1}',
    changes: [],
  });
});

test('replaces half surrogates and NUL, and notes the field', () => {
  const { json, changes } = safe(
    '{"a":"x\\ud83dy","b":{"c":"\\udE00"},"\\ud83d":1,"d":"\\ud83d\\ude00\\ude00","e":"a\\u0000\\\\u0000"}',
  );
  expect(JSON.parse(json)).toEqual({
    a: 'x\ufffdy',
    b: { c: '\ufffd' },
    '\ufffd': 1,
    d: '😀\ufffd',
    e: 'a\ufffd\\u0000',
  });
  expect(changes.map((change) => change.field)).toEqual(['a', 'b', 'd', 'e']);
});

test('whatever comes in, every value is what it was, made well-formed', () => {
  const wellFormed = (value: unknown): unknown => {
    if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd');
    if (Array.isArray(value)) return value.map(wellFormed);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [wellFormed(key), wellFormed(child)]));
  };
  const halves = fc.string({ unit: fc.constantFrom('a', '\\', '"', '\ud83d', '\ude00', '😀', '\u0000', 'ud83d') });
  fc.assert(
    fc.property(fc.dictionary(halves, fc.jsonValue({ stringUnit: 'binary' })), fc.array(halves), (object, strings) => {
      const value = JSON.stringify({ ...object, zz: strings });
      const expected = wellFormed(JSON.parse(value)) as Record<string, unknown>;
      const kept = JSON.parse(safe(value).json) as Record<string, unknown>;
      for (const [key, child] of Object.entries(kept)) {
        // A long number comes as a string of its digits.
        if (typeof expected[key] === 'number') kept[key] = Number(child);
      }
      expect(kept).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

test('of data that the walk over its line calls plain, nothing has to be altered', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,18})?([eE][+-]?\d{1,2})?$/);
  const text = fc.string({ unit: fc.constantFrom('a', '1', '.', '\\', '\n', 'é', '\ud83d', '\u0000') });
  const value = fc.oneof(
    digits,
    text.map((each) => JSON.stringify(each)),
    fc.constant('[1,{"a":null}]'),
  );
  let plain = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(text, value), { maxLength: 4 }), (members) => {
      const data = `{${members.map(([key, each]) => `${JSON.stringify(key)}:${each}`).join(',')}}`;
      const line = `{"type":"RECORD","record":{"stream":"s","emitted_at":1,"data":${data}}}`;
      const message = parseIncoming({ bytes: Buffer.from(line), number: 1 });
      if (message.type !== 'RECORD' || !message.isPlain) return;
      plain += 1;
      expect(safe(data)).toEqual({ json: data, changes: [] });
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(100);
});
