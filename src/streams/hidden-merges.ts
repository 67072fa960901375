import type { ObjectRow } from '../hubspot/object-row.js';
import { SEARCH_LIMIT, searchPage } from '../hubspot/objects.js';
import { MERGED_IDS } from './definition.js';
import type { ObjectRun } from './object-run.js';
import { EVERY_ID } from './object-state.js';

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
  let { after } = EVERY_ID;
  let found = 0;
  for (let more = true; more; ) {
    const filters = [
      { propertyName: 'hs_object_id', operator: 'GT', value: after },
      { propertyName: stream.type.modifiedProperty, operator: 'GTE', value: String(Date.parse(since)) },
      { propertyName: MERGED_IDS, operator: 'HAS_PROPERTY' },
    ];
    const request = { objectType: stream.type.name, properties: [MERGED_IDS], filterGroups: [{ filters }] };
    const page = await searchPage(client, request);
    await run.emitMerged(page.rows);
    found += page.rows.length;
    after = (page.rows.at(-1) as ObjectRow | undefined)?.id ?? after;
    more = page.more && page.rows.length > 0;
  }
  run.tally(found, SEARCH_LIMIT);
}
