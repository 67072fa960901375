import { RequestError } from '../../errors.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { LIST_LIMIT, listPage } from '../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';

/** A page of an object's ids. */
interface IdPage {
  ids: readonly string[];
  /** The cursor of the next page, or null at the end. */
  after: string | null;
}

/** The ids of several pages. */
export interface ParentBatch {
  ids: string[];
  /** The cursor of the page after them, or null at the end. */
  after: string | null;
}

/** The most pages that are kept: about 12 MB of ids, for a million records. */
const MOST_PAGES = 10_000;

/**
 * The ids of the live records of objects, by HubSpot's list, for the streams of one run that read children of them. Streams with the
 * same parent object share the pages, so that each is requested once; all of them see the records that the first one saw.
 */
export class ParentIds {
  readonly #client: HubSpotClient;
  readonly #mostPages: number;
  /** By object and cursor; the ids as one text, which takes a tenth of the memory. */
  readonly #pages = new Map<string, Promise<{ ids: string; after: string | null }>>();
  readonly #rows = new Map<string, number>();

  constructor(client: HubSpotClient, mostPages = MOST_PAGES) {
    this.#client = client;
    this.#mostPages = mostPages;
  }

  /** The minimum number of calls for the ids that were read. */
  get leastCalls(): number {
    return [...this.#rows.values()].reduce((sum, rows) => sum + Math.max(1, Math.ceil(rows / LIST_LIMIT)), 0);
  }

  /** A page of at most 100 ids. @param after its cursor, null for the first */
  async page(type: ObjectType, after: string | null): Promise<IdPage> {
    const key = `${type.name} ${after ?? ''}`;
    let page = this.#pages.get(key);
    if (!page) {
      page = this.#read(type, after);
      this.#pages.set(key, page);
      page.catch(() => this.#pages.delete(key));
      const [oldest] = this.#pages.keys();
      if (this.#pages.size > this.#mostPages && oldest !== undefined) this.#pages.delete(oldest);
    }
    const read = await page;
    return { ids: read.ids === '' ? [] : read.ids.split(','), after: read.after };
  }

  /** As many pages as have at most `most` ids, and at least one. @param start the cursor of the first page, null for the beginning */
  async batch(type: ObjectType, start: string | null, most: number): Promise<ParentBatch> {
    const ids: string[] = [];
    let after = start;
    do {
      const page = await this.page(type, after);
      ids.push(...page.ids);
      after = page.after;
    } while (after !== null && ids.length + LIST_LIMIT <= most);
    return { ids, after };
  }

  async #read(type: ObjectType, after: string | null): Promise<{ ids: string; after: string | null }> {
    // Without any, the list would return properties of its own choice.
    const request = { type, properties: ['hs_object_id'], associations: [], archived: false, after };
    const page = await listPage(this.#client, request);
    if (page.after !== null && page.after === after) {
      throw new RequestError(`HubSpot's list of ${type.name} does not move on from ${after}.`, 200);
    }
    this.#rows.set(type.name, (this.#rows.get(type.name) ?? 0) + page.rows.length);
    return { ids: page.rows.map((row) => row.id).join(','), after: page.after };
  }
}
