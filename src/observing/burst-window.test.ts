import { epochMs } from '../time.js';
import { BurstWindow } from './burst-window.js';

const limits = { intervalMs: 10_000, dailyMax: null, dailyRemaining: null };

test('what is left is the limit less our calls and those of others that an answer shows', () => {
  const window = new BurstWindow();
  const at = epochMs(1_800_000_000_000);
  expect(window.left(at)).toBeNull();
  for (let n = 0; n < 30; n += 1) window.sent(at);
  window.learn({ ...limits, max: 100, remaining: 70 }, at);
  expect(window.left(at)).toBe(70);
  window.learn({ ...limits, max: 100, remaining: 50 }, at);
  expect(window.left(at)).toBe(50);
  expect(window.left(epochMs(at + 10_000))).toBe(80);
  window.learn({ ...limits, max: null, remaining: null }, at);
  expect(window.max).toBe(100);
});
