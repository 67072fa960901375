import type { JsonValue } from '../../protocol/messages.js';
import { BOOLEAN, DECIMAL, INSTANT, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../layouts/property-schema.js';
import { fitting } from './fitting.js';

const TYPES = {
  text: STRING,
  integer: INTEGER,
  number: DECIMAL,
  boolean: BOOLEAN,
  instant: INSTANT,
  day: { type: ['null', 'string'], format: 'date' },
  object: OBJECT,
  objects: OBJECTS,
  texts: STRINGS,
  any: {},
};
const fitted = (type: keyof typeof TYPES, value: JsonValue) => {
  const { data, changes } = fitting({ f: TYPES[type] })({ f: value, other: 1 });
  expect(Object.keys(data)).toEqual(['f']);
  return { value: data.f, changes };
};

test.each<[keyof typeof TYPES, JsonValue, JsonValue]>([
  ['text', 'a', 'a'],
  ['text', '', ''],
  ['text', 12.5, '12.5'],
  ['text', true, 'true'],
  ['text', { a: [1] }, '{"a":[1]}'],
  ['text', ['a'], '["a"]'],
  ['integer', 7, 7],
  ['integer', '7', 7],
  ['integer', ' -07 ', -7],
  ['integer', '7.0', 7],
  ['integer', '', null],
  ['number', 1.5, 1.5],
  ['number', '1.5', 1.5],
  ['number', 1e300, 1e300],
  ['boolean', false, false],
  ['boolean', 'True', true],
  ['boolean', '', null],
  ['instant', '2024-05-01T12:34:56.789Z', '2024-05-01T12:34:56.789Z'],
  ['instant', '2024-05-01T12:34:56+02:00', '2024-05-01T12:34:56+02:00'],
  ['instant', 1714566896789, '2024-05-01T12:34:56.789000+00:00'],
  ['instant', '2024-05-01', '2024-05-01T00:00:00+00:00'],
  ['instant', '2024-05-01 12:34:56', '2024-05-01T12:34:56+00:00'],
  ['instant', '', null],
  ['day', '2024-05-01', '2024-05-01'],
  ['object', { a: 1 }, { a: 1 }],
  ['objects', [{ a: 1 }, null], [{ a: 1 }, null]],
  ['texts', ['a', 1, null, { b: 2 }], ['a', '1', null, '{"b":2}']],
  ['any', 'a', 'a'],
  ['any', [{ a: 1 }], [{ a: 1 }]],
])('%s: %j becomes %j', (type, value, wanted) => {
  expect(fitted(type, value)).toEqual({ value: wanted, changes: [] });
});

test.each<[keyof typeof TYPES, JsonValue]>([
  ['integer', 'seven'],
  ['integer', true],
  ['integer', [7]],
  ['integer', { a: 7 }],
  ['number', '1,5'],
  ['number', '1e999'],
  ['boolean', 1],
  ['boolean', 'yes'],
  ['instant', 'soon'],
  ['instant', '2024-02-30T00:00:00Z'],
  ['instant', '2024-05-01T25:00:00Z'],
  ['instant', false],
  ['day', '2024-02-30'],
  ['object', 'a'],
  ['object', [1]],
  ['objects', { a: 1 }],
  ['texts', 'a'],
])('%s: %j is none, which is noted', (type, value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const note = { field: 'f', change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR', value: text };
  expect(fitted(type, value)).toEqual({ value: null, changes: [note] });
});

test.each<[JsonValue, number]>([
  [1.4, 1],
  ['2.6', 3],
  [1e20, 1e20],
  ['12345678901234567890', 12345678901234567000],
])('an integer that is none, or too long (%j), is the nearest one, which is noted', (value, wanted) => {
  const note = { field: 'f', change: 'TRUNCATED', reason: 'SOURCE_SERIALIZATION_ERROR', value: String(value) };
  expect(fitted('integer', value)).toEqual({ value: wanted, changes: [note] });
});

test('what is noted names the place within a list, and no more than a thousand characters', () => {
  const long = 'x'.repeat(2000);
  const note = { change: 'NULLED', reason: 'SOURCE_SERIALIZATION_ERROR' };
  expect(fitted('objects', [{}, long, 7])).toEqual({
    value: [{}, null, null],
    changes: [
      { ...note, field: 'f.1', value: long.slice(0, 1000) },
      { ...note, field: 'f.2', value: '7' },
    ],
  });
});

test('a number that no float holds is none', () => {
  expect(fitted('number', Number.POSITIVE_INFINITY).value).toBeNull();
  expect(fitted('integer', Number.POSITIVE_INFINITY).value).toBeNull();
});

test('halves of surrogate pairs are replaced, which is noted', () => {
  const note = { field: 'f', change: 'TRUNCATED', reason: 'SOURCE_SERIALIZATION_ERROR' };
  expect(fitted('text', 'a\ud800')).toEqual({ value: 'a\ufffd', changes: [note] });
});

test('what is missing is null', () => {
  expect(fitting({ a: STRING, b: OBJECT })({})).toEqual({ data: { a: null, b: null }, changes: [] });
});
