/** Recognizes times in HubSpot's own formats within a longer text, without regular expressions or Date, which are slower. */

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** `2024-05-01` and `2024-05-01T12:34:56`. */
const DAY_LENGTH = 10;
const SECOND_LENGTH = 19;
const MILLISECONDS_LENGTH = 4;

/**
 * The JSON of an instant in source-hubspot's form, from `2024-05-01T12:34:56Z` or `2024-05-01T12:34:56.789Z`; undefined: it has
 * another format.
 */
export function instantAt(text: string, from: number, to: number): string | undefined {
  const length = to - from - 1;
  const hasFraction = length === SECOND_LENGTH + MILLISECONDS_LENGTH;
  if ((length !== SECOND_LENGTH && !hasFraction) || text.charAt(to - 1) !== 'Z') return undefined;
  if (!isDay(text, from, from + DAY_LENGTH)) return undefined;
  if (text.charAt(from + 10) !== 'T' || text.charAt(from + 13) !== ':' || text.charAt(from + 16) !== ':')
    return undefined;
  const hour = digitsAt(text, from + 11, 2);
  const minute = digitsAt(text, from + 14, 2);
  const second = digitsAt(text, from + 17, 2);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return undefined;
  const whole = text.slice(from, from + SECOND_LENGTH);
  if (!hasFraction) return `"${whole}+00:00"`;
  const milliseconds = digitsAt(text, from + SECOND_LENGTH + 1, 3);
  if (text.charCodeAt(from + SECOND_LENGTH) !== POINT || Number.isNaN(milliseconds)) return undefined;
  return milliseconds === 0 ? `"${whole}+00:00"` : `"${text.slice(from, to - 1)}000+00:00"`;
}

/** Whether the text is a calendar day: `2024-05-01`. */
export function isDay(text: string, from: number, to: number): boolean {
  if (to - from !== DAY_LENGTH || text.charCodeAt(from + 4) !== MINUS || text.charCodeAt(from + 7) !== MINUS)
    return false;
  const year = digitsAt(text, from, 4);
  const month = digitsAt(text, from + 5, 2);
  const day = digitsAt(text, from + 8, 2);
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false;
  const isLeap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (MONTH_DAYS[month - 1] ?? 0) + (isLeap ? 1 : 0);
}

/** The number of `count` digits; NaN: there are other characters. */
function digitsAt(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) {
    const code = text.charCodeAt(at);
    if (!(code >= ZERO && code <= NINE)) return Number.NaN;
    value = 10 * value + code - ZERO;
  }
  return value;
}
