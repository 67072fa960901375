import { DailyLimitError } from '../../errors.js';
import { epochMs } from '../../time.js';
import { DailyQuota } from './daily-quota.js';

let now: number;
const quota = (reserve = 0) =>
  new DailyQuota(
    reserve,
    () => undefined,
    () => epochMs(now),
  );

beforeEach(() => {
  now = 0;
});

test('it is not known before an answer has said it, and then counted down', () => {
  const day = quota();
  expect(day.remaining).toBeNull();
  day.answered('objects', null, 0, 0);
  expect(day.remaining).toBeNull();
  day.answered('objects', 100, 0, 0);
  day.answered('objects', null, 0, 0);
  expect(day.remaining).toBe(99);
});

test('of services that do not agree, the least of the last minute counts', () => {
  const day = quota();
  day.answered('objects', 249_593, 0, 0);
  now += 1_000;
  day.answered('owners', 249_700, 0, 0);
  expect(day.remaining).toBe(249_592);
  now += 58_000;
  day.answered('owners', 249_699, 0, 0);
  expect(day.remaining).toBe(249_591);
  now += 2_000;
  day.answered('owners', 249_698, 0, 0);
  expect(day.remaining).toBe(249_698);
});

test('a service that has not been heard for long still counts where no other was', () => {
  const day = quota();
  day.answered('objects', 50, 0, 0);
  now += 600_000;
  day.answered('objects', null, 0, 0);
  expect(day.remaining).toBe(49);
});

test('the reserve is kept against the least', () => {
  const day = quota(100);
  day.answered('objects', 101, 0, 0);
  expect(day.obstacle(0)).toBeNull();
  expect(day.obstacle(1)).toBe('wait');
  day.answered('owners', 5_000, 0, 0);
  expect(day.obstacle(0)).toBeInstanceOf(DailyLimitError);
});
