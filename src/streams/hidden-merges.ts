import type { Query } from '../hubspot/hidden-hits.js';
import { KeyedSearch } from '../hubspot/keyed-search.js';
import { isRefusal } from '../hubspot/known-answers.js';
import { SEARCH_LIMIT } from '../hubspot/search.js';
import { log } from '../log.js';
import { MERGED_IDS } from './definition.js';
import type { ObjectRun } from './object-run.js';
import { EVERY_ID } from './object-state.js';
import { rangeGroups } from './search-filters.js';

/**
 * A stream's filters may not want the record that another one was merged into, and then no search of the stream shows it: the one
 * that went away would stay for good. So all survivors modified since an instant are looked for, whatever the filters want, and
 * what went into them is told; they themselves are not handed on.
 *
 * To be done before the pass from that instant on: once its end is in a state, a merge from before its lookback is in nobody's
 * sight any more.
 */
export async function tellHiddenMerges(run: ObjectRun, since: string): Promise<void> {
  const { stream, options, client } = run;
  if (stream.filterGroups.length === 0 || !stream.knowsMerges || options.deletes === 'off') return;
  const isMerged = { filters: [{ propertyName: MERGED_IDS, operator: 'HAS_PROPERTY' }] };
  const survivors: Query = {
    type: stream.type,
    properties: [MERGED_IDS],
    filtersOf: (range) => rangeGroups({ type: stream.type, filterGroups: [isMerged] }, { since }, range),
    isWanted: () => null,
  };
  const search = new KeyedSearch(client, survivors);
  let found = 0;
  try {
    for (let { after } = EVERY_ID, isLast = false; !isLast; ) {
      const page = await search.next({ after, upTo: null });
      await run.emitMerged(page.rows);
      found += page.rows.length;
      ({ reached: after, isLast } = page);
    }
  } catch (error) {
    if (found > 0 || !isRefusal(error, [400])) throw error;
    log.warn(
      `HubSpot refuses to search ${stream.name} for merged records (${error.said}). Merges into records that the filters do not ` +
        'want are not seen; the records that went away stay in the table.',
    );
  }
  if (search.isUnsettled && run.state.pass) run.state.pass.isUnsettled = true;
  run.tally(found, SEARCH_LIMIT);
}
