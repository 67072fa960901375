import type { Filter, FilterGroup } from '../../config/source.js';
import type { IdRange } from '../../hubspot/api/hidden-hits.js';
import { SEARCH_LIMIT, SEARCH_WINDOW, type SearchPage, searchPage } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { type EpochMs, timeOf } from '../../time.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { EVERY_ID } from '../crm/run/object-state.js';
import { updatedAtOf } from '../layouts/layout.js';
import { joinedRanges, type VersionRange } from './table-rows.js';

/** HubSpot's limits of one search; see docs/calls.md. */
const MOST_GROUPS = 5;
const MOST_FILTERS = 18;
/** What a range adds to each of the stream's groups: its times, and its ids or the position of a listing. */
const FILTERS_ADDED = 2;

/** Records of a listing that are held at once. */
const RECORDS_HELD = 20_000;

/** A record as far as a listing shows it. */
export interface ListedRecord {
  id: string;
  version: EpochMs | null;
}

/** An object's live records that match the stream's filters, by HubSpot's search, which may lag. */
export class PortalRecords {
  readonly #client: HubSpotClient;
  readonly #stream: ObjectStream;
  /** How many searches were made. */
  searches = 0;

  constructor(client: HubSpotClient, stream: ObjectStream) {
    this.#client = client;
    this.#stream = stream;
  }

  /** How many ranges one search can count. */
  get rangesAtOnce(): number {
    const groups = this.#stream.filterGroups;
    if (groups.length === 0) return MOST_GROUPS;
    const filters = groups.reduce((sum, group) => sum + group.filters.length + FILTERS_ADDED, 0);
    return Math.max(1, Math.min(Math.floor(MOST_GROUPS / groups.length), Math.floor(MOST_FILTERS / filters)));
  }

  /** How many records there are in some ranges, no more than {@link rangesAtOnce}. */
  async count(ranges: readonly VersionRange[]): Promise<number> {
    this.searches += 1;
    const filterGroups = this.#groups(ranges, EVERY_ID);
    return (await searchPage(this.#client, { type: this.#stream.type, properties: [], filterGroups, limit: 1 })).total;
  }

  /**
   * The records in some ranges, no more than {@link rangesAtOnce}, by ascending id, some thousands at a time, each time with the ids that they are all
   * of. Hits that the index counts and does not show are not looked for: who compares reads by id what is missing.
   */
  async *list(ranges: readonly VersionRange[]): AsyncGenerator<{ records: ListedRecord[]; ids: IdRange }> {
    let records: ListedRecord[] = [];
    let from = EVERY_ID.after;
    for (let { after } = EVERY_ID; ; ) {
      const { rows, total, next } = await this.#nextPage(ranges, { after, upTo: null });
      for (const row of rows) records.push({ id: row.id, version: timeIn(updatedAtOf(row)) });
      const last = rows.at(-1);
      if (!last || (next === null && total <= rows.length)) {
        yield { records, ids: { after: from, upTo: null } };
        return;
      }
      after = last.id;
      if (records.length < RECORDS_HELD) continue;
      yield { records, ids: { after: from, upTo: after } };
      records = [];
      from = after;
    }
  }

  /** The next page that has records, behind those of which all were deleted meanwhile; without any, there is none. */
  async #nextPage(ranges: readonly VersionRange[], position: IdRange): Promise<SearchPage> {
    const filterGroups = this.#groups(ranges, position);
    const request = { type: this.#stream.type, properties: [], filterGroups, above: position.after };
    for (let offset = 0; ; ) {
      this.searches += 1;
      const page = await searchPage(this.#client, { ...request, offset });
      const further = Math.max(page.next ?? 0, offset + SEARCH_LIMIT);
      const isEnd = page.next === null && further >= page.total;
      if (page.rows.length > 0 || isEnd || further + SEARCH_LIMIT > SEARCH_WINDOW) {
        return { ...page, total: page.total - offset };
      }
      offset = further;
    }
  }

  #groups(ranges: readonly VersionRange[], position: IdRange): FilterGroup[] {
    const own = this.#stream.filterGroups.length > 0 ? this.#stream.filterGroups : [{ filters: [] }];
    return joinedRanges(ranges).flatMap((range) =>
      own.map(({ filters }) => ({ filters: [...filters, ...this.#timeFilters(range), ...idFilters(range, position)] })),
    );
  }

  /** HubSpot: both bounds of BETWEEN are included. */
  #timeFilters({ from, before }: VersionRange): Filter[] {
    const propertyName = this.#stream.type.modifiedProperty;
    if (from === null) return before === null ? [] : [{ propertyName, operator: 'LT', value: String(before) }];
    if (before === null) return [{ propertyName, operator: 'GTE', value: String(from) }];
    return [{ propertyName, operator: 'BETWEEN', value: String(from), highValue: String(before - 1) }];
  }
}

/** The time of HubSpot's text; null: it is none. */
export function timeIn(text: string | null | undefined): EpochMs | null {
  const time = timeOf(text ?? '');
  return Number.isNaN(time) ? null : time;
}

/** How many searches list so many records. */
export function pagesOf(records: number): number {
  return Math.max(1, Math.ceil(records / SEARCH_LIMIT));
}

/** The ids of a range that are behind a position, as one filter: there may be no room for two. */
function idFilters({ ids }: VersionRange, position: IdRange): Filter[] {
  const propertyName = 'hs_object_id';
  const lower = [ids?.after ?? '0', position.after].map(BigInt);
  const after = lower.reduce((a, b) => (a > b ? a : b));
  const upper = [ids?.upTo, position.upTo].flatMap((id) => (id ? [BigInt(id)] : []));
  if (upper.length === 0) return [{ propertyName, operator: 'GT', value: String(after) }];
  const upTo = upper.reduce((a, b) => (a < b ? a : b));
  // Of a range that was read to its end, nothing is left: no id is that low.
  if (upTo <= after) return [{ propertyName, operator: 'LT', value: '0' }];
  return [{ propertyName, operator: 'BETWEEN', value: String(after + 1n), highValue: String(upTo) }];
}
