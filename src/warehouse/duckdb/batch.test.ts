import { batchOf, portionsOf } from './batch.js';

const MB = 1024 * 1024;
const files = (...sizes: number[]) =>
  batchOf(sizes.map((size, i) => ({ path: `f${i}`, rows: i + 1, bytes: size * MB, longestLine: 100 * (i + 1) })));
const paths = (...sizes: number[]) => portionsOf(files(...sizes), 100 * MB).map((portion) => portion.paths);

test.each([
  ['none is larger than it may be', [50, 50, 50], [['f0', 'f1'], ['f2']]],
  ['a file that is larger by itself is one', [50, 150, 20, 20], [['f0'], ['f1'], ['f2', 'f3']]],
  ['a small batch is one', [10], [['f0']]],
])('%s', (_, sizes, wanted) => expect(paths(...sizes)).toEqual(wanted));

test('each knows its own rows and longest line', () => {
  expect(portionsOf(files(60, 60), 100 * MB)).toMatchObject([
    { rows: 1, longest: 100 },
    { rows: 2, longest: 200 },
  ]);
});
