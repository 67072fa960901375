import type { FilterGroup } from '../../config/source.js';
import { log } from '../../log.js';
import type { HubSpotClient } from '../client/client.js';
import type { ObjectRow } from './object-row.js';
import type { ObjectType } from './object-types.js';
import { BATCH_READ_LIMIT, batchRead } from './objects.js';
import { searchPage } from './search.js';

/** Ids greater than `after`, up to and including `upTo`. */
export interface IdRange {
  after: string;
  /** null: no upper bound. */
  upTo: string | null;
}

/** A search whose results are read by ascending id. */
export interface Query {
  type: ObjectType;
  properties: readonly string[];
  /** The filters that restrict the search to a range of ids. */
  filtersOf(range: IdRange): readonly FilterGroup[];
  /** Whether a live record that the search left out matches the filters; null: that cannot be told here. */
  isWanted(row: ObjectRow): boolean | null;
}

/** No record has an id above this one. */
const BEYOND_ALL = 2n ** 62n;
/** The width of the first range in which the end of an open range is searched, and the factor by which it grows. */
const FIRST_WIDTH = 1_024n;
const GROWTH = 8n;
/** A range is not divided further when it has at most this many ids, or this many per hit. */
const NARROW = 1_000n;
const NARROW_PER_HIT = 20n;
/** The budget for finding the hidden hits of one search: 40 s of searches, and 500 batch reads. */
export const MOST_SPENT = { searches: 200, ids: 50_000n };

/**
 * Finds hits that HubSpot's search counts but does not return. Nearly always their records were deleted and the index has not
 * caught up. To tell, the id range is bisected by counts until few ids are left, and those are read: a batch read is always up to
 * date.
 */
export class HiddenHits {
  readonly #client: HubSpotClient;
  readonly #query: Query;
  #searches = 0;
  #ids = 0n;
  /** Whether some could not be searched for, since that would have exceeded the budget. */
  isUnsettled = false;

  constructor(client: HubSpotClient, query: Query) {
    this.#client = client;
    this.#query = query;
  }

  /** The live records of a range that the search should have returned, by ascending id. @param shown ids that it has returned */
  async liveIn(range: IdRange, shown: readonly string[]): Promise<ObjectRow[]> {
    return (await this.#unlessTooMuch(this.#find(range, shown.map(BigInt).sort(byValue)))) ?? [];
  }

  /** An id up to which a range has at most so many hits, and not many fewer; null: finding one would exceed the budget. */
  boundOf(range: IdRange, hits: number): Promise<string | null> {
    return this.#unlessTooMuch(this.#findBound(range, hits));
  }

  async #unlessTooMuch<T>(found: Promise<T>): Promise<T | null> {
    try {
      return await found;
    } catch (error) {
      if (!(error instanceof BudgetUsedUp)) throw error;
      this.isUnsettled = true;
      return null;
    }
  }

  async #find(range: IdRange, shown: readonly bigint[]): Promise<ObjectRow[]> {
    const hits = (await this.#count(range)) - shown.length;
    if (hits <= 0) return [];
    const { name } = this.#query.type;
    if ((await this.#count({ after: String(BEYOND_ALL), upTo: null })) > 0) {
      log.warn(
        `HubSpot's search of ${name} counts records where there can be none; what it shows is taken for all there is.`,
      );
      return [];
    }
    log.info(`HubSpot's search counts ${hits} records of ${name} that it does not show; they are looked for by id.`);
    const low = BigInt(range.after);
    const high = range.upTo === null ? await this.#endOf(low, hits) : BigInt(range.upTo);
    const rows: ObjectRow[] = [];
    await this.#look({ low, high }, hits, shown, rows);
    return rows;
  }

  async #findBound(range: IdRange, hits: number): Promise<string> {
    let low = BigInt(range.after);
    let high = range.upTo === null ? await this.#endOf(low, hits + 1) : BigInt(range.upTo);
    while (high - low > NARROW) {
      const middle = (low + high) / 2n;
      if ((await this.#count({ after: range.after, upTo: String(middle) })) <= hits) low = middle;
      else high = middle;
    }
    return String(low);
  }

  /** An id up to which there are at least so many hits. */
  async #endOf(low: bigint, hits: number): Promise<bigint> {
    let width = FIRST_WIDTH;
    while (low + width < BEYOND_ALL) {
      if ((await this.#count({ after: String(low), upTo: String(low + width) })) >= hits) break;
      width *= GROWTH;
    }
    return low + width;
  }

  async #look({ low, high }: Span, hits: number, shown: readonly bigint[], rows: ObjectRow[]): Promise<void> {
    if (hits <= 0) return;
    const width = high - low;
    if (width <= NARROW || width <= NARROW_PER_HIT * BigInt(hits)) {
      rows.push(...(await this.#read({ low, high }, shown)));
      return;
    }
    const middle = low + width / 2n;
    const shownBelow = shown.filter((id) => id > low && id <= middle);
    const below = (await this.#count({ after: String(low), upTo: String(middle) })) - shownBelow.length;
    await this.#look({ low, high: middle }, below, shownBelow, rows);
    await this.#look(
      { low: middle, high },
      hits - below,
      shown.filter((id) => id > middle),
      rows,
    );
  }

  /** The live and wanted records among the ids above `low` up to `high` that were not returned yet. */
  async #read({ low, high }: Span, shown: readonly bigint[]): Promise<ObjectRow[]> {
    this.#ids += high - low;
    if (this.#ids > MOST_SPENT.ids) throw new BudgetUsedUp();
    const { type, properties } = this.#query;
    const known = new Set(shown);
    const ids: string[] = [];
    for (let id = low + 1n; id <= high; id += 1n) if (!known.has(id)) ids.push(String(id));
    const live: ObjectRow[] = [];
    for (let start = 0; start < ids.length; start += BATCH_READ_LIMIT) {
      const batch = ids.slice(start, start + BATCH_READ_LIMIT);
      const rows = await batchRead(this.#client, { type, ids: batch, properties });
      // HubSpot returns the surviving record for one that was merged away.
      live.push(...rows.filter((row) => batch.includes(row.id) && row.archived !== true));
    }
    live.sort((a, b) => byValue(BigInt(a.id), BigInt(b.id)));
    const judged = live.map((row) => ({ row, isWanted: this.#query.isWanted(row) }));
    const open = await this.#hitsAmong(judged.flatMap(({ row, isWanted }) => (isWanted === null ? [row] : [])));
    return judged.flatMap(({ row, isWanted }) => (isWanted || open.has(row) ? [row] : []));
  }

  /** Those of `rows`, ordered by id, that are hits. */
  async #hitsAmong(rows: readonly ObjectRow[]): Promise<Set<ObjectRow>> {
    const [first, last] = [rows[0], rows.at(-1)];
    if (!first || !last) return new Set();
    if ((await this.#count({ after: String(BigInt(first.id) - 1n), upTo: last.id })) === 0) return new Set();
    if (rows.length === 1) return new Set([first]);
    const middle = Math.ceil(rows.length / 2);
    const below = await this.#hitsAmong(rows.slice(0, middle));
    return new Set([...below, ...(await this.#hitsAmong(rows.slice(middle)))]);
  }

  async #count(range: IdRange): Promise<number> {
    this.#searches += 1;
    if (this.#searches > MOST_SPENT.searches) throw new BudgetUsedUp();
    const { type } = this.#query;
    const filterGroups = this.#query.filtersOf(range);
    return (await searchPage(this.#client, { type, properties: [], filterGroups, limit: 1 })).total;
  }
}

/** Ids greater than `low`, up to and including `high`. */
interface Span {
  low: bigint;
  high: bigint;
}

/** The search for hidden hits has used up its budget. */
class BudgetUsedUp extends Error {}

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
