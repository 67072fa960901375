import { ASSOCIATIONS_LIMIT } from '../hubspot/associations.js';
import { SEARCH_LIMIT, type SearchPage } from '../hubspot/objects.js';
import { readAssociated } from './associated.js';
import { withoutGhosts } from './ghosts.js';
import { completeAt, type ObjectRun } from './object-run.js';
import type { PassPosition } from './object-state.js';
import { RangeReader } from './ranges.js';

/**
 * Reads what is left of a pass: searches ordered by id, each for the ids above the last one seen. There is no upper bound on
 * the time, so a record that keeps changing is not starved; no offset, so HubSpot's limit of 10,000 results a search is never
 * met, however many records share one instant. What went out before as it is does not go out again. A range's position moves
 * on when its whole page, associations included, has been handed on.
 *
 * @param first its first page, where that was answered before
 * @returns how many records were found
 */
export async function readPass(run: ObjectRun, first: SearchPage | null = null): Promise<number> {
  const { state, client, stream } = run;
  const pass = state.pass as PassPosition;
  const reader = new RangeReader(run, pass, first);
  for await (const pages of reader.groups()) {
    const rows = pages.flatMap((page) => page.rows);
    const live = await withoutGhosts(run, rows);
    await run.emitLive(live, await readAssociated(client, stream, live), pass.mergesSince, false);
    for (const { range, rows: read, isLast } of pages) {
      range.after = read.at(-1)?.id ?? range.after;
      if (isLast) pass.ranges = pass.ranges.filter((each) => each !== range);
    }
    if (pass.ranges.length > 0) await run.save();
  }
  run.tally(reader.found, SEARCH_LIMIT);
  if (reader.found > 0) for (const _ of stream.associations) run.tally(reader.found, ASSOCIATIONS_LIMIT);
  state.pass = null;
  completeAt(run, pass.startedAt);
  if (reader.found > 0) await run.save();
  return reader.found;
}
