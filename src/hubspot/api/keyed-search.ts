import type { HubSpotClient } from '../client/client.js';
import { HiddenHits, type IdRange, type Query } from './hidden-hits.js';
import type { ObjectRow } from './object-row.js';
import { SEARCH_LIMIT, SEARCH_WINDOW, type SearchPage, searchPage } from './search.js';

/** The next records of a range, by ascending id. */
export interface KeyedPage {
  rows: ObjectRow[];
  /** How many records matched in the rest of the range. */
  total: number;
  /** The id up to which the range is read. */
  reached: string;
  /** Whether the range is exhausted. */
  isLast: boolean;
}

/**
 * Reads all results of a search in a range of ids. It advances by a filter on the id (keyset pagination), so that HubSpot's window
 * of 10,000 results is no limit.
 *
 * HubSpot's index counts records that were deleted already and leaves them out of its responses: a page may be short or empty
 * although more follow. So the end is only reached when as many records came as were counted. A page that lacks some is requested
 * again; if it stays incomplete, reading continues after it, and the missing records are searched for by id. If that would take too
 * many calls, {@link isUnsettled} says so: the result must not be taken for complete.
 */
export class KeyedSearch {
  readonly #client: HubSpotClient;
  readonly #query: Query;
  readonly #hidden: HiddenHits;
  /** The previous page. */
  #before: { range: IdRange; total: number; ids: readonly string[]; reached: string } | null = null;

  constructor(client: HubSpotClient, query: Query) {
    this.#client = client;
    this.#query = query;
    this.#hidden = new HiddenHits(client, query);
  }

  /** Whether the search counted records that it did not return, and whose existence could not be settled. */
  get isUnsettled(): boolean {
    return this.#hidden.isUnsettled;
  }

  /** The next page of a range. @param first the page, if it was requested before */
  async next(range: IdRange, first: SearchPage | null = null): Promise<KeyedPage> {
    const page = first ?? (await this.#search(range));
    const missed = await this.#missedBefore(range, page.total);
    const found = isNothing(page) ? await this.#pastNothing(range, page) : pageOf(range, page);
    this.#before = { range: { ...range }, total: found.total, ids: idsOf(found.rows), reached: found.reached };
    return { ...found, rows: [...missed, ...found.rows] };
  }

  /** Records that the previous page left out between its own, judged by the count of what follows it. */
  async #missedBefore(range: IdRange, total: number): Promise<ObjectRow[]> {
    const before = this.#before;
    if (!before || before.reached !== range.after || before.ids.length === 0) return [];
    const between = { after: before.range.after, upTo: before.reached };
    // The count in a range that was divided in the meantime says nothing about the previous page.
    const isSame = before.range.upTo === range.upTo;
    const counted = isSame ? before.total - total : (await this.#search(between)).total;
    if (counted <= before.ids.length) return [];
    const missed = new Map<string, ObjectRow>();
    for (const pauseMs of this.#client.retry.unshownPausesMs) {
      await this.#client.sleep(pauseMs);
      const page = await this.#search(between);
      for (const row of page.rows) if (!before.ids.includes(row.id)) missed.set(row.id, row);
      if (page.total <= before.ids.length + missed.size) return [...missed.values()];
    }
    const shown = [...before.ids, ...missed.keys()];
    return [...missed.values(), ...(await this.#hidden.liveIn(between, shown))];
  }

  /** Continues after an empty page although hits are counted. */
  async #pastNothing(range: IdRange, empty: SearchPage): Promise<KeyedPage> {
    let page = empty;
    for (const pauseMs of this.#client.retry.unshownPausesMs) {
      await this.#client.sleep(pauseMs);
      page = await this.#search(range);
      if (!isNothing(page)) return pageOf(range, page);
    }
    const { total } = page;
    const further = await this.#furtherHits(range, page);
    const first = further.rows[0];
    if (first) {
      const between = { after: range.after, upTo: String(BigInt(first.id) - 1n) };
      const missed = await this.#hidden.liveIn(between, []);
      const found = pageOf(range, further, further.offset);
      return { ...found, total, rows: [...missed, ...found.rows] };
    }
    // There are more hits than the window holds, and none within it exists.
    const reached = total > SEARCH_WINDOW ? await this.#hidden.boundOf(range, SEARCH_WINDOW) : null;
    const rows = await this.#hidden.liveIn(reached === null ? range : { after: range.after, upTo: reached }, []);
    return { rows, total, reached: reached ?? rows.at(-1)?.id ?? range.after, isLast: reached === null };
  }

  /** The first page with records at a higher offset of the same search. */
  async #furtherHits(range: IdRange, empty: SearchPage): Promise<SearchPage & { offset: number }> {
    let page = empty;
    let offset = 0;
    while (page.rows.length === 0) {
      const next = Math.max(page.next ?? 0, offset + SEARCH_LIMIT);
      if (next + SEARCH_LIMIT > SEARCH_WINDOW || (page.next === null && next >= page.total)) break;
      offset = next;
      page = await this.#search(range, offset);
    }
    return { ...page, offset };
  }

  #search(range: IdRange, offset = 0): Promise<SearchPage> {
    const { type, properties } = this.#query;
    const filterGroups = this.#query.filtersOf(range);
    return searchPage(this.#client, { type, properties, filterGroups, above: range.after, offset });
  }
}

/** Whether a page has no records although the search counts some, or names a next page. */
function isNothing({ rows, total, next }: SearchPage): boolean {
  return rows.length === 0 && (total > 0 || next !== null);
}

/** @param offset how many hits of the same search precede it */
function pageOf(range: IdRange, { rows, total, next }: SearchPage, offset = 0): KeyedPage {
  const isLast = next === null && total <= offset + rows.length;
  return { rows, total, reached: rows.at(-1)?.id ?? range.after, isLast };
}

function idsOf(rows: readonly ObjectRow[]): string[] {
  return rows.map((row) => row.id);
}
