/**
 * The calls that a rolling limit of HubSpot may be counting: those on their way, and those answered within the interval.
 * HubSpot counted a call some time before its answer came, so counting it from its answer on is never too short, however
 * unevenly calls travel.
 */
export class RollingWindow {
  /** Calls that were sent and not answered yet. */
  inFlight = 0;
  /** When calls of the last interval were answered, oldest first; milliseconds of the caller's clock. */
  readonly #answered: number[] = [];

  sent(): void {
    this.inFlight += 1;
  }

  answered(now: number): void {
    this.inFlight -= 1;
    this.#answered.push(now);
  }

  /** Milliseconds until one more call keeps to `most` in `intervalMs`; 0: now; infinite: when another one was answered. */
  waitFor(most: number, intervalMs: number, now: number): number {
    while (this.#answered.length > 0 && (this.#answered[0] as number) <= now - intervalMs) this.#answered.shift();
    const over = this.inFlight + this.#answered.length - most;
    if (over < 0) return 0;
    const leaves = this.#answered[over];
    return leaves === undefined ? Number.POSITIVE_INFINITY : leaves + intervalMs - now;
  }
}
