import { UnavailableError } from '../../../errors.js';
import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { SEARCH_LIMIT, type SearchPage } from '../../../hubspot/api/search.js';
import { log } from '../../../log.js';
import { earlier, type Instant, later } from '../../../time.js';
import { readAssociated } from '../run/associated.js';
import { advanceCursor, type ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type PassPosition } from '../run/object-state.js';
import { recentMinutes } from '../run/reach.js';
import { FilterExits } from './filter-exits.js';
import { RangeReader } from './ranges.js';
import { resolveStaleRows } from './stale-rows.js';

/**
 * Reads the rest of a pass: searches ordered by id, each for ids above the last one seen. There is no upper bound on the
 * last-modified time, so a record that keeps changing is not missed, and no offset, so HubSpot's limit of 10,000 results per search
 * does not apply, however many records share an instant. Unchanged records are not emitted again. A range's position advances when
 * its whole page, associations included, was emitted.
 *
 * @param first its first page, if it was requested before
 * @returns the number of records found
 */
export async function readPass(run: ObjectRun, pass: PassPosition, first: SearchPage | null = null): Promise<number> {
  const { state, stream } = run;
  const reader = new RangeReader(run, pass, first);
  const exits = pass.isRecent ? null : await FilterExits.of(run, pass);
  for await (const pages of reader.groups()) {
    const rows = pages.flatMap((page) => page.rows);
    exits?.addMatches(rows);
    const live = await resolveStaleRows(run, rows);
    await run.emitLive(live, await readAssociated(run, live), pass.mergesSince, false, {
      is: 'changes',
      // Older versions of a record that the index showed late come with it: later passes find the record unchanged.
      since: pass.isRecent && state.cursor ? earlier(state.cursor, run.options.lookbackMinutes) : pass.since,
      reached: state.cursor ?? pass.since,
    });
    for (const { range, reached, isLast } of pages) {
      range.after = reached;
      if (isLast) pass.ranges = pass.ranges.filter((each) => each !== range);
    }
    if (pass.ranges.length > 0) await run.save();
  }
  run.tally(reader.found, SEARCH_LIMIT);
  if (reader.found > 0) for (const _ of stream.associations) run.tally(reader.found, ASSOCIATIONS_LIMIT);
  await exits?.emit();
  if (pass.isUnsettled && pass.since === null) await startAgain(run, pass);
  state.pass = null;
  // A first load by search. One by list has said it itself.
  if (state.cursor === null) state.sweptAt ??= pass.startedAt;
  if (pass.isRecent) state.recent = nextCursor(run, pass);
  else advanceCursor(run, nextCursor(run, pass));
  if (reader.found > 0) await run.save();
  return reader.found;
}

/** The cursor after a pass, from which the next one of its kind reaches back. */
function nextCursor(run: ObjectRun, { since, startedAt, isUnsettled, isRecent }: PassPosition): Instant {
  const { stream, options } = run;
  // If our estimate of HubSpot's clock was ahead when the pass began, responses have corrected it since.
  if (!isUnsettled || since === null) return startedAt < run.now() ? startedAt : run.now();
  log.warn(
    `HubSpot's search of ${stream.name} counts records that it does not show, most likely because many were deleted just now. ` +
      `The next sync looks again from ${since} on.`,
  );
  return later(since, isRecent ? recentMinutes(options) : options.lookbackMinutes);
}

/** A pass that is a first load has no instant to repeat it from, so the whole load is repeated. */
async function startAgain(run: ObjectRun, pass: PassPosition): Promise<never> {
  pass.ranges = [{ ...EVERY_ID }];
  delete pass.isUnsettled;
  await run.save();
  throw new UnavailableError(
    `HubSpot's search of ${run.stream.name} counts records that it does not show, most likely because many were deleted just ` +
      'now, so it is not known whether all were read. Run it again later; the load starts anew.',
  );
}
