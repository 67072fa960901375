/**
 * Points in time, told apart by type. Spans between them are plain numbers whose names end in their unit. What is calculated is a
 * plain number, too, and becomes a point in time by one of the constructors here.
 */

/** An instant as ISO 8601 text, as HubSpot writes it: with or without fractions of a second, so never compared as text. */
export type Instant = string & { readonly kind: 'instant' };
/** Milliseconds since 1970 in UTC, of whichever clock. */
export type EpochMs = number & { readonly kind: 'epoch' };
/** Milliseconds of this process's clock that only goes forward; its zero means nothing. */
export type MonotonicMs = number & { readonly kind: 'monotonic' };

export function epochMs(milliseconds: number): EpochMs {
  return milliseconds as EpochMs;
}

export function monotonicMs(milliseconds: number): MonotonicMs {
  return milliseconds as MonotonicMs;
}

/** Before every other. */
export const LONG_AGO = monotonicMs(Number.NEGATIVE_INFINITY);

/** What this machine's clock shows. */
export function epochNow(): EpochMs {
  return epochMs(Date.now());
}

export function monotonicNow(): MonotonicMs {
  return monotonicMs(performance.now());
}

/** Throws a RangeError for a time that is not a number. */
export function instantOf(time: EpochMs): Instant {
  return new Date(time).toISOString() as Instant;
}

/** The time of an instant; NaN: it is none. */
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

/** The later of an instant and a bound, where there is one. */
export function notBefore<T extends string>(instant: T, bound: T | null): T {
  return bound !== null && !isFrom(instant, bound) ? bound : instant;
}

/** Whether `instant` is not before `bound`. One that is not known counts: what cannot be judged is not left out. */
export function isFrom(instant: string | null | undefined, bound: string | null): boolean {
  if (bound === null || !instant) return true;
  return !(timeOf(instant) < timeOf(bound));
}
