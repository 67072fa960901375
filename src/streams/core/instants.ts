/** Instants as ISO 8601 text, as HubSpot writes them: with and without fractions of a second, so never compared as text. */

/** The instant so many minutes before `instant`. */
export function earlier(instant: string, minutes: number): string {
  return new Date(Date.parse(instant) - minutes * 60_000).toISOString();
}

/** The instant so many minutes behind `instant`. */
export function later(instant: string, minutes: number): string {
  return earlier(instant, -minutes);
}

/** The later of an instant and a bound, where there is one. */
export function notBefore(instant: string, bound: string | null): string {
  return bound !== null && !isFrom(instant, bound) ? bound : instant;
}

/** Whether `instant` is not before `bound`. One that is not known counts: what cannot be judged is not left out. */
export function isFrom(instant: string | null | undefined, bound: string | null): boolean {
  if (bound === null || !instant) return true;
  return !(Date.parse(instant) < Date.parse(bound));
}
