import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { fitsInUrl, LIST_LIMIT, listPage } from '../../../hubspot/api/objects.js';
import { refusesArchive } from '../../../hubspot/client/error-kinds.js';
import { log } from '../../../log.js';
import { earlier, isFrom, timeOf } from '../../../time.js';
import { archivedLook, type Found } from '../../core/pace.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { MERGED_IDS } from '../object-stream.js';
import { MOST_ARCHIVED, type ScanPosition } from '../run/archive-memory.js';
import { readAssociated } from '../run/associated.js';
import type { ObjectRun } from '../run/object-run.js';
import { packIds, packTimes, unpackIds, unpackTimes } from '../run/packed-ids.js';
import { partitionByFilter, readLive } from './stale-rows.js';

/**
 * Scans HubSpot's list of archived records, since searches do not return them and archiving does not change the last-modified time.
 * Emits a tombstone for each record archived since the previous scan, and emits records again that are no longer listed because
 * they were restored. An interrupted scan is finished first, and another one follows immediately, which sees what changed on the
 * pages that were already read.
 */
export async function scanArchived(run: ObjectRun): Promise<void> {
  const { archive } = run.state;
  if (run.archiveIsRefused) return;
  if (archive.scan) await scan(run, archive.scan);
  if (isDue(run)) await scan(run, beginScan(run, true));
}

/**
 * Before a first load: remembers which records are archived, so that one that is restored during the load, on a page that was
 * already read, is found. Emits no tombstones, since these records were never emitted. Does nothing for a stream that is reloaded
 * and whose archived records are known.
 */
export async function snapshotArchived(run: ObjectRun): Promise<void> {
  const { archive } = run.state;
  if (archive.scan?.tells || archive.scannedAt !== null) return;
  // If HubSpot refused the list before and allows it now, records may have been emitted and archived in the meantime.
  await scan(run, archive.scan ?? beginScan(run, archive.refusedAt !== undefined));
  // No record may be emitted while the last state has this scan in progress: resumed from there, the scan would emit no tombstone
  // for a record that was emitted and then archived.
  await run.saveAhead();
}

function isDue({ state, options, client, stream }: ObjectRun): boolean {
  const { scannedAt, refusedAt } = state.archive;
  if (scannedAt === null && refusedAt === undefined) return true;
  // With 0 each sync scans. A comparison of times would not do: HubSpot's clock is known to the second, and syncs may be closer.
  if (options.deletesEveryMinutes === 0) return options.pace.isDue(archivedLook(stream.name));
  // Asking for a list that HubSpot refuses is an attempt as good as a scan.
  const lastAt = refusedAt ?? scannedAt;
  return lastAt === null || client.clock.now() - timeOf(lastAt) >= options.deletesEveryMinutes * 60_000;
}

function beginScan(run: ObjectRun, tells: boolean): ScanPosition {
  const { archive, cursor } = run.state;
  const startedAt = run.now();
  archive.since ??= earlier(cursor ?? startedAt, run.options.lookbackMinutes);
  archive.scan = { startedAt, after: null, tells, seen: '', pending: '', recent: '' };
  return archive.scan;
}

/**
 * HubSpot refuses to list the archived records of some objects: those are read without, and a warning says that deletions are not
 * seen. The next scan that is due tries again, and then emits tombstones for everything archived in the meantime.
 */
async function scan(run: ObjectRun, position: ScanPosition): Promise<void> {
  try {
    const found = await run.phase('archived', () => scanList(run, position));
    run.options.pace.looked(archivedLook(run.stream.name), found);
    delete run.state.archive.refusedAt;
  } catch (error) {
    if (!refusesArchive(error)) throw error;
    log.warn(
      `HubSpot does not list archived records of ${run.stream.name} ("${error.said}"): the stream is read, but what is deleted ` +
        'in HubSpot stays in the table as it was. Load it anew from time to time (docs/calls.md).',
    );
    run.archiveIsRefused = true;
    run.options.pace.looked(archivedLook(run.stream.name), { hasChanged: false, calls: 1 });
    // The refused call counts, too.
    run.tally(0, LIST_LIMIT);
    Object.assign(run.state.archive, { scan: null, refusedAt: position.startedAt });
  }
}

/** @returns what has changed since the scan before, and the pages, as far as this run has seen them */
async function scanList(run: ObjectRun, position: ScanPosition): Promise<Found> {
  const { state, archived } = run;
  const request = listRequest(run);
  const isOwed = tombstoneRule(run, position);
  const began = timeOf(position.startedAt);
  const recent = unpackTimes(position.recent, began);
  let listed = 0;
  let hasChanged = false;
  for (let more = true; more; ) {
    const page = await listPage(run.client, { ...request, after: position.after });
    listed += page.rows.length;
    const owed = position.tells ? page.rows.filter(isOwed) : [];
    hasChanged ||= owed.length > 0;
    await emitOwedTombstones(run, position, owed);
    for (const row of page.rows) {
      archived.see(row.id, row.archivedAt);
      // A lagging index may still return records that were merged away before the first load.
      if (!position.tells) run.merges.learn(row);
      const archivedAt = timeOf(row.archivedAt ?? '');
      if (archivedAt >= began) recent.set(row.id, archivedAt);
    }
    more = page.after !== null;
    if (!more) break;
    position.after = page.after;
    position.recent = packTimes(recent, began);
    await run.save();
  }
  run.tally(listed, LIST_LIMIT);
  const gone = archived.gone();
  hasChanged ||= gone.length > 0;
  await emitRestored(run, gone);
  if (!archived.completeScan()) {
    log.warn(
      `${run.stream.name} has more than ${MOST_ARCHIVED} archived records. The ${MOST_ARCHIVED} archived last are remembered; ` +
        'when others are restored, they come back with their next change, or when the stream is loaded again.',
    );
  }
  const { startedAt } = position;
  Object.assign(state.archive, {
    since: startedAt,
    scannedAt: startedAt,
    recent: packTimes(recent, began),
    scan: null,
  });
  return { hasChanged, calls: Math.max(1, Math.ceil(listed / LIST_LIMIT)) };
}

function listRequest({ stream }: ObjectRun) {
  const request = { type: stream.type, properties: stream.properties, associations: [], archived: true };
  // If the properties exceed the length of a URL, tombstones have none, and rows keep their last values.
  return fitsInUrl(request) ? request : { ...request, properties: stream.knowsMerges ? [MERGED_IDS] : [] };
}

/**
 * Decides which archived records are owed a tombstone: those that no scan has seen, and those archived again since the last scan.
 * Without a complete memory of archived ids, only the time of archiving decides.
 */
function tombstoneRule(run: ObjectRun, position: ScanPosition): (row: ObjectRow) => boolean {
  const { archived, state, merges, stream } = run;
  const { since, scannedAt } = state.archive;
  const recent = unpackTimes(state.archive.recent, timeOf(since ?? ''));
  const knowsAll = scannedAt !== null && archived.isComplete;
  // Their tombstones may or may not have been emitted after the last state.
  const uncertain = new Set(unpackIds(position.pending));
  return (row) => {
    // Its own tombstone was emitted. Only here may merges into it be seen.
    if (merges.isMergedAway(row.id)) return merges.hasNewMerges(row);
    if (!isFrom(updatedAtOf(row), stream.updatedAfter)) return false;
    if (archived.isSeen(row.id)) return false;
    if (uncertain.has(row.id)) return true;
    if (!archived.has(row.id) && (knowsAll || !row.archivedAt)) return true;
    return (
      Boolean(row.archivedAt) && isFrom(row.archivedAt, since) && recent.get(row.id) !== timeOf(row.archivedAt ?? '')
    );
  };
}

/**
 * The state before the tombstones names them. Otherwise, if the run was killed after a tombstone and the record restored, nothing
 * would show that the record has to be emitted again.
 */
async function emitOwedTombstones(run: ObjectRun, position: ScanPosition, owed: readonly ObjectRow[]): Promise<void> {
  if (owed.length === 0) return;
  position.pending = packIds(owed.map((row) => row.id));
  await run.saveAhead();
  await run.emitTombstones(owed);
  position.pending = '';
}

/**
 * Emits those of `ids` that are live again, or reports that they do not match the stream's filters. The others were erased, or archived
 * again meanwhile: the next scan asks for them once more. An id that the index cannot decide yet stays remembered as no longer listed,
 * so that the next scan tries again.
 */
async function emitRestored(run: ObjectRun, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const { updatedAfter } = run.stream;
  const found = await readLive(run, ids);
  const live = [...found.values()].filter((row) => isFrom(updatedAtOf(row), updatedAfter));
  const { matching, excluded, undecided } = await partitionByFilter(run, live);
  await run.emitLive(matching, await readAssociated(run, matching), null, true, {
    is: 'restored',
  });
  await run.emitFilterExits(excluded);
  const kept = new Set(undecided.map((row) => row.id));
  for (const id of ids) {
    if (!found.has(id)) run.archived.miss(id);
    else if (!kept.has(id)) run.archived.forget(id);
  }
}
