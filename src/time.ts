/**
 * Points in time, distinguished by type. Durations are plain numbers whose names end in their unit, and so are results of
 * arithmetic, until one of the constructors here makes them a point in time.
 */

/** An instant as ISO 8601 text, as HubSpot writes it: with or without fractions of a second, so never compared as text. */
export type Instant = string & { readonly kind: 'instant' };
/** Milliseconds since 1970 in UTC, by any clock. */
export type EpochMs = number & { readonly kind: 'epoch' };
/** Milliseconds of this process's monotonic clock, with an arbitrary origin. */
export type MonotonicMs = number & { readonly kind: 'monotonic' };

export function epochMs(milliseconds: number): EpochMs {
  return milliseconds as EpochMs;
}

export function monotonicMs(milliseconds: number): MonotonicMs {
  return milliseconds as MonotonicMs;
}

/** The milliseconds of a day. */
export const MS_A_DAY = 24 * 60 * 60_000;

/** Earlier than any other time. */
export const LONG_AGO = monotonicMs(Number.NEGATIVE_INFINITY);

/** The time by this machine's clock. */
export function epochNow(): EpochMs {
  return epochMs(Date.now());
}

export function monotonicNow(): MonotonicMs {
  return monotonicMs(performance.now());
}

/** Formats a time. Throws a RangeError for NaN. */
export function instantOf(time: EpochMs): Instant {
  return new Date(time).toISOString() as Instant;
}

/** Parses an instant; NaN if it is not one. */
export function timeOf(instant: string): EpochMs {
  return epochMs(Date.parse(instant));
}

/** The instant so many minutes before `instant`. */
export function earlier(instant: string, minutes: number): Instant {
  return instantOf(epochMs(timeOf(instant) - minutes * 60_000));
}

/** The instant so many minutes after `instant`. */
export function later(instant: string, minutes: number): Instant {
  return earlier(instant, -minutes);
}

/** The millisecond before an instant, for a filter that leaves out the instant itself, or may. */
export function justBefore(instant: Instant): Instant {
  return instantOf(epochMs(timeOf(instant) - 1));
}

/** The instant or the bound, whichever is later; null: no bound. */
export function notBefore<T extends string>(instant: T, bound: T | null): T {
  return bound !== null && !isFrom(instant, bound) ? bound : instant;
}

/** Whether `instant` is at or after `bound`. An unknown one counts as after it, so that it is not left out. */
export function isFrom(instant: string | null | undefined, bound: string | null): boolean {
  if (bound === null || !instant) return true;
  return !(timeOf(instant) < timeOf(bound));
}
