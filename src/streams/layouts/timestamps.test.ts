import { timestampOf } from './timestamps.js';

test.each([
  ['2024-05-01T12:34:56.789Z', '2024-05-01T12:34:56.789'],
  ['2024-05-01T12:34:56Z', '2024-05-01T12:34:56.000'],
  ['2024-05-01T14:34:56.789+02:00', '2024-05-01T12:34:56.789'],
  ['2024-05-01', '2024-05-01T00:00:00.000'],
  [1_714_566_896_789, '2024-05-01T12:34:56.789'],
  ['1714566896789', '2024-05-01T12:34:56.789'],
  [0, '1970-01-01T00:00:00.000'],
  ['', null],
  [' ', null],
])('%s is %s', (value, expected) => {
  expect(timestampOf(value)).toBe(expected);
});

test.each(['soon', '2024-02-30T00:00:00Z', 1e17, Number.NaN, true, ['2024-05-01'], {}])('%s is no time', (value) => {
  expect(timestampOf(value)).toBeUndefined();
});
