import { byNumber, isPackable, stepBetween, withSteps } from './packed-ids.js';

/** Ids of a segment at most; what changes in it is packed anew. */
const LONGEST = 512;

interface Segment {
  /** Ascending. */
  ids: string[];
  /** All entries but the first one, whose distance depends on the segment before; null: to be made anew. */
  rest: string | null;
}

/**
 * Ids that go into every state, packed as by {@link packIds}, each perhaps with a text behind it. A state follows every page, and a
 * page changes few of them: they are kept in order, in segments, and only the segments that have changed are packed anew.
 */
export class PackedSegments {
  readonly #segments: Segment[] = [];
  readonly #textOf: (id: string) => string;
  #packed: string | null = null;

  /** @param textOf what stands behind an id */
  constructor(textOf: (id: string) => string = () => '') {
    this.#textOf = textOf;
  }

  /** Takes an id in, or notes that the text behind it has changed. What is not packable is left out. */
  put(id: string): void {
    if (!isPackable(id)) return;
    const index = this.#indexOf(id);
    const segment = this.#segments[index];
    this.#packed = null;
    if (!segment) {
      this.#segments.push({ ids: [id], rest: null });
      return;
    }
    const { ids } = segment;
    const at = placeOf(ids, id);
    segment.rest = null;
    if (ids[at] === id) return;
    ids.splice(at, 0, id);
    if (ids.length > LONGEST) this.#split(index);
  }

  delete(id: string): void {
    const index = this.#indexOf(id);
    const segment = this.#segments[index];
    if (!segment) return;
    const at = placeOf(segment.ids, id);
    if (segment.ids[at] !== id) return;
    segment.ids.splice(at, 1);
    segment.rest = null;
    this.#packed = null;
    if (segment.ids.length === 0) this.#segments.splice(index, 1);
  }

  clear(): void {
    this.#segments.length = 0;
    this.#packed = null;
  }

  pack(): string {
    if (this.#packed !== null) return this.#packed;
    let before = '0';
    const parts: string[] = [];
    for (const segment of this.#segments) {
      const [first, last] = [segment.ids[0] as string, segment.ids.at(-1) as string];
      parts.push(`${stepBetween(before, first)}${this.#textOf(first)}`);
      segment.rest ??= this.#restOf(segment);
      if (segment.rest !== '') parts.push(segment.rest);
      before = last;
    }
    this.#packed = parts.join(' ');
    return this.#packed;
  }

  #restOf({ ids }: Segment): string {
    return withSteps(ids)
      .slice(1)
      .map(([step, id]) => `${step}${this.#textOf(id)}`)
      .join(' ');
  }

  /** A segment that is full gives half of its ids to a new one; at the end, where ids mostly come, it stays full. */
  #split(index: number): void {
    const { ids } = this.#segments[index] as Segment;
    const isLast = index === this.#segments.length - 1;
    this.#segments.splice(index + 1, 0, { ids: ids.splice(isLast ? LONGEST : LONGEST / 2), rest: null });
  }

  /** The segment that an id is, or belongs, in. */
  #indexOf(id: string): number {
    let [low, high] = [0, this.#segments.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (byNumber((this.#segments[middle] as Segment).ids[0] as string, id) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Where an id is, or belongs, among ascending ones. */
function placeOf(ids: readonly string[], id: string): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byNumber(ids[middle] as string, id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
