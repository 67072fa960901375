import { BATCH_READ_LIMIT, batchRead, type ObjectRow, searchPage } from '../hubspot/objects.js';
import { updatedAtOf } from './layout.js';
import type { ObjectRun } from './object-run.js';
import { boundedGroups } from './search-filters.js';

/**
 * Holds what search answered against what is known to be newer, because its index is late: records whose tombstone is out, and
 * records sent in a newer version. Of those, what a batch read (which does not lag) answers as live takes their place.
 */
export async function withoutGhosts(run: ObjectRun, rows: ObjectRow[]): Promise<ObjectRow[]> {
  const { archived, sent } = run;
  const isSuspect = (row: ObjectRow) =>
    archived.has(row.id) || sent.isOlder(row.id, Date.parse(updatedAtOf(row) ?? ''));
  const suspects = new Set(rows.filter(isSuspect).map((row) => row.id));
  if (suspects.size === 0) return rows;
  const live = await readLive(run, [...suspects]);
  for (const id of live.keys()) archived.forget(id);
  return rows.flatMap((row) => {
    if (!suspects.has(row.id)) return [row];
    const now = live.get(row.id);
    return now ? [now] : [];
  });
}

/** Of `ids`, the records that are live now, by id. */
export async function readLive({ client, stream }: ObjectRun, ids: readonly string[]): Promise<Map<string, ObjectRow>> {
  const live = new Map<string, ObjectRow>();
  for (let start = 0; start < ids.length; start += BATCH_READ_LIMIT) {
    const batch = ids.slice(start, start + BATCH_READ_LIMIT);
    const request = { objectType: stream.type.name, ids: batch, properties: stream.properties };
    for (const row of await batchRead(client, request)) {
      // A record that was merged away is answered as its survivor.
      if (batch.includes(row.id) && row.archived !== true) live.set(row.id, row);
    }
  }
  return live;
}

/** Of `rows`, those that the stream's filters want, as search sees it. */
export async function matching(run: ObjectRun, rows: readonly ObjectRow[]): Promise<readonly ObjectRow[]> {
  const { client, stream } = run;
  if (stream.filterGroups.length === 0) return rows;
  const wanted = new Set<string>();
  for (let start = 0; start < rows.length; start += BATCH_READ_LIMIT) {
    const values = rows.slice(start, start + BATCH_READ_LIMIT).map((row) => row.id);
    const bound = { propertyName: 'hs_object_id', operator: 'IN', values };
    const request = { objectType: stream.type.name, properties: [], filterGroups: boundedGroups(stream, [bound]) };
    for (const { id } of (await searchPage(client, request)).rows) wanted.add(id);
  }
  return rows.filter((row) => wanted.has(row.id));
}
