import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { LIST_LIMIT } from '../../../hubspot/api/objects.js';
import { SEARCH_LIMIT, type SearchPage, searchPage } from '../../../hubspot/api/search.js';
import { log } from '../../../log.js';
import { earlier } from '../../core/instants.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type LoadPosition, type PassPosition } from '../run/object-state.js';
import { searchRange } from '../search/ranges.js';

/** A start date that leaves out no more than this saves two pages of a list, at most: not worth a second question. */
const WORTH_ASKING = 2 * LIST_LIMIT;

/**
 * Decides how a first load with a start date is made, of which nothing was read yet. The list shows every record, also those
 * that the date leaves out; a search shows the others alone. Where HubSpot's totals say that it leaves out at least half, and
 * that searching costs fewer calls, the state is turned from the load by list to a pass from the start date on
 * (docs/decisions/0010-first-load-by-search.md).
 *
 * @returns the first page of that pass; null where the load stays one by list
 */
export async function turnToSearch(run: ObjectRun, load: LoadPosition): Promise<SearchPage | null> {
  const { stream, state } = run;
  if (stream.updatedAfter === null || stream.filterGroups.length > 0) return null;
  const leftOut = await countBefore(run, stream.updatedAfter);
  if (leftOut <= WORTH_ASKING) return null;
  const pass = firstPass(run, load.startedAt, load.mergesSince);
  const first = await searchRange(run, pass, EVERY_ID);
  if (!isWorthSearching(stream, first.total, leftOut)) return null;
  log.info(
    `${stream.name} is loaded by search: of ${first.total + leftOut} records the start date leaves out ${leftOut}.`,
  );
  state.load = null;
  state.pass = pass;
  return first;
}

/** How many searches decide that. */
export function questionsAsked({ updatedAfter }: ObjectStream, leftOut: number): number {
  return updatedAfter === null ? 0 : leftOut <= WORTH_ASKING ? 1 : 2;
}

/** Whether records are better searched for than found in the list, of which the start date leaves out so many. */
export function isWorthSearching({ associations }: ObjectStream, wanted: number, leftOut: number): boolean {
  if (leftOut <= WORTH_ASKING || wanted > leftOut) return false;
  const searches = Math.max(1, Math.ceil(wanted / SEARCH_LIMIT));
  const bySearch = searches + associations.length * Math.ceil(wanted / ASSOCIATIONS_LIMIT);
  return bySearch < Math.ceil((wanted + leftOut) / LIST_LIMIT);
}

/**
 * The pass that is a first load. The late index may show records that were merged away shortly before it began, so merges are told
 * from the lookback before it on.
 *
 * @param startedAt when it begins
 * @param mergesSince merges before are not told; null: all are
 */
export function firstPass({ stream, options }: ObjectRun, startedAt: string, mergesSince: string | null): PassPosition {
  const told = mergesSince === null ? null : earlier(mergesSince, options.lookbackMinutes);
  return { since: stream.updatedAfter, startedAt, mergesSince: told, ranges: [{ ...EVERY_ID }] };
}

/** How many live records were last modified before the instant, as the index sees it. */
async function countBefore({ client, stream }: ObjectRun, instant: string): Promise<number> {
  const bound = { propertyName: stream.type.modifiedProperty, operator: 'LT', value: String(Date.parse(instant)) };
  const request = { type: stream.type, properties: [], filterGroups: [{ filters: [bound] }], limit: 1 };
  return (await searchPage(client, request)).total;
}
