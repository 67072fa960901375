import { type EpochMs, epochMs } from '../../../time.js';

/** A span of time: from one instant on, and before another. */
export interface Span {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** From this many pages on, a window is left, if the order of its events is known, and the next ones are shorter. */
export const MANY_PAGES = 10;
/** No window is made shorter than this, whatever lies in it. */
const SHORTEST_MS = 3_600_000;

/** The windows into which a span of time is divided while it is read, several of them at once. */
export class Windows {
  /** What is left to read and not being read, in order. */
  #gaps: readonly Span[];
  /** What was read, in order and without neighbours that touch. The first one begins where the whole span does. */
  #done: readonly Span[];
  #lengthMs: number;
  #open = 0;
  #isDense = false;

  /**
   * @param whole the span
   * @param done what an earlier run has read of it
   * @param lengthMs the length of the first window
   */
  constructor(whole: Span, done: readonly Span[], lengthMs: number) {
    this.#done = united([{ from: whole.from, to: whole.from }, ...done.flatMap((each) => within(each, whole))]);
    this.#gaps = between(this.#done, whole.to);
    this.#lengthMs = lengthMs;
  }

  /** Everything before this was read. */
  get until(): EpochMs {
    return (this.#done[0] as Span).to;
  }

  /** What was read beyond {@link until}. */
  get beyond(): readonly Span[] {
    return this.#done.slice(1);
  }

  get hasMore(): boolean {
    return this.#gaps.length > 0;
  }

  /** The length of all that is neither read nor being read. */
  get leftMs(): number {
    return this.#gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  }

  /** Whether a window is being read. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** Whether the last window to be read had several pages, so that more of them at once take no more calls. */
  get isDense(): boolean {
    return this.#isDense;
  }

  /** Takes the earliest window to read. */
  take(): Span {
    const [gap, ...others] = this.#gaps;
    if (gap === undefined) throw new Error('there is no window left');
    const to = epochMs(Math.min(gap.to, gap.from + this.#lengthMs));
    this.#gaps = to < gap.to ? [{ from: to, to: gap.to }, ...others] : others;
    this.#open += 1;
    return { from: gap.from, to };
  }

  /**
   * Notes that a window was read, and in how many pages: a single one doubles the length of the next windows.
   *
   * @param rest what is left of it, to be read in other windows
   */
  finish(window: Span, pages: number, rest: Span | null = null): void {
    const read = rest === null ? window : without(window, rest);
    this.#open -= 1;
    this.#done = united([...this.#done, read]);
    if (rest !== null) this.#gaps = inOrder([...this.#gaps, rest]);
    this.#isDense = pages > 1;
    if (pages === 1) this.#lengthMs *= 2;
    if (pages < MANY_PAGES) return;
    const fitting = (lengthOf(read) * MANY_PAGES) / pages;
    this.#lengthMs = Math.max(SHORTEST_MS, fitting, rest === null ? 0 : lengthOf(rest) / 2);
  }
}

/** What is left of a span; the rest is one of its ends. */
function without({ from, to }: Span, rest: Span): Span {
  return rest.from === from ? { from: rest.to, to } : { from, to: rest.from };
}

function within({ from, to }: Span, whole: Span): readonly Span[] {
  const part = { from: epochMs(Math.max(from, whole.from)), to: epochMs(Math.min(to, whole.to)) };
  return part.from < part.to ? [part] : [];
}

function inOrder(spans: readonly Span[]): readonly Span[] {
  return [...spans].sort((a, b) => a.from - b.from);
}

function united(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const each of inOrder(spans)) {
    const last = result.at(-1);
    if (last && each.from <= last.to) {
      result[result.length - 1] = { from: last.from, to: epochMs(Math.max(last.to, each.to)) };
    } else result.push(each);
  }
  return result;
}

/** What lies between spans, and behind the last one. */
function between(spans: readonly Span[], end: EpochMs): readonly Span[] {
  return spans
    .map(({ to }, index) => ({ from: to, to: spans[index + 1]?.from ?? end }))
    .filter(({ from, to }) => from < to);
}

function lengthOf({ from, to }: Span): number {
  return to - from;
}
