/** The most numbers that are kept: percentiles of so many are right to within about a percent. */
const MOST_KEPT = 10_000;

/** A sample of any count of numbers, each of which is in it with the same probability (Vitter's algorithm R), and their maximum. */
export class Reservoir {
  readonly #kept: number[] = [];
  #count = 0;
  #most = Number.NEGATIVE_INFINITY;

  /** Those that are kept, in no order. */
  get values(): readonly number[] {
    return this.#kept;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** The greatest of all. */
  get most(): number {
    return this.#most;
  }

  add(value: number): void {
    this.#count += 1;
    this.#most = Math.max(this.#most, value);
    const place = this.#count <= MOST_KEPT ? this.#kept.length : Math.floor(Math.random() * this.#count);
    if (place < MOST_KEPT) this.#kept[place] = value;
  }

  /** The values at which so many parts of all are reached, as 0.95. Throws a RangeError if there are none. */
  percentiles(...parts: readonly number[]): number[] {
    if (this.isEmpty) throw new RangeError('there are no values');
    const sorted = [...this.#kept].sort((a, b) => a - b);
    return parts.map((part) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN);
  }
}
