import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT } from '../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { EpochMs } from '../../time.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { type Gone, lookFor, whatBecameOf } from '../crm/search/whereabouts.js';
import { updatedAtOf } from '../layouts/layout.js';
import { timeIn } from './portal-records.js';
import type { TableRows } from './table-rows.js';

/** How a row differs from its record. `missing`: there is no live row; `stale`: the row has another version; `ghost`: there is no live record. */
export type Difference = 'missing' | 'stale' | 'ghost';

/** A record and its row that differ. */
export interface Judged {
  id: string;
  difference: Difference;
  /** The record, if it is live and wanted. */
  row: ObjectRow | null;
  /** Why there is none. */
  gone: Gone | null;
  /** The version that the row has. */
  version: EpochMs | null;
}

/** What judging takes. */
export interface JudgeOptions {
  client: HubSpotClient;
  stream: ObjectStream;
  table: TableRows;
  /** What was modified from this time on comes with the next sync. */
  horizon: EpochMs;
  /** Whether the deletion of a record that is archived comes with the next sync, too. */
  isDeletionToCome(archived: ObjectRow): boolean;
  /** The properties to read of records that differ. */
  properties: readonly string[];
  /** Whether the content is known to differ: then a row is stale even if it has its record's version. */
  contentDiffers?: boolean;
}

/** How many differ, by how. */
export interface Verdict {
  differences: Record<Difference, number>;
  /** How many differ in what the next sync brings. */
  pending: number;
}

/**
 * Tells which of some suspects differ, by reading the records by id: searches lag, and records change while others are
 * counted. The table's rows are looked at after that, so that what was written meanwhile is seen.
 *
 * @param onDifferences called with those that differ, a batch at a time: of many, not all records are held
 */
export async function judgeAll(
  options: JudgeOptions,
  suspects: readonly string[],
  onDifferences: (differences: readonly Judged[]) => Promise<void>,
): Promise<Verdict> {
  const verdict: Verdict = { differences: { missing: 0, stale: 0, ghost: 0 }, pending: 0 };
  for (let start = 0; start < suspects.length; start += BATCH_READ_LIMIT) {
    const { differences, pending } = await judgeBatch(options, suspects.slice(start, start + BATCH_READ_LIMIT));
    verdict.pending += pending;
    for (const { difference } of differences) verdict.differences[difference] += 1;
    if (differences.length > 0) await onDifferences(differences);
  }
  return verdict;
}

async function judgeBatch(
  options: JudgeOptions,
  ids: readonly string[],
): Promise<{ differences: Judged[]; pending: number }> {
  const { table, horizon, properties, contentDiffers } = options;
  const sighting = await lookFor(options, ids, properties);
  const { matching, excluded, undecided, missing } = sighting;
  const rows = await table.find(ids);
  const isLiveRow = (id: string) => rows.get(id)?.isLive === true;
  const differences: Judged[] = [];
  let pending = undecided.length;
  const add = (id: string, difference: Difference, row: ObjectRow | null, gone: Gone | null, isYoung: boolean) => {
    const version = rows.get(id)?.version ?? null;
    if (isYoung) pending += 1;
    else differences.push({ id, difference, row, gone, version });
  };
  const isFresh = (row: ObjectRow) => (timeIn(updatedAtOf(row)) ?? 0) >= horizon;
  for (const row of matching) {
    const { id } = row;
    const version = timeIn(updatedAtOf(row));
    if (!isLiveRow(id)) add(id, 'missing', row, null, isFresh(row));
    else if (contentDiffers || rows.get(id)?.version !== version) add(id, 'stale', row, null, isFresh(row));
  }
  for (const row of excluded) {
    if (isLiveRow(row.id)) add(row.id, 'ghost', null, { is: 'filtered', row }, isFresh(row));
  }
  for (const [id, gone] of await whatBecameOf(options, missing.filter(isLiveRow), sighting, properties)) {
    const isToCome =
      (gone.is === 'archived' && options.isDeletionToCome(gone.row)) ||
      (gone.is === 'merged' && isFresh(gone.survivor));
    add(id, 'ghost', null, gone, isToCome);
  }
  return { differences, pending };
}
