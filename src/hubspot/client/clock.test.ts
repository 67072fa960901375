import { monotonicMs } from '../../time.js';
import { ServerClock } from './clock.js';

test('never runs ahead of HubSpot, never goes back, and comes closer with each answer', () => {
  let monotonic = 0;
  const hubspotStart = Date.parse('2026-01-01T00:00:00.900Z');
  const hubspot = () => hubspotStart + monotonic;
  const clock = new ServerClock(() => monotonicMs(monotonic));
  let last = 0;
  for (let i = 0; i < 200; i += 1) {
    const header = new Date(hubspot()).toUTCString();
    monotonic += 30 + (i % 7) * 10; // the answer travels
    clock.observe(header);
    expect(clock.now()).toBeLessThanOrEqual(hubspot());
    expect(clock.now()).toBeGreaterThanOrEqual(last);
    last = clock.now();
    monotonic += 37;
  }
  expect(hubspot() - clock.now()).toBeLessThan(100);
});

test('a wrong clock of this machine does not matter once HubSpot has answered', () => {
  const clock = new ServerClock(() => monotonicMs(5000));
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  clock.observe('Thu, 01 Jan 2037 00:00:00 GMT');
  expect(clock.now()).toBe(Date.parse('2037-01-01T00:00:00Z'));
  clock.observe(null);
  clock.observe('nonsense');
  expect(clock.now()).toBe(Date.parse('2037-01-01T00:00:00Z'));
});

describe('an answer whose Date is hours ahead of the others', () => {
  const at = (hours: number) => new Date(Date.parse('2026-01-01T12:00:00Z') + hours * 3_600_000).toUTCString();

  test.each([0, 1, 2, 5])('is refused, also as number %d', (place) => {
    const clock = new ServerClock(() => monotonicMs(0));
    for (let i = 0; i < 6; i += 1) clock.observe(at(i === place ? 2 : 0));
    expect(new Date(clock.now()).toUTCString()).toBe(at(0));
  });

  test('does not count as soon as a second one differs', () => {
    const clock = new ServerClock(() => monotonicMs(0));
    clock.observe(at(2));
    clock.observe(at(0));
    expect(new Date(clock.now()).toUTCString()).toBe(at(0));
  });

  test('one that is behind makes no difference once most are right', () => {
    const clock = new ServerClock(() => monotonicMs(0));
    for (const hours of [-2, 0, 0]) clock.observe(at(hours));
    expect(new Date(clock.now()).toUTCString()).toBe(at(0));
  });
});
