import type { Query } from '../../../hubspot/api/hidden-hits.js';
import { type KeyedPage, KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { SEARCH_LIMIT } from '../../../hubspot/api/search.js';
import { earlier, isFrom, timeOf } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type PassPosition } from '../run/object-state.js';
import { queryOf } from './ranges.js';

/** A change this recent may become visible between two searches. */
const INDEX_MINUTES = 1;

/**
 * Finds records that have left a stream's filters while a pass reads those that match: the results of the same search without the
 * filters, except those that match. Many of them never matched; reporting them changes nothing, as they have no row.
 *
 * The search without filters also returns survivors of merges that do not match the filters. Their merges are emitted here, since
 * no other search of the stream returns them.
 *
 * A change may become visible between the two searches. So the search without filters comes first: a record that only this one
 * returns has left. For a long pass only its first page is kept until then; recent changes on later pages are checked again.
 */
export class FilterExits {
  readonly #run: ObjectRun;
  readonly #pass: PassPosition;
  readonly #unfiltered: KeyedSearch;
  /** The ids found by the pass; null: it is a resumed one, and what it found before is unknown. */
  readonly #matched: Set<string> | null;
  #first: KeyedPage | null = null;

  private constructor(run: ObjectRun, pass: PassPosition) {
    this.#run = run;
    this.#pass = pass;
    this.#unfiltered = new KeyedSearch(run.client, withoutFilters(run, pass));
    this.#matched = hasNotStarted(pass) ? new Set() : null;
  }

  /** To be called before a pass begins or resumes. @returns null: no record can have left since the pass's instant */
  static async of(run: ObjectRun, pass: PassPosition): Promise<FilterExits | null> {
    const { state } = run;
    if (!run.emitsFilterExits) return null;
    // Before a first load nothing was emitted, so nothing can have left.
    if ((pass.since === null || state.cursor === null) && !pass.tellsLeft) return null;
    const exits = new FilterExits(run, pass);
    if (exits.#matched !== null) exits.#first = await exits.#unfiltered.next({ ...EVERY_ID });
    return exits;
  }

  /** Notes rows found by the pass. */
  addMatches(rows: readonly ObjectRow[]): void {
    for (const { id } of rows) this.#matched?.add(id);
  }

  /**
   * Reports the records that have left. To be called after the pass has read its ranges, and before a state says that it is complete:
   * later passes do not look at changes before their lookback.
   */
  async emit(): Promise<void> {
    const [run, pass] = [this.#run, this.#pass];
    let found = 0;
    for (let after = pass.leftUpTo ?? EVERY_ID.after, isLast = false; !isLast; ) {
      const page = this.#first ?? (await this.#unfiltered.next({ after, upTo: null }));
      await run.emitMergesOutsideFilter(page.rows);
      await run.emitFilterExits(await this.#leftOf(page, after));
      found += page.rows.length;
      ({ reached: after, isLast } = page);
      pass.leftUpTo = after;
      this.#first = null;
      if (this.#unfiltered.isUnsettled) pass.isUnsettled = true;
      if (!isLast) await run.save();
    }
    run.tally(found, SEARCH_LIMIT);
  }

  async #leftOf(page: KeyedPage, after: string): Promise<ObjectRow[]> {
    const others = page.rows.filter((row) => !this.#matched?.has(row.id) && this.#mayHaveLeft(row));
    const isCertain = page === this.#first || (this.#matched !== null && !others.some((row) => this.#isRecent(row)));
    if (isCertain || others.length === 0) return others;
    const matching = await this.#matching({ after, upTo: page.reached });
    return others.filter((row) => !matching.has(row.id));
  }

  /** A lagging index may return deleted records, and versions older than the emitted one. */
  #mayHaveLeft(row: ObjectRow): boolean {
    const { archived, sent } = this.#run;
    return !archived.has(row.id) && !sent.isOlder(row.id, timeOf(updatedAtOf(row) ?? ''));
  }

  #isRecent(row: ObjectRow): boolean {
    return isFrom(updatedAtOf(row), earlier(this.#pass.startedAt, INDEX_MINUTES));
  }

  /** The ids of a range that match the filters. */
  async #matching(range: { after: string; upTo: string }): Promise<Set<string>> {
    const search = new KeyedSearch(this.#run.client, { ...queryOf(this.#run.stream, this.#pass), properties: [] });
    const ids = new Set<string>();
    for (let { after } = range, isLast = false; !isLast; ) {
      const page = await search.next({ after, upTo: range.upTo });
      for (const { id } of page.rows) ids.add(id);
      ({ reached: after, isLast } = page);
    }
    return ids;
  }
}

function hasNotStarted({ ranges, leftUpTo }: PassPosition): boolean {
  return leftUpTo === undefined && ranges.length === 1 && ranges[0]?.after === EVERY_ID.after;
}

function withoutFilters({ stream }: ObjectRun, pass: PassPosition): Query {
  return queryOf({ ...stream, filterGroups: [] }, pass);
}
