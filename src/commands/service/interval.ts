import { ConfigError } from '../../errors.js';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 };
const FORM = /^(\d+(?:\.\d+)?)\s*(s|m|h)$/;
/** HubSpot's search index takes seconds to show changes, so that more often would only cost calls. */
const LEAST_MS = 10_000;
/** Timers take no more. */
const MOST_MS = 24 * 3_600_000;

/** Parses `--every`, as `60s`, `5m`, `1h`. @returns milliseconds. Throws a ConfigError. */
export function parseInterval(text: string): number {
  const [, count, unit] = FORM.exec(text.trim().toLowerCase()) ?? [];
  if (count === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h')) {
    throw new ConfigError(`--every should be a number with its unit, as 60s, 5m or 1h, but is "${text}".`);
  }
  const milliseconds = Number(count) * UNITS[unit];
  if (milliseconds < LEAST_MS) {
    throw new ConfigError(
      `--every is ${text}; the shortest interval is 10s, since HubSpot's search shows changes seconds late.`,
    );
  }
  if (milliseconds > MOST_MS) throw new ConfigError(`--every is ${text}; the longest interval is 24h.`);
  return milliseconds;
}
