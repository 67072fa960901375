import { UnavailableError } from '../../../errors.js';
import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { SEARCH_LIMIT, type SearchPage } from '../../../hubspot/api/search.js';
import { log } from '../../../log.js';
import { later } from '../../core/instants.js';
import { readAssociated } from '../run/associated.js';
import { completeAt, type ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type PassPosition } from '../run/object-state.js';
import { withoutGhosts } from './ghosts.js';
import { LeftFilters } from './left-filters.js';
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
  const left = await LeftFilters.of(run, pass);
  for await (const pages of reader.groups()) {
    const rows = pages.flatMap((page) => page.rows);
    left?.keep(rows);
    const live = await withoutGhosts(run, rows);
    await run.emitLive(live, await readAssociated(client, stream, live), pass.mergesSince, false);
    for (const { range, reached, isLast } of pages) {
      range.after = reached;
      if (isLast) pass.ranges = pass.ranges.filter((each) => each !== range);
    }
    if (pass.ranges.length > 0) await run.save();
  }
  run.tally(reader.found, SEARCH_LIMIT);
  if (reader.found > 0) for (const _ of stream.associations) run.tally(reader.found, ASSOCIATIONS_LIMIT);
  await left?.tell();
  if (pass.isUnsettled && pass.since === null) await startAgain(run, pass);
  state.pass = null;
  completeAt(run, reachedBy(run, pass));
  if (reader.found > 0) await run.save();
  return reader.found;
}

/** From where on the next increment is to look, once a pass has come to its end. */
function reachedBy(run: ObjectRun, { since, startedAt, isUnsettled }: PassPosition): string {
  const { stream, options } = run;
  // A clock that was ahead when the pass began has been set right by answers since.
  if (!isUnsettled || since === null) return startedAt < run.now() ? startedAt : run.now();
  log.warn(
    `HubSpot's search of ${stream.name} counts records that it does not show, most likely because many were deleted just now. ` +
      `The next sync looks again from ${since} on.`,
  );
  return later(since, options.lookbackMinutes);
}

/** A first load has no instant to look again from: it is made again as a whole. */
async function startAgain(run: ObjectRun, pass: PassPosition): Promise<never> {
  pass.ranges = [{ ...EVERY_ID }];
  delete pass.isUnsettled;
  await run.save();
  throw new UnavailableError(
    `HubSpot's search of ${run.stream.name} counts records that it does not show, most likely because many were deleted just ` +
      'now, so it is not known whether all were read. Run it again later; the load starts anew.',
  );
}
