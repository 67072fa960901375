import fc from 'fast-check';
import { epochMs } from '../../time.js';
import { Timeline } from './timeline.js';

const START = epochMs(1_800_000_000_000);
const at = (seconds: number) => epochMs(START + seconds * 1000);
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

test('a second a part, while there is room', () => {
  const timeline = new Timeline(START, 8);
  timeline.add('calls', at(0.5), 1);
  timeline.add('calls', at(2), 2);
  timeline.peak('burst', at(2.1), 7);
  timeline.peak('burst', at(2.9), 5);
  expect(timeline.data(at(3))).toMatchObject({
    startedAt: START,
    seconds: 1,
    calls: [1, 0, 2, 0],
    burst: [0, 0, 7, 0],
  });
});

test('two parts become one when there are too many: sums are added, peaks stay the highest', () => {
  const timeline = new Timeline(START, 4, 8);
  for (const second of [0, 1, 2, 3]) {
    timeline.add('calls', at(second), 1);
    timeline.peak('searches', at(second), second);
  }
  expect(timeline.data(at(4))).toMatchObject({ seconds: 2, calls: [2, 2, 0], searches: [1, 3, 0] });
});

test('the oldest parts are dropped once they are as wide as they may be', () => {
  const timeline = new Timeline(START, 4, 2);
  for (let second = 0; second < 20; second += 1) timeline.add('calls', at(second), 1);
  expect(timeline.data(at(19))).toMatchObject({ startedAt: at(12), seconds: 2, calls: [2, 2, 2, 2] });
  timeline.add('calls', at(3), 5);
  expect(sum(timeline.data(at(19)).calls)).toBe(8);
  expect(timeline.data(at(100_000)).calls).toEqual([0, 0, 0, 0]);
});

test('what lasts is spread over its parts, to the millisecond, and nothing is lost by joining parts', () => {
  const spans = fc.array(fc.tuple(fc.nat(300_000), fc.nat(60_000)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(spans, (given) => {
      const timeline = new Timeline(START, 16, 1024);
      let end = 0;
      for (const [from, lasts] of given) {
        timeline.spread('waiting', epochMs(START + from), epochMs(START + from + lasts));
        end = Math.max(end, from + lasts);
      }
      const { waiting, seconds } = timeline.data(epochMs(START + end));
      expect(waiting.length).toBeLessThanOrEqual(16);
      expect(sum(waiting)).toBeCloseTo(sum(given.map(([, lasts]) => lasts)) / 1000, 1);
      for (const value of waiting) expect(value).toBeLessThanOrEqual(seconds * given.length + 0.001);
    }),
  );
});
