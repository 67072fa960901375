import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { LIST_LIMIT } from '../../../hubspot/api/objects.js';
import { SEARCH_LIMIT, type SearchPage, searchPage } from '../../../hubspot/api/search.js';
import { log } from '../../../log.js';
import { earlier, type Instant, timeOf } from '../../../time.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type LoadPosition, type PassPosition } from '../run/object-state.js';
import { searchRange } from '../search/ranges.js';

/** A start date that leaves out no more records saves at most two pages of the list: not worth a second count. */
const WORTH_COUNTING = 2 * LIST_LIMIT;

/**
 * Decides how a first load with a start date is read, before anything of it was. The list returns every record, even those before
 * the start date; a search returns only the others. If, by HubSpot's totals, the date leaves out at least half of the records and
 * searching takes fewer calls, the load by list in the state is replaced by a pass from the start date on
 * (docs/decisions/0010-first-load-by-search.md).
 *
 * @returns the first page of that pass; null: the load remains one by list
 */
export async function switchToSearch(run: ObjectRun, load: LoadPosition): Promise<SearchPage | null> {
  const { stream, state } = run;
  if (stream.updatedAfter === null || stream.filterGroups.length > 0) return null;
  const leftOut = await countBefore(run, stream.updatedAfter);
  if (leftOut <= WORTH_COUNTING) return null;
  const pass = initialPass(run, load.startedAt, load.mergesSince);
  const first = await searchRange(run, pass, EVERY_ID);
  if (!isWorthSearching(stream, first.total, leftOut)) return null;
  log.info(
    `${stream.name} is loaded by search: of ${first.total + leftOut} records the start date leaves out ${leftOut}.`,
  );
  state.load = null;
  state.pass = pass;
  return first;
}

/** The number of searches for that decision. */
export function countsBeforeLoad({ updatedAfter }: ObjectStream, leftOut: number): number {
  return updatedAfter === null ? 0 : leftOut <= WORTH_COUNTING ? 1 : 2;
}

/** Whether a search for the wanted records takes fewer calls than the list, from which the start date leaves out `leftOut` records. */
export function isWorthSearching({ associations }: ObjectStream, wanted: number, leftOut: number): boolean {
  if (leftOut <= WORTH_COUNTING || wanted > leftOut) return false;
  const searches = Math.max(1, Math.ceil(wanted / SEARCH_LIMIT));
  const bySearch = searches + associations.length * Math.ceil(wanted / ASSOCIATIONS_LIMIT);
  return bySearch < Math.ceil((wanted + leftOut) / LIST_LIMIT);
}

/**
 * The pass that reads a first load. The lagging index may still show records that were merged away shortly before the pass, so
 * merges are emitted from the lookback before `mergesSince` on.
 *
 * @param startedAt when it begins
 * @param mergesSince earlier merges are not emitted; null: all are
 */
export function initialPass(
  { stream, options }: ObjectRun,
  startedAt: Instant,
  mergesSince: Instant | null,
): PassPosition {
  const emittedSince = mergesSince === null ? null : earlier(mergesSince, options.lookbackMinutes);
  return { since: stream.updatedAfter, startedAt, mergesSince: emittedSince, ranges: [{ ...EVERY_ID }] };
}

/** The number of live records last modified before the instant, according to the search index. */
async function countBefore({ client, stream }: ObjectRun, instant: Instant): Promise<number> {
  const bound = { propertyName: stream.type.modifiedProperty, operator: 'LT', value: String(timeOf(instant)) };
  const request = { type: stream.type, properties: [], filterGroups: [{ filters: [bound] }], limit: 1 };
  return (await searchPage(client, request)).total;
}
