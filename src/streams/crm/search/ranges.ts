import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import type { Query } from '../../../hubspot/api/hidden-hits.js';
import { type KeyedPage, KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { type SearchPage, searchPage } from '../../../hubspot/api/search.js';
import { isFrom } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
import type { PassPosition, RangePosition } from '../run/object-state.js';
import { rangeGroups } from './search-filters.js';

/** The most calls that a kill may waste, searches and associations together, over all ranges. */
const MOST_UNSAVED_CALLS = 10;
/** HubSpot allows five searches per second; sequential ones reach about three. */
const MOST_RANGES = 3;
/** Each range may end with a page that is not full. With fewer records, dividing costs more than it gains. */
const WORTH_DIVIDING = 20_000;
/** In a pass that is divided, a range with this many remaining records is divided again when a reader becomes free. */
const WORTH_DIVIDING_AGAIN = 1_000;
const MOST_DIVISIONS = 8;

/** A page of a range. */
export interface RangePage {
  range: RangePosition;
  rows: ObjectRow[];
  /** The id up to which the range is read after this page. */
  reached: string;
  /** Whether it is the range's last page. */
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

/** The first page of the rest of a range. */
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
 * Reads the ranges of a pass concurrently, each page by page. Long ones are divided, by id and never by time: a record keeps its id,
 * but may be modified at any moment. A kill wastes the pages that are read and not yet emitted, so their number is limited.
 */
export class RangeReader {
  readonly #run: ObjectRun;
  readonly #pass: PassPosition;
  /** The most pages requested or read that are not emitted yet. */
  readonly #mostUnsaved: number;
  #unsaved = 0;
  #activeReaders = 0;
  #callsInFlight = 0;
  #divisions = 0;
  #pages: RangePage[] = [];
  #failure: { error: unknown } | null = null;
  #closed = false;
  readonly #waiting = new Set<() => void>();
  /** The first page, if it was requested before. */
  #first: SearchPage | null;
  found = 0;

  constructor(run: ObjectRun, pass: PassPosition, first: SearchPage | null) {
    this.#run = run;
    this.#pass = pass;
    this.#first = first;
    this.#mostUnsaved = Math.max(1, MOST_UNSAVED_CALLS - run.stream.associations.length);
  }

  /**
   * The pages in groups of as many records as one batch read of associations takes. A group counts as emitted when the next one is
   * requested.
   */
  async *groups(): AsyncGenerator<RangePage[]> {
    for (const range of [...this.#pass.ranges]) void this.#readRange(range);
    try {
      for (;;) {
        await this.#until(() => this.#failure !== null || this.#groupSize() > 0 || this.#activeReaders === 0);
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

  /** The number of available pages that make a group; 0 as long as it pays to wait for more. */
  #groupSize(): number {
    const { length } = this.#pages;
    if (this.#run.stream.associations.length === 0) return length;
    let rows = 0;
    for (const [index, page] of this.#pages.entries()) {
      rows += page.rows.length;
      if (rows > ASSOCIATIONS_LIMIT) return index;
    }
    if (rows === ASSOCIATIONS_LIMIT) return length;
    const moreMayCome = this.#callsInFlight > 0 || (this.#activeReaders > 0 && this.#unsaved < this.#mostUnsaved);
    return moreMayCome ? 0 : length;
  }

  async #readRange(range: RangePosition): Promise<void> {
    this.#activeReaders += 1;
    try {
      const search = new KeyedSearch(this.#run.client, queryOf(this.#run.stream, this.#pass));
      for (let { after } = range, isLast = false; !isLast; ) {
        await this.#until(() => this.#unsaved < this.#mostUnsaved || this.#closed);
        if (this.#closed) return;
        this.#unsaved += 1;
        this.#callsInFlight += 1;
        const page = await this.#readPage(search, { ...range, after }).finally(() => {
          this.#callsInFlight -= 1;
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
      this.#activeReaders -= 1;
      this.#wake();
    }
  }

  async #readPage(search: KeyedSearch, range: RangePosition): Promise<KeyedPage> {
    const first = this.#first;
    this.#first = null;
    const page = await search.next(range, first);
    if (range.after === '0' && page.total > 0) this.#run.estimate(page.total);
    return page;
  }

  /**
   * Gives the upper part of the rest of a range to another reader, if one is free: half, or two thirds if two are free, which then
   * divide them. The boundary is estimated from the distance between the ids of the page. With filters, the additional bound might
   * exceed HubSpot's limit, so the range is not divided.
   */
  #divide(range: RangePosition, { rows, total }: KeyedPage): void {
    const [firstRow, lastRow] = [rows[0], rows.at(-1)];
    if (!firstRow || !lastRow) return;
    const left = total - rows.length;
    const worth = this.#divisions === 0 ? WORTH_DIVIDING : WORTH_DIVIDING_AGAIN;
    if (left < worth || this.#activeReaders >= MOST_RANGES || this.#divisions >= MOST_DIVISIONS) return;
    if (this.#run.stream.filterGroups.length > 0) return;
    const [first, last] = [BigInt(firstRow.id), BigInt(lastRow.id)];
    const readers = MOST_RANGES - this.#activeReaders + 1;
    const middle = last + ((last - first + 1n) * BigInt(left)) / BigInt(readers * rows.length);
    if (middle <= last || (range.upTo !== null && middle >= BigInt(range.upTo))) return;
    this.#divisions += 1;
    const upper = { after: String(middle), upTo: range.upTo };
    range.upTo = String(middle);
    this.#pass.ranges.push(upper);
    void this.#readRange(upper);
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
