import { epochMs, MS_A_DAY } from '../../../time.js';
import { Windows } from './windows.js';

/** Which windows are read of a span of time, and what counts as read. */

const days = (from: number, to: number) => ({ from: epochMs(from * MS_A_DAY), to: epochMs(to * MS_A_DAY) });
const inDays = ({ from, to }: { from: number; to: number }) => [from / MS_A_DAY, to / MS_A_DAY];

test('windows double while they take one page, and end where the span does', () => {
  const windows = new Windows(days(0, 100), [], MS_A_DAY);
  const taken: number[][] = [];
  while (windows.hasMore) {
    const window = windows.take();
    taken.push(inDays(window));
    windows.finish(window, 1);
  }
  expect(taken).toEqual([0, 1, 3, 7, 15, 31, 63].map((from, index, all) => [from, all[index + 1] ?? 100]));
  expect([windows.until, windows.beyond]).toEqual([100 * MS_A_DAY, []]);
});

test('what was read before is not taken, and everything before `until` was read', () => {
  const windows = new Windows(days(0, 10), [days(2, 4), days(-5, 1), days(9, 12)], 4 * MS_A_DAY);
  expect([inDays({ from: windows.until, to: windows.leftMs }), windows.beyond.map(inDays)]).toEqual([
    [1, 6],
    [
      [2, 4],
      [9, 10],
    ],
  ]);
  const [first, second] = [windows.take(), windows.take()];
  expect([first, second].map(inDays)).toEqual([
    [1, 2],
    [4, 8],
  ]);
  windows.finish(second, 2);
  expect([windows.until / MS_A_DAY, windows.beyond.map(inDays)]).toEqual([
    1,
    [
      [2, 8],
      [9, 10],
    ],
  ]);
  windows.finish(first, 2);
  expect(windows.until / MS_A_DAY).toBe(8);
});

test('the rest of a window is read in windows of half of it, or of what ten pages were enough for', () => {
  const windows = new Windows(days(0, 64), [], 64 * MS_A_DAY);
  windows.finish(windows.take(), 10, days(0, 60));
  expect([windows.until, windows.beyond.map(inDays)]).toEqual([0, [[60, 64]]]);
  const half = windows.take();
  expect(inDays(half)).toEqual([0, 30]);
  windows.finish(half, 10, days(20, 30));
  expect(windows.until / MS_A_DAY).toBe(20);
  expect(inDays(windows.take())).toEqual([20, 30]);
  expect(inDays(windows.take())).toEqual([30, 50]);
});

test('a window that was read to its end in too many pages makes the next ones shorter, to an hour', () => {
  const windows = new Windows(days(0, 100), [], 8 * MS_A_DAY);
  windows.finish(windows.take(), 40);
  expect(inDays(windows.take())).toEqual([8, 10]);
  windows.finish(windows.take(), 100_000);
  const { from, to } = windows.take();
  expect(to - from).toBe(3_600_000);
});
