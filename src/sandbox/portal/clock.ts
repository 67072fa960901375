/** The portal's one source of time. Every timestamp, limit, lag and `Date` header comes from here. */
export class Clock {
  #offset = 0;
  readonly #source: () => number;

  /** @param source epoch milliseconds; the machine's clock by default, a virtual one in tests. */
  constructor(source: () => number = Date.now) {
    this.#source = source;
  }

  /** Epoch milliseconds, whole. */
  now(): number {
    return Math.floor(this.#source()) + this.#offset;
  }

  /** Moves the portal's time forward (or back) by `ms`, on top of its source. */
  advance(ms: number): void {
    this.#offset += ms;
  }
}

/** `2026-09-30T12:00:00.000Z`, as HubSpot writes instants. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
