import { fitsInUrl, LIST_LIMIT, listPage, type ObjectRow } from '../hubspot/objects.js';
import { readAssociated } from './associated.js';
import { earlier, isFrom } from './instants.js';
import { updatedAtOf } from './layout.js';
import type { ObjectRun } from './object-run.js';
import { readLive } from './pass.js';

/**
 * Looks through HubSpot's list of archived records (search never shows them, and archiving does not change when a record was
 * last modified): emits a tombstone for each that was archived since the scan before, and brings back those that were archived
 * and are no longer in the list because they were restored.
 */
export async function scanArchived(run: ObjectRun): Promise<void> {
  const { state, options } = run;
  const startedAt = run.now();
  const { scannedAt } = state.archive;
  if (scannedAt !== null && !isFrom(earlier(startedAt, options.deletesEveryMinutes), scannedAt)) return;
  const since = state.archive.since ?? earlier(state.cursor ?? startedAt, options.lookbackMinutes);
  const seen = new Set<string>();
  const recent: Record<string, string> = {};
  for (let after: string | null = null, more = true; more; ) {
    const page = await listPage(run.client, { ...listRequest(run), after });
    await emitTombstones(run, page.rows, since);
    for (const row of page.rows) {
      seen.add(row.id);
      if (row.archivedAt && isFrom(row.archivedAt, startedAt)) recent[row.id] = row.archivedAt;
    }
    after = page.after;
    more = after !== null;
  }
  run.tally(seen.size, LIST_LIMIT);
  await bringBack(
    run,
    [...run.archived].filter((id) => !seen.has(id)),
  );
  for (const id of seen) run.archived.add(id);
  Object.assign(state.archive, { since: startedAt, scannedAt: startedAt, recent });
}

function listRequest({ stream }: ObjectRun) {
  const request = { objectType: stream.type.name, properties: stream.properties, associations: [], archived: true };
  // More properties than a URL holds: a tombstone then carries none, and the row keeps its last values.
  return fitsInUrl(request) ? request : { ...request, properties: [] };
}

async function emitTombstones(run: ObjectRun, rows: readonly ObjectRow[], since: string): Promise<void> {
  const { layout, updatedAfter } = run.stream;
  const news = rows.filter((row) => {
    if (run.merges.isMergedAway(row.id)) return false;
    if (!isFrom(updatedAtOf(row), updatedAfter)) return false;
    const { archivedAt } = row;
    if (!archivedAt) return !run.archived.has(row.id);
    return isFrom(archivedAt, since) && run.state.archive.recent[row.id] !== archivedAt;
  });
  await run.emit(
    news.map((row) => layout.encode(row, null, { archivedAt: row.archivedAt ?? run.now(), mergedInto: null })),
  );
}

/** Emits those of `ids` that are live again; forgets the others, which HubSpot has erased. */
async function bringBack(run: ObjectRun, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const restored = [...(await readLive(run, ids)).values()];
  const { updatedAfter } = run.stream;
  const wanted = restored.filter((row) => isFrom(updatedAtOf(row), updatedAfter));
  await run.emitLive(wanted, await readAssociated(run.client, run.stream, wanted), null);
  for (const id of ids) run.archived.delete(id);
}
