import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import type { Query } from '../../../hubspot/api/hidden-hits.js';
import { type KeyedPage, KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { type SearchPage, searchPage } from '../../../hubspot/api/search.js';
import { isFrom } from '../../core/instants.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
import type { PassPosition, RangePosition } from '../run/object-state.js';
import { rangeGroups } from './search-filters.js';

/** Answered calls that a kill may cost, searches and associations together, over all ranges. */
const MOST_UNSAVED_CALLS = 10;
/** HubSpot allows five searches a second, and one after the other gives about three. */
const MOST_RANGES = 3;
/** Each range may end with a page that is not full. Below so many records, that costs more than it gains. */
const WORTH_DIVIDING = 20_000;
/** Of a pass that is divided, what is left of a range is divided again for a reader that has come to its end. */
const WORTH_DIVIDING_AGAIN = 1_000;
const MOST_DIVISIONS = 8;

/** A page of a range that was answered. */
export interface RangePage {
  range: RangePosition;
  rows: ObjectRow[];
  /** The id up to which the range is read with it. */
  reached: string;
  /** Whether the range ends with it. */
  isLast: boolean;
}

/** What a pass searches for. */
export function queryOf(stream: ObjectStream, pass: Pick<PassPosition, 'since'>): Query {
  return {
    type: stream.type,
    properties: stream.properties,
    filtersOf: (range) => rangeGroups(stream, pass, range),
    isWanted: (row) => (isFrom(updatedAtOf(row), pass.since) ? (stream.filterGroups.length > 0 ? null : true) : false),
  };
}

/** The first page of what is left of a range. */
export function searchRange(
  { client, stream }: ObjectRun,
  pass: Pick<PassPosition, 'since'>,
  range: RangePosition,
): Promise<SearchPage> {
  const { properties } = stream;
  return searchPage(client, {
    type: stream.type,
    properties,
    filterGroups: rangeGroups(stream, pass, range),
    above: range.after,
  });
}

/**
 * Reads the ranges of a pass side by side, each page by page. Long ones are divided, by id and never by time: a record keeps
 * its id, but may be modified at any moment. Pages that are answered and not yet handed on are what a kill costs, so there are
 * only so many of them.
 */
export class RangeReader {
  readonly #run: ObjectRun;
  readonly #pass: PassPosition;
  /** Pages that may be asked for or answered at once without being handed on. */
  readonly #mostUnsaved: number;
  #unsaved = 0;
  /** Ranges being followed; calls under way. */
  #following = 0;
  #asking = 0;
  #divisions = 0;
  #pages: RangePage[] = [];
  #failure: { error: unknown } | null = null;
  #closed = false;
  readonly #waiting = new Set<() => void>();
  /** The first page, where it was answered before. */
  #first: SearchPage | null;
  found = 0;

  constructor(run: ObjectRun, pass: PassPosition, first: SearchPage | null) {
    this.#run = run;
    this.#pass = pass;
    this.#first = first;
    this.#mostUnsaved = Math.max(1, MOST_UNSAVED_CALLS - run.stream.associations.length);
  }

  /**
   * The pages in groups of as many records as one batch read of associations takes. A group counts as handed on when the next
   * one is asked for.
   */
  async *groups(): AsyncGenerator<RangePage[]> {
    for (const range of [...this.#pass.ranges]) void this.#follow(range);
    try {
      for (;;) {
        await this.#until(() => this.#failure !== null || this.#groupSize() > 0 || this.#following === 0);
        if (this.#failure) throw this.#failure.error;
        if (this.#pages.length === 0) return;
        const group = this.#pages.splice(0, this.#groupSize());
        yield group;
        this.#unsaved -= group.length;
        this.#wake();
      }
    } finally {
      this.#closed = true;
      this.#wake();
    }
  }

  /** How many of the pages at hand make a group; 0 as long as it pays to wait for more. */
  #groupSize(): number {
    const { length } = this.#pages;
    if (this.#run.stream.associations.length === 0) return length;
    let rows = 0;
    for (const [index, page] of this.#pages.entries()) {
      rows += page.rows.length;
      if (rows > ASSOCIATIONS_LIMIT) return index;
    }
    if (rows === ASSOCIATIONS_LIMIT) return length;
    const moreMayCome = this.#asking > 0 || (this.#following > 0 && this.#unsaved < this.#mostUnsaved);
    return moreMayCome ? 0 : length;
  }

  async #follow(range: RangePosition): Promise<void> {
    this.#following += 1;
    try {
      const search = new KeyedSearch(this.#run.client, queryOf(this.#run.stream, this.#pass));
      for (let { after } = range, isLast = false; !isLast; ) {
        await this.#until(() => this.#unsaved < this.#mostUnsaved || this.#closed);
        if (this.#closed) return;
        this.#unsaved += 1;
        this.#asking += 1;
        const page = await this.#readPage(search, { ...range, after }).finally(() => {
          this.#asking -= 1;
        });
        if (search.isUnsettled) this.#pass.isUnsettled = true;
        const { rows, reached } = page;
        isLast = page.isLast;
        this.found += rows.length;
        this.#pages.push({ range, rows, reached, isLast });
        if (!isLast) this.#divide(range, page);
        after = reached;
        this.#wake();
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#closed = true;
    } finally {
      this.#following -= 1;
      this.#wake();
    }
  }

  async #readPage(search: KeyedSearch, range: RangePosition): Promise<KeyedPage> {
    const { stream, sink } = this.#run;
    const first = this.#first;
    this.#first = null;
    const page = await search.next(range, first);
    if (range.after === '0' && page.total > 0) sink.estimate(stream.name, page.total);
    return page;
  }

  /**
   * Gives the further part of what is left of a range to another reader, when there is one to spare: half, or two thirds where
   * two are, which then divide them. Where that part begins is guessed from how far apart the ids of the page are. With filters
   * of the user's, a further bound might be one too many.
   */
  #divide(range: RangePosition, { rows, total }: KeyedPage): void {
    if (rows.length === 0) return;
    const left = total - rows.length;
    const worth = this.#divisions === 0 ? WORTH_DIVIDING : WORTH_DIVIDING_AGAIN;
    if (left < worth || this.#following >= MOST_RANGES || this.#divisions >= MOST_DIVISIONS) return;
    if (this.#run.stream.filterGroups.length > 0) return;
    const [first, last] = [BigInt((rows[0] as ObjectRow).id), BigInt((rows.at(-1) as ObjectRow).id)];
    const readers = MOST_RANGES - this.#following + 1;
    const middle = last + ((last - first + 1n) * BigInt(left)) / BigInt(readers * rows.length);
    if (middle <= last || (range.upTo !== null && middle >= BigInt(range.upTo))) return;
    this.#divisions += 1;
    const further = { after: String(middle), upTo: range.upTo };
    range.upTo = String(middle);
    this.#pass.ranges.push(further);
    void this.#follow(further);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}
