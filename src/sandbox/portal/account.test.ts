import { nextMidnight, zoneOffsetMs } from './account.js';

describe('nextMidnight', () => {
  it.each([
    ['UTC', '2026-11-01T12:00:00Z', '2026-11-02T00:00:00.000Z'],
    ['UTC', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00.000Z'],
    ['America/New_York', '2026-06-01T03:59:59Z', '2026-06-01T04:00:00.000Z'],
    ['Asia/Kolkata', '2026-06-01T18:30:00Z', '2026-06-02T18:30:00.000Z'],
    // Clocks go back on 1 November and forward on 8 March.
    ['America/New_York', '2026-11-01T04:30:00Z', '2026-11-02T05:00:00.000Z'],
    ['America/New_York', '2026-03-08T05:30:00Z', '2026-03-09T04:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T23:00:00.000Z'],
  ])('of %s after %s is %s', (zone, at, expected) => {
    expect(new Date(nextMidnight(zone, Date.parse(at))).toISOString()).toBe(expected);
  });
});

describe('zoneOffsetMs', () => {
  it('follows the seasons', () => {
    expect(zoneOffsetMs('Europe/Berlin', Date.parse('2026-07-01T00:00:00.500Z'))).toBe(2 * 3_600_000);
    expect(zoneOffsetMs('Europe/Berlin', Date.parse('2026-12-01T00:00:00.500Z'))).toBe(3_600_000);
  });
});
