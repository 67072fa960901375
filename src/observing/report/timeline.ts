import { type EpochMs, epochMs } from '../../time.js';

/** What is added up in each part of the time: seconds of something going on, or how often it happened. */
const SUMS = ['calls', 'records', 'answering', 'waiting', 'pausing', 'committing'] as const;
/** What is the highest in each part of the time. */
const PEAKS = ['burst', 'searches'] as const;

export type Sum = (typeof SUMS)[number];
export type Peak = (typeof PEAKS)[number];

/** Equal parts of the time of a run, from the first to the present one: each series has a value a part. */
export interface TimelineData extends Record<Sum | Peak, number[]> {
  /** The start of the first part. */
  startedAt: EpochMs;
  /** The width of a part. */
  seconds: number;
}

/** As many parts as a wide screen can show. */
const MOST_PARTS = 720;
/** Wide enough for a day in that many parts. */
const WIDEST_SECONDS = 128;

/**
 * What happened when, in a bounded number of equal parts of time. They begin as seconds; when there are too many, two each become one,
 * until they span a day. From then on the oldest are dropped.
 */
export class Timeline {
  #startedAt: EpochMs;
  #seconds = 1;
  readonly #series: Record<Sum | Peak, number[]>;
  readonly #mostParts: number;
  readonly #widestSeconds: number;

  constructor(now: EpochMs, mostParts = MOST_PARTS, widestSeconds = WIDEST_SECONDS) {
    this.#startedAt = epochMs(Math.floor(now / 1000) * 1000);
    this.#mostParts = mostParts;
    this.#widestSeconds = widestSeconds;
    this.#series = {
      calls: [],
      records: [],
      answering: [],
      waiting: [],
      pausing: [],
      committing: [],
      burst: [],
      searches: [],
    };
  }

  /** Adds an amount at a time. */
  add(series: Sum, at: EpochMs, amount: number): void {
    const part = this.#partAt(at);
    if (part !== null) this.#series[series][part] = (this.#series[series][part] ?? 0) + amount;
  }

  /** Notes a value at a time, if it is the highest of its part. */
  peak(series: Peak, at: EpochMs, value: number): void {
    const part = this.#partAt(at);
    if (part !== null) this.#series[series][part] = Math.max(this.#series[series][part] ?? 0, value);
  }

  /** Adds the seconds from one time to another, each to its part. */
  spread(series: Sum, from: EpochMs, to: EpochMs): void {
    this.#partAt(to);
    const width = this.#seconds * 1000;
    let start = Math.max(from, this.#startedAt);
    while (start < to) {
      const end = Math.min(to, start - ((start - this.#startedAt) % width) + width);
      this.add(series, epochMs(start), (end - start) / 1000);
      start = end;
    }
  }

  data(now: EpochMs): TimelineData {
    const parts = (this.#partAt(now) ?? 0) + 1;
    const filled = (values: readonly number[]) => Array.from({ length: parts }, (_, part) => round(values[part] ?? 0));
    const { calls, records, answering, waiting, pausing, committing, burst, searches } = this.#series;
    return {
      startedAt: this.#startedAt,
      seconds: this.#seconds,
      calls: filled(calls),
      records: filled(records),
      answering: filled(answering),
      waiting: filled(waiting),
      pausing: filled(pausing),
      committing: filled(committing),
      burst: filled(burst),
      searches: filled(searches),
    };
  }

  /** The part of a time, for which room is made; null: it is before the first one. */
  #partAt(at: EpochMs): number | null {
    const partOf = () => Math.floor((at - this.#startedAt) / 1000 / this.#seconds);
    while (partOf() >= this.#mostParts && this.#seconds < this.#widestSeconds) this.#halve();
    const over = partOf() - this.#mostParts + 1;
    if (over > 0) this.#drop(over);
    return partOf() < 0 ? null : partOf();
  }

  #halve(): void {
    this.#seconds *= 2;
    for (const name of SUMS) this.#series[name] = inPairs(this.#series[name], (a, b) => a + b);
    for (const name of PEAKS) this.#series[name] = inPairs(this.#series[name], Math.max);
  }

  #drop(parts: number): void {
    this.#startedAt = epochMs(this.#startedAt + parts * this.#seconds * 1000);
    for (const name of [...SUMS, ...PEAKS]) this.#series[name] = this.#series[name].slice(parts);
  }
}

/** @param values may have holes, which count as 0 */
function inPairs(values: readonly number[], joined: (a: number, b: number) => number): number[] {
  return Array.from({ length: Math.ceil(values.length / 2) }, (_, n) =>
    joined(values[2 * n] ?? 0, values[2 * n + 1] ?? 0),
  );
}

/** Milliseconds are enough, and short. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
