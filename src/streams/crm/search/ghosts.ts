import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT, batchRead } from '../../../hubspot/api/objects.js';
import { searchPage } from '../../../hubspot/api/search.js';
import { isFrom } from '../../core/instants.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
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
    const request = { type: stream.type, ids: batch, properties: stream.properties };
    for (const row of await batchRead(client, request)) {
      // A record that was merged away is answered as its survivor.
      if (batch.includes(row.id) && row.archived !== true) live.set(row.id, row);
    }
  }
  return live;
}

/** Live records, by whether a stream's filters want them. */
export interface Sifted {
  wanted: readonly ObjectRow[];
  unwanted: readonly ObjectRow[];
  /** Those of which search cannot tell yet: its index does not show them, or shows an older version. */
  unsure: readonly ObjectRow[];
}

/** Divides live records by whether the stream's filters want them, as search sees it. */
export async function sift(run: ObjectRun, rows: readonly ObjectRow[]): Promise<Sifted> {
  const { filterGroups } = run.stream;
  if (filterGroups.length === 0) return { wanted: rows, unwanted: [], unsure: [] };
  const matching = await versionsShown(run, rows, filterGroups);
  const wanted = rows.filter((row) => matching.has(row.id));
  const others = rows.filter((row) => !matching.has(row.id));
  const shown = await versionsShown(run, others, []);
  const isShown = (row: ObjectRow) => shown.has(row.id) && isFrom(shown.get(row.id), updatedAtOf(row));
  return { wanted, unwanted: others.filter(isShown), unsure: others.filter((row) => !isShown(row)) };
}

/** Of `rows`, those that search shows with these filters: by id, when the version it shows was last updated. */
async function versionsShown(
  { client, stream }: ObjectRun,
  rows: readonly ObjectRow[],
  filterGroups: ObjectStream['filterGroups'],
): Promise<Map<string, string | null>> {
  const shown = new Map<string, string | null>();
  for (let start = 0; start < rows.length; start += BATCH_READ_LIMIT) {
    const values = rows.slice(start, start + BATCH_READ_LIMIT).map((row) => row.id);
    const bound = { propertyName: 'hs_object_id', operator: 'IN', values };
    const request = {
      type: stream.type,
      properties: [],
      filterGroups: boundedGroups({ filterGroups }, [bound]),
    };
    for (const row of (await searchPage(client, request)).rows) shown.set(row.id, updatedAtOf(row));
  }
  return shown;
}
