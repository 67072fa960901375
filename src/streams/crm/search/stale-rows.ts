import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT, batchRead } from '../../../hubspot/api/objects.js';
import { searchPage } from '../../../hubspot/api/search.js';
import { isFrom, timeOf } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import type { ObjectStream } from '../object-stream.js';
import type { ObjectRun } from '../run/object-run.js';
import { boundedGroups } from './search-filters.js';

/**
 * HubSpot's search index lags. Rows that are known to be stale, because their tombstone or a newer version was emitted, are replaced
 * by the result of a batch read, which does not lag, or dropped if the record is not live.
 */
export async function resolveStaleRows(run: ObjectRun, rows: ObjectRow[]): Promise<ObjectRow[]> {
  const { archived, sent } = run;
  const isSuspect = (row: ObjectRow) => archived.has(row.id) || sent.isOlder(row.id, timeOf(updatedAtOf(row) ?? ''));
  const suspects = new Set(rows.filter(isSuspect).map((row) => row.id));
  if (suspects.size === 0) return rows;
  const live = await readLive(run, [...suspects]);
  for (const id of live.keys()) archived.restore(id);
  return rows.flatMap((row) => {
    if (!suspects.has(row.id)) return [row];
    const now = live.get(row.id);
    return now ? [now] : [];
  });
}

/** What reading records takes of a run. */
type LiveRun = Pick<ObjectRun, 'client' | 'stream'>;

/** Those of the records that are live now, by id. */
export async function readLive({ client, stream }: LiveRun, ids: readonly string[]): Promise<Map<string, ObjectRow>> {
  const live = new Map<string, ObjectRow>();
  for (let start = 0; start < ids.length; start += BATCH_READ_LIMIT) {
    const batch = ids.slice(start, start + BATCH_READ_LIMIT);
    const request = { type: stream.type, ids: batch, properties: stream.properties };
    for (const row of await batchRead(client, request)) {
      // For a record that was merged away, HubSpot returns the survivor.
      if (batch.includes(row.id) && row.archived !== true) live.set(row.id, row);
    }
  }
  return live;
}

/** Live records by whether they match a stream's filters. */
export interface FilterPartition {
  matching: readonly ObjectRow[];
  excluded: readonly ObjectRow[];
  /** The search index does not have them yet, or only an older version. */
  undecided: readonly ObjectRow[];
}

/** Divides live records by whether they match the stream's filters, according to HubSpot's search. */
export async function partitionByFilter(run: LiveRun, rows: readonly ObjectRow[]): Promise<FilterPartition> {
  const { filterGroups } = run.stream;
  if (filterGroups.length === 0) return { matching: rows, excluded: [], undecided: [] };
  const found = await indexedVersions(run, rows, filterGroups);
  const matching = rows.filter((row) => found.has(row.id));
  const others = rows.filter((row) => !found.has(row.id));
  const indexed = await indexedVersions(run, others, []);
  const isIndexed = (row: ObjectRow) => indexed.has(row.id) && isFrom(indexed.get(row.id), updatedAtOf(row));
  return {
    matching,
    excluded: others.filter(isIndexed),
    undecided: others.filter((row) => !isIndexed(row)),
  };
}

/** The rows that a search with these filters returns: by id, when the indexed version was last updated. */
async function indexedVersions(
  { client, stream }: LiveRun,
  rows: readonly ObjectRow[],
  filterGroups: ObjectStream['filterGroups'],
): Promise<Map<string, string | null>> {
  const versions = new Map<string, string | null>();
  for (let start = 0; start < rows.length; start += BATCH_READ_LIMIT) {
    const values = rows.slice(start, start + BATCH_READ_LIMIT).map((row) => row.id);
    const bound = { propertyName: 'hs_object_id', operator: 'IN', values };
    const request = {
      type: stream.type,
      properties: [],
      filterGroups: boundedGroups({ filterGroups }, [bound]),
    };
    for (const row of (await searchPage(client, request)).rows) versions.set(row.id, updatedAtOf(row));
  }
  return versions;
}
