import fc from 'fast-check';
import { instantAt, isDay } from './plain-times.js';

const digits = (length: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: 10 ** length - 1 }).map((number) => String(number).padStart(length, '0')),
    fc
      .constantFrom('00', '01', '02', '12', '23', '28', '29', '30', '31', '59', '1-', ' 1')
      .map((two) => two.padStart(length, '0')),
  );
const DAYS = fc.tuple(digits(4), digits(2), digits(2)).map((parts) => parts.join('-'));
const CLOCKS = fc.tuple(digits(2), digits(2), digits(2)).map((parts) => parts.join(':'));
const ENDS = fc.oneof(
  fc.constantFrom('Z', '', '+00:00', '.000Z', '.Z', 'z'),
  digits(3).map((ms) => `.${ms}Z`),
);

/** What the calendar of JavaScript makes of it, for texts of the right form; null: there is no such time. */
function timeOf(text: string): Date | null {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10)) ? date : null;
}

test('a day is one where the calendar has it', () => {
  fc.assert(
    fc.property(DAYS, fc.string({ maxLength: 2 }), (day, after) => {
      const has = /^\d{4}-\d{2}-\d{2}$/.test(day) && !day.startsWith('0000') && timeOf(day) !== null;
      expect(isDay(`x${day}${after}`, 1, 11)).toBe(has);
      expect(isDay(day + after, 0, day.length + after.length)).toBe(has && after === '');
    }),
    { numRuns: 3000 },
  );
});

test('an instant is one where the calendar and the clock have it, to the digit', () => {
  let found = 0;
  fc.assert(
    fc.property(fc.oneof(DAYS, fc.constant('2024-02-29')), CLOCKS, ENDS, (day, clock, end) => {
      const text = `${day}T${clock}${end}`;
      const form = /^\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) && !text.startsWith('0000');
      const time = form ? timeOf(text) : null;
      const [second, milliseconds] = [time?.toISOString().slice(0, 19), time?.getUTCMilliseconds()];
      const micros = milliseconds ? `.${String(milliseconds).padStart(3, '0')}000` : '';
      expect(instantAt(`"${text}"`, 1, text.length + 1)).toBe(time ? `"${second}${micros}+00:00"` : undefined);
      if (time) found += 1;
    }),
    { numRuns: 3000 },
  );
  expect(found).toBeGreaterThan(100);
});
