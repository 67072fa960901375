import type { Query } from '../../../hubspot/api/hidden-hits.js';
import { type KeyedPage, KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { SEARCH_LIMIT } from '../../../hubspot/api/search.js';
import { earlier, isFrom } from '../../core/instants.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type PassPosition } from '../run/object-state.js';
import { queryOf } from './ranges.js';

/** Within so many minutes, search may begin to show a change between two questions. */
const INDEX_MINUTES = 1;

/**
 * Finds which records have left a stream's filters while a pass reads those that match: what the same search finds without the
 * filters, less what it finds with them. Many of them never matched; they update no row, since there is none.
 *
 * The same search shows every record that took others in. What was merged into one that the filters do not want is told of here,
 * as no search of the stream would show it.
 *
 * A change may become visible between the two searches. So the one without the filters comes first: what it shows, and the other
 * does not, has left. Of a long pass only its first page is kept until then; what is young on later ones is looked up once more.
 */
export class LeftFilters {
  readonly #run: ObjectRun;
  readonly #pass: PassPosition;
  readonly #everything: KeyedSearch;
  /** The ids that the pass has found; null: of a pass that was interrupted it is not known what it has found before. */
  readonly #matched: Set<string> | null;
  #first: KeyedPage | null = null;

  private constructor(run: ObjectRun, pass: PassPosition) {
    this.#run = run;
    this.#pass = pass;
    this.#everything = new KeyedSearch(run.client, withoutFilters(run, pass));
    this.#matched = isWhole(pass) ? new Set() : null;
  }

  /** To be called before a pass goes on. @returns null where nothing can have left since the pass's instant */
  static async of(run: ObjectRun, pass: PassPosition): Promise<LeftFilters | null> {
    const { state } = run;
    if (!run.tellsLeft) return null;
    // What a first load has not handed on cannot have left.
    if ((pass.since === null || state.cursor === null) && !pass.tellsLeft) return null;
    const left = new LeftFilters(run, pass);
    if (left.#matched !== null) left.#first = await left.#everything.next({ ...EVERY_ID });
    return left;
  }

  /** Notes what the pass has found. */
  keep(rows: readonly ObjectRow[]): void {
    for (const { id } of rows) this.#matched?.add(id);
  }

  /**
   * Tells which records have left, once the pass has found what matches, and before it is over: when its end is in a state, what
   * happened before its lookback is in nobody's sight any more.
   */
  async tell(): Promise<void> {
    const [run, pass] = [this.#run, this.#pass];
    let found = 0;
    for (let after = pass.leftUpTo ?? EVERY_ID.after, isLast = false; !isLast; ) {
      const page = this.#first ?? (await this.#everything.next({ after, upTo: null }));
      await run.emitMerged(page.rows);
      await run.emitLeft(await this.#leftOf(page, after));
      found += page.rows.length;
      ({ reached: after, isLast } = page);
      pass.leftUpTo = after;
      this.#first = null;
      if (this.#everything.isUnsettled) pass.isUnsettled = true;
      if (!isLast) await run.save();
    }
    run.tally(found, SEARCH_LIMIT);
  }

  async #leftOf(page: KeyedPage, after: string): Promise<ObjectRow[]> {
    const others = page.rows.filter((row) => !this.#matched?.has(row.id) && this.#mayHaveLeft(row));
    const isSure = page === this.#first || (this.#matched !== null && !others.some((row) => this.#isYoung(row)));
    if (isSure || others.length === 0) return others;
    const matching = await this.#matching({ after, upTo: page.reached });
    return others.filter((row) => !matching.has(row.id));
  }

  /** A late index may show what is gone, and versions older than what was sent. */
  #mayHaveLeft(row: ObjectRow): boolean {
    const { archived, sent } = this.#run;
    return !archived.has(row.id) && !sent.isOlder(row.id, Date.parse(updatedAtOf(row) ?? ''));
  }

  #isYoung(row: ObjectRow): boolean {
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

/** Whether nothing of a pass was read yet. */
function isWhole({ ranges, leftUpTo }: PassPosition): boolean {
  return leftUpTo === undefined && ranges.length === 1 && ranges[0]?.after === EVERY_ID.after;
}

function withoutFilters({ stream }: ObjectRun, pass: PassPosition): Query {
  return queryOf({ ...stream, filterGroups: [] }, pass);
}
