import { RequestError } from '../../../errors.js';
import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT, fitsInUrl, LIST_LIMIT, listPage } from '../../../hubspot/api/objects.js';
import { SEARCH_LIMIT } from '../../../hubspot/api/search.js';
import { readValues } from '../load/load.js';
import { namesInLists, type ObjectStream } from '../object-stream.js';
import { type Associated, completeAssociated, readAssociated } from '../run/associated.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID } from '../run/object-state.js';
import { compareIds } from '../run/packed-ids.js';
import { queryOf } from '../search/ranges.js';
import { resolveStaleRows } from '../search/stale-rows.js';

/** A page of the records that a sweep reads. */
export interface SweptPage {
  /** The ids on it, of records that the stream may not want. */
  ids: readonly string[];
  /** In the order of the ids. */
  rows: readonly ObjectRow[];
  associated: Associated;
  /** The cursor of the next page; null: there is none. */
  after: string | null;
}

/** The pages of a sweep, in the order of ids. */
export interface SweptPages {
  next(after: string | null): Promise<SweptPage>;
  /** Counts the calls that the pages took at least. */
  tally(): void;
}

/** @param properties those to read of each record */
export function sweptPages(run: ObjectRun, properties: readonly string[]): SweptPages {
  // HubSpot chooses properties where none are named.
  const stream = { ...run.stream, properties: properties.length > 0 ? properties : ['hs_object_id'], histories: [] };
  return stream.filterGroups.length > 0 ? new SearchedPages(run, stream) : new ListedPages(run, stream);
}

/** HubSpot's list, which shows every record as it is. */
class ListedPages implements SweptPages {
  readonly #run: ObjectRun;
  readonly #stream: ObjectStream;
  readonly #request;
  /** Whether the list can name all properties. Otherwise they are read by id. */
  readonly #inUrl: boolean;
  #listed = 0;

  constructor(run: ObjectRun, stream: ObjectStream) {
    const { type, properties } = stream;
    const request = { type, properties, associations: namesInLists(stream), archived: false };
    this.#run = run;
    this.#stream = stream;
    this.#inUrl = fitsInUrl(request);
    this.#request = this.#inUrl ? request : { ...request, properties: [] };
  }

  async next(after: string | null): Promise<SweptPage> {
    const { client } = this.#run;
    const page = await listPage(client, { ...this.#request, after });
    if (page.after !== null && page.after === after) {
      throw new RequestError(`HubSpot's list of ${this.#stream.name} does not move on from ${after}.`, 200);
    }
    this.#listed += page.rows.length;
    const associated = await completeAssociated(client, this.#stream, page.rows);
    const rows = this.#inUrl ? page.rows : await readValues(client, this.#stream, page.rows);
    const ids = page.rows.map(({ id }) => id);
    const places = new Map(ids.map((id, place) => [id, place]));
    const inOrder = [...rows].sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
    return { ids, rows: inOrder, associated, after: page.after };
  }

  tally(): void {
    this.#run.tally(this.#listed, LIST_LIMIT);
    if (!this.#inUrl) this.#run.tally(this.#listed, BATCH_READ_LIMIT);
  }
}

/** A search, for a stream with filters, which lists do not know. Its index may lag, and hide records: those are not swept. */
class SearchedPages implements SweptPages {
  readonly #run: ObjectRun;
  readonly #stream: ObjectStream;
  readonly #search: KeyedSearch;
  #found = 0;

  constructor(run: ObjectRun, stream: ObjectStream) {
    this.#run = run;
    this.#stream = stream;
    this.#search = new KeyedSearch(run.client, queryOf(stream, { since: stream.updatedAfter }));
  }

  async next(after: string | null): Promise<SweptPage> {
    const page = await this.#search.next({ after: after ?? EVERY_ID.after, upTo: null });
    this.#found += page.rows.length;
    // Records that the page before has hidden come too late to be compared; what the destination has of them is looked at by id.
    const own = page.rows.filter(({ id }) => compareIds(id, after ?? EVERY_ID.after) > 0);
    const rows = (await resolveStaleRows(this.#run, own)).sort((a, b) => compareIds(a.id, b.id));
    const { client, refusedLinks } = this.#run;
    const associated = await readAssociated({ client, refusedLinks, stream: this.#stream }, rows);
    return { ids: rows.map(({ id }) => id), rows, associated, after: page.isLast ? null : page.reached };
  }

  tally(): void {
    this.#run.tally(this.#found, SEARCH_LIMIT);
    for (const _ of this.#stream.associations) this.#run.tally(this.#found, ASSOCIATIONS_LIMIT);
  }
}
