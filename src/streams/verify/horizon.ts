import type { DeletesMode } from '../../config/source.js';
import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { type EpochMs, earlier, timeOf } from '../../time.js';
import { ArchiveMemory } from '../crm/run/archive-memory.js';
import type { ObjectState } from '../crm/run/object-state.js';
import { timeIn } from './portal-records.js';

/** The instant before which everything is expected to be in the table: what was modified since comes with the next sync. */
export function horizonOf(cursor: string, lookbackMinutes: number): EpochMs {
  return timeOf(earlier(cursor, lookbackMinutes));
}

/**
 * Tells whether the deletion of an archived record comes with the next sync: it was archived since the archived ones were last looked through, and was
 * not among them.
 */
export function deletionsToCome(
  { archive }: Pick<ObjectState, 'archive'>,
  { deletes }: { deletes: DeletesMode },
): (archived: ObjectRow) => boolean {
  const since = timeIn(archive.since);
  if (deletes === 'off' || archive.refusedAt !== undefined || since === null) return () => false;
  const known = new ArchiveMemory(archive);
  return ({ id, archivedAt }) => (timeIn(archivedAt) ?? 0) >= since && !known.has(id);
}
