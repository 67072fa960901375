import fc from 'fast-check';
import { coerce, kindOf, type ValueKind } from './coerce.js';

test.each<[ValueKind, string, string | undefined]>([
  // Numbers keep their digits, also those that a double would lose.
  ['number', '9007199254740993', '9007199254740993'],
  ['number', '1234567890123456.789', '1234567890123456.789'],
  ['number', '-0.10', '-0.10'],
  ['number', '1e400', '1e400'],
  ['number', '007', '7'],
  ['number', '+5', '5'],
  ['number', '.5', '0.5'],
  ['number', '5.', '5'],
  ['number', '-,5', undefined],
  ['number', '1,234,567.8', '1234567.8'],
  ['number', '1,234.5', '1234.5'],
  ['number', '1,234,567', '1234567'],
  // A comma before decimals, as in Europe; or one that may be.
  ...['12,50', '1,5', '0,75', '1,234', '1.234,5', '12,34,567.8', ',5', '1,'].map(
    (text): [ValueKind, string, undefined] => ['number', text, undefined],
  ),
  ['number', ' 12 ', '12'],
  ['number', '', 'null'],
  ['number', '1234;5678', undefined],
  ['number', 'NaN', undefined],
  ['number', '0x10', undefined],
  ['number', '.', undefined],
  ['boolean', 'true', 'true'],
  ['boolean', 'FALSE', 'false'],
  ['boolean', '', 'null'],
  ['boolean', 'yes', undefined],
  ['date', '2024-02-29', '"2024-02-29"'],
  ['date', '2023-02-29', undefined],
  ['date', '0099-12-31', '"0099-12-31"'],
  ['date', '0000-01-01', undefined],
  ['date', '1709164800000', '"2024-02-29"'],
  ['date', '2024-02-29T23:59:59Z', '"2024-02-29"'],
  ['date', '', 'null'],
  ['date', '99999-01-01', undefined],
  ['date', 'soon', undefined],
  ['datetime', '2024-05-01T00:00:00Z', '"2024-05-01T00:00:00+00:00"'],
  ['datetime', '2024-05-01T12:34:56.789Z', '"2024-05-01T12:34:56.789000+00:00"'],
  ['datetime', '2024-05-01T12:34:56.123456Z', '"2024-05-01T12:34:56.123456+00:00"'],
  ['datetime', '2024-05-01T12:34:56.000Z', '"2024-05-01T12:34:56+00:00"'],
  ['datetime', '2024-05-01T02:00:00+02:00', '"2024-05-01T00:00:00+00:00"'],
  ['datetime', '1714566896789', '"2024-05-01T12:34:56.789000+00:00"'],
  ['datetime', '2024-05-01', '"2024-05-01T00:00:00+00:00"'],
  ['datetime', '-10000000000', '"1969-09-07T06:13:20+00:00"'],
  ['date', '631152000000', '"1990-01-01"'],
  // Days, seconds, days with their times and microseconds, as others write them.
  ...['20240115', '1633996800', '-1000000', '202401151030', '20240115103000', '1714566896789000', '0'].flatMap(
    (text): [ValueKind, string, undefined][] => [
      ['date', text, undefined],
      ['datetime', text, undefined],
    ],
  ),
  ['datetime', '99999-01-01T00:00:00Z', undefined],
  ['datetime', '2024-13-01T00:00:00Z', undefined],
  ['datetime', '2023-02-30T00:00:00Z', undefined],
  ['datetime', '', 'null'],
  ['string', '', '""'],
  ['string', 'a"b\u0000\ud83d', '"a\\"b\\u0000\ufffd"'],
])('%s %j becomes %s', (kind, text, json) => {
  expect(coerce(kind, text)).toBe(json);
});

test('a number that JavaScript writes comes out as it went in', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = String(number);
      expect(Number(coerce('number', text))).toBe(Object.is(number, -0) ? 0 : number);
    }),
  );
});

test('whatever comes out is JSON', () => {
  const kinds = fc.constantFrom<ValueKind>('string', 'number', 'boolean', 'date', 'datetime');
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^[+-]?[0-9,]{0,6}\.?[0-9]{0,3}([eE][+-]?\d{1,3})?$/),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  fc.assert(
    fc.property(kinds, texts, (kind, text) => {
      const json = coerce(kind, text);
      if (json === undefined) return;
      const value: unknown = JSON.parse(json);
      const type = {
        string: 'string',
        number: 'number',
        boolean: 'boolean',
        date: 'string',
        datetime: 'string',
        utc: 'string',
      }[kind];
      expect(value === null || typeof value === type).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('an instant comes out as the instant it was', () => {
  const earliest = new Date('0001-01-01T00:00:00Z');
  const latest = new Date('9999-12-31T23:59:59Z');
  fc.assert(
    fc.property(fc.date({ min: earliest, max: latest, noInvalidDate: true }), (date) => {
      const json = coerce('datetime', date.toISOString());
      expect(new Date(JSON.parse(json as string)).getTime()).toBe(date.getTime());
    }),
  );
});

test('types HubSpot may add are text', () => {
  expect(['enumeration', 'phone_number', 'json', 'object_coordinates', 'new_one'].map(kindOf)).toEqual(
    Array(5).fill('string'),
  );
  expect([kindOf('bool'), kindOf('datetime'), kindOf('date'), kindOf('number')]).toEqual([
    'boolean',
    'datetime',
    'date',
    'number',
  ]);
});
