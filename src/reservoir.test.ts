import { Reservoir } from './reservoir.js';

test('percentiles of a few values are exact, by nearest rank', () => {
  const reservoir = new Reservoir();
  for (const value of [5, 1, 4, 2, 3]) reservoir.add(value);
  expect(reservoir.percentiles(0.5, 0.95, 0.2, 0)).toEqual([3, 5, 1, 1]);
  expect(reservoir.most).toBe(5);
  expect(() => new Reservoir().percentiles(0.5)).toThrow(RangeError);
});

test('of many values a fair sample is kept, and their maximum', () => {
  const reservoir = new Reservoir();
  for (let value = 0; value < 200_000; value += 1) reservoir.add(value);
  expect(reservoir.values).toHaveLength(10_000);
  expect(reservoir.most).toBe(199_999);
  const [half = 0, most = 0] = reservoir.percentiles(0.5, 0.95);
  expect(Math.abs(half - 100_000)).toBeLessThan(6_000);
  expect(Math.abs(most - 190_000)).toBeLessThan(4_000);
});
