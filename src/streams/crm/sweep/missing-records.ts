import type { KnownRecord } from '../../core/known-records.js';
import { compareIds } from '../run/packed-ids.js';

/**
 * Finds the records that a destination has and HubSpot's list lacks: both ascend by id, and are walked side by side.
 */
export class MissingRecords {
  readonly #known: AsyncIterator<KnownRecord>;
  #next: IteratorResult<KnownRecord> | null = null;

  /** @param known those after the beginning of the first page, ascending */
  constructor(known: AsyncIterable<KnownRecord>) {
    this.#known = known[Symbol.asyncIterator]();
  }

  /** Those up to an id that are not on a page. @param upTo null: to the end */
  async upTo(upTo: string | null, page: ReadonlySet<string>): Promise<KnownRecord[]> {
    const missing: KnownRecord[] = [];
    for (;;) {
      this.#next ??= await this.#known.next();
      if (this.#next.done) return missing;
      const record = this.#next.value;
      if (upTo !== null && compareIds(record.id, upTo) > 0) return missing;
      if (!page.has(record.id)) missing.push(record);
      this.#next = null;
    }
  }
}
