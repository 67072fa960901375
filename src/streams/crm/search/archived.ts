import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { fitsInUrl, LIST_LIMIT, listPage } from '../../../hubspot/api/objects.js';
import { refusesArchive } from '../../../hubspot/client/known-answers.js';
import { log } from '../../../log.js';
import { earlier, isFrom } from '../../core/instants.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { MERGED_IDS } from '../object-stream.js';
import { MOST_ARCHIVED, type ScanPosition } from '../run/archive-memory.js';
import { readAssociated } from '../run/associated.js';
import type { ObjectRun } from '../run/object-run.js';
import { packIds, packTimes, unpackIds, unpackTimes } from '../run/packed-ids.js';
import { readLive, sift } from './ghosts.js';

/**
 * Looks through HubSpot's list of archived records (search never shows them, and archiving does not change when a record was
 * last modified): emits a tombstone for each that was archived since the scan before, and brings back those that were archived
 * and are no longer in the list because they were restored. A scan that was interrupted is ended first; what changed on the
 * pages behind it is seen by the next one, which follows at once.
 */
export async function scanArchived(run: ObjectRun): Promise<void> {
  const { archive } = run.state;
  if (run.archiveIsRefused) return;
  if (archive.scan) await scan(run, archive.scan);
  if (isDue(run)) await scan(run, begin(run, true));
}

/**
 * Before a first load: remembers what is archived, so that a record that is restored while the load runs, behind its reader,
 * is known to have been. Puts out no tombstones: these records were never emitted. Of a stream whose archived records are known,
 * and which is loaded again, there is nothing to do.
 */
export async function rememberArchived(run: ObjectRun): Promise<void> {
  const { archive } = run.state;
  if (archive.scan?.tells || archive.scannedAt !== null) return;
  // Refused when the load began, and given by now: records may have gone out since, and been archived behind that.
  await scan(run, archive.scan ?? begin(run, archive.refusedAt !== undefined));
  // No record may go out behind a state that says this scan is under way: gone on with, it would take what was archived
  // meanwhile for what never went out.
  await run.saveAhead();
}

function isDue({ state, options, client }: ObjectRun): boolean {
  const { scannedAt } = state.archive;
  // Each sync, then: HubSpot's clock is known to a second only, and a sync may follow the one before within that.
  if (scannedAt === null || options.deletesEveryMinutes === 0) return true;
  return client.clock.now() - Date.parse(scannedAt) >= options.deletesEveryMinutes * 60_000;
}

function begin(run: ObjectRun, tells: boolean): ScanPosition {
  const { archive, cursor } = run.state;
  const startedAt = run.now();
  archive.since ??= earlier(cursor ?? startedAt, run.options.lookbackMinutes);
  archive.scan = { startedAt, after: null, tells, seen: '', pending: '', recent: '' };
  return archive.scan;
}

/**
 * Objects of which HubSpot lists no archive are read without: their deletions cannot be seen, which is said. Since it is asked
 * again in each sync, what was archived meanwhile is told of once HubSpot lists it.
 */
async function scan(run: ObjectRun, position: ScanPosition): Promise<void> {
  try {
    await scanList(run, position);
    delete run.state.archive.refusedAt;
  } catch (error) {
    if (!refusesArchive(error)) throw error;
    log.warn(
      `HubSpot does not list archived records of ${run.stream.name} ("${error.said}"): the stream is read, but what is deleted ` +
        'in HubSpot stays in the table as it was. Load it anew from time to time (docs/calls.md).',
    );
    run.archiveIsRefused = true;
    // To be refused takes a call, too.
    run.tally(0, LIST_LIMIT);
    Object.assign(run.state.archive, { scan: null, refusedAt: position.startedAt });
  }
}

async function scanList(run: ObjectRun, position: ScanPosition): Promise<void> {
  const { state, archived } = run;
  const request = listRequest(run);
  const isOwed = tombstoneRule(run, position);
  const began = Date.parse(position.startedAt);
  const recent = unpackTimes(position.recent, began);
  let listed = 0;
  for (let more = true; more; ) {
    const page = await listPage(run.client, { ...request, after: position.after });
    listed += page.rows.length;
    await tell(run, position, position.tells ? page.rows.filter(isOwed) : []);
    for (const row of page.rows) {
      archived.see(row.id, row.archivedAt);
      // Merged away before the first load: a late index may still show it.
      if (!position.tells) run.merges.learn(row);
      const archivedAt = Date.parse(row.archivedAt ?? '');
      if (archivedAt >= began) recent.set(row.id, archivedAt);
    }
    more = page.after !== null;
    if (!more) break;
    position.after = page.after;
    position.recent = packTimes(recent, began);
    await run.save();
  }
  run.tally(listed, LIST_LIMIT);
  await bringBack(run, archived.gone());
  if (!archived.turn()) {
    log.warn(
      `${run.stream.name} has more than ${MOST_ARCHIVED} archived records. The ${MOST_ARCHIVED} archived last are remembered; ` +
        'when others are restored, they come back with their next change, or when the stream is loaded anew.',
    );
  }
  const { startedAt } = position;
  Object.assign(state.archive, {
    since: startedAt,
    scannedAt: startedAt,
    recent: packTimes(recent, began),
    scan: null,
  });
}

function listRequest({ stream }: ObjectRun) {
  const request = { type: stream.type, properties: stream.properties, associations: [], archived: true };
  // More properties than a URL holds: a tombstone then carries none, and the row keeps its last values.
  return fitsInUrl(request) ? request : { ...request, properties: stream.knowsMerges ? [MERGED_IDS] : [] };
}

/**
 * Which archived records are owed a tombstone: those that no scan has seen, and those archived once more since the last one.
 * Where the memory has no room for all, and before there is one, the time of archiving alone decides.
 */
function tombstoneRule(run: ObjectRun, position: ScanPosition): (row: ObjectRow) => boolean {
  const { archived, state, merges, stream } = run;
  const { since, scannedAt } = state.archive;
  const recent = unpackTimes(state.archive.recent, Date.parse(since ?? ''));
  const knowsAll = scannedAt !== null && archived.isComplete;
  // Of these a tombstone may have gone out behind the last state, or not.
  const unsure = new Set(unpackIds(position.pending));
  return (row) => {
    // Its own tombstone has gone out. What was merged into it may be told of here alone.
    if (merges.isMergedAway(row.id)) return merges.hasNews(row);
    if (!isFrom(updatedAtOf(row), stream.updatedAfter)) return false;
    if (archived.isSeen(row.id)) return false;
    if (unsure.has(row.id)) return true;
    if (!archived.has(row.id) && (knowsAll || !row.archivedAt)) return true;
    return (
      Boolean(row.archivedAt) &&
      isFrom(row.archivedAt, since) &&
      recent.get(row.id) !== Date.parse(row.archivedAt ?? '')
    );
  };
}

/**
 * The state in front of the tombstones names them: should the run end behind one of them, and the record be restored, nothing
 * else would tell that it must be brought back.
 */
async function tell(run: ObjectRun, position: ScanPosition, owed: readonly ObjectRow[]): Promise<void> {
  if (owed.length === 0) return;
  position.pending = packIds(owed.map((row) => row.id));
  await run.saveAhead();
  await run.emitTombstones(owed);
  position.pending = '';
}

/**
 * Emits those of `ids` that are live again, or tells that they are, but do not match the stream's filters; forgets the others, which HubSpot has erased. One of which the index cannot tell yet
 * whether the stream's filters want it stays remembered, as gone from the list, so that the next scan asks once more.
 */
async function bringBack(run: ObjectRun, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { updatedAfter } = run.stream;
  const live = [...(await readLive(run, ids)).values()].filter((row) => isFrom(updatedAtOf(row), updatedAfter));
  const { wanted, unwanted, unsure } = await sift(run, live);
  await run.emitLive(wanted, await readAssociated(run.client, run.stream, wanted), null, true);
  await run.emitLeft(unwanted);
  const undecided = new Set(unsure.map((row) => row.id));
  for (const id of ids) if (!undecided.has(id)) run.archived.forget(id);
}
