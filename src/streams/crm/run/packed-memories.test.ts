import fc from 'fast-check';
import { MergeMap } from './merges.js';
import { packIds, unpackIds } from './packed-ids.js';

/** What stands in a state is what a memory knows at that moment, whatever came between two states. */

const id = fc.oneof(
  fc.nat(50).map(String),
  fc.bigInt({ min: 10n ** 14n, max: 10n ** 18n }).map(String),
  fc.constantFrom('007', 'x', ''),
);

test('of merges: a state brings back what it was made of', () => {
  const merge = fc.record({
    survivor: fc.nat(30).map(String),
    losers: fc.array(fc.nat(30).map(String), { maxLength: 3 }),
  });
  const row = (survivor: string, losers: readonly string[]) =>
    ({
      id: survivor,
      updatedAt: '2026-01-01T00:00:00Z',
      properties: { hs_merged_object_ids: losers.join(';') },
    }) as never;
  fc.assert(
    fc.property(fc.array(merge, { maxLength: 30 }), (merges) => {
      const map = new MergeMap();
      for (const { survivor, losers } of merges) {
        map.learn(row(survivor, losers));
        const again = new MergeMap(map.pack());
        expect(again.pack()).toBe(map.pack());
        for (let n = 0; n <= 30; n += 1) expect(again.isMergedAway(String(n))).toBe(map.isMergedAway(String(n)));
      }
    }),
    { numRuns: 150 },
  );
});

test('ids that are no whole numbers are left out, the others come back in their order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id), (ids) => {
      const packable = ids.filter((each) => /^(0|[1-9]\d*)$/.test(each));
      expect(unpackIds(packIds(ids))).toEqual(packable.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
    }),
  );
});
