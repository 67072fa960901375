import fc from 'fast-check';
import { epochMs } from '../time.js';
import { RollingCount } from './rolling-count.js';

test('counts what was added in the last seconds, whatever lies between', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(4000), adds: fc.nat(3) }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), steps, (seconds, given) => {
      const count = new RollingCount(seconds);
      const all: number[] = [];
      let now = 1_800_000_000_000;
      for (const { afterMs, adds } of given) {
        now += afterMs;
        for (let n = 0; n < adds; n += 1) {
          count.add(epochMs(now));
          all.push(Math.floor(now / 1000));
        }
        const from = Math.floor(now / 1000) - seconds;
        expect(count.countAt(epochMs(now))).toBe(all.filter((second) => second > from).length);
      }
    }),
  );
});

test('a clock that is set back is followed, one that goes back a little is not', () => {
  const count = new RollingCount(10);
  count.add(epochMs(5_000_000));
  expect(count.countAt(epochMs(4_995_000))).toBe(1);
  count.add(epochMs(1_000_000));
  expect(count.countAt(epochMs(1_009_000))).toBe(1);
  expect(count.countAt(epochMs(1_010_000))).toBe(0);
});
