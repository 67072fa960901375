import fc from 'fast-check';
import { packIds, unpackIds } from './packed-ids.js';
import { PackedSegments } from './packed-segments.js';

/** What is packed piece by piece is what would be packed at once. */
const id = fc.oneof(
  fc.nat(5_000).map(String),
  fc.bigInt({ min: 10n ** 14n, max: 10n ** 18n }).map(String),
  fc.constantFrom('007', 'x', ''),
);
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('many' as const), id: fc.nat(20_000).map(String) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pack' as const), id }) },
);

test('as if packed at once, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const [segments, all] = [new PackedSegments(), new Set<string>()];
      const put = (each: string) => {
        segments.put(each);
        all.add(each);
      };
      for (const { kind, id: each } of changes) {
        if (kind === 'put') put(each);
        // So many that segments are divided.
        else if (kind === 'many') for (let n = 0; n < 700; n += 1) put(String(Number(each) + 3 * n));
        else if (kind === 'delete') {
          segments.delete(each);
          all.delete(each);
        } else expect(segments.pack()).toBe(packIds(all));
      }
      expect(segments.pack()).toBe(packIds(all));
      expect(unpackIds(segments.pack())).toHaveLength([...all].filter((each) => /^(0|[1-9]\d*)$/.test(each)).length);
    }),
    { numRuns: 150 },
  );
});

test('a text behind an id is the latest one, also where it is the first of its segment', () => {
  const texts = new Map(Array.from({ length: 1_500 }, (_, n) => [String(n * 2 + 1), 0]));
  const segments = new PackedSegments((each) => `.${texts.get(each)}`);
  for (const each of texts.keys()) segments.put(each);
  segments.pack();
  for (const [n, each] of [...texts.keys()].entries()) {
    if (n % 17 !== 0) continue;
    texts.set(each, n + 1);
    segments.put(each);
  }
  const entries = segments.pack().split(' ');
  expect(entries.map((entry) => Number(entry.split('.')[1]))).toEqual([...texts.values()]);
});
