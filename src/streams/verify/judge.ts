import type { ObjectRow } from '../../hubspot/api/object-row.js';
import { BATCH_READ_LIMIT, batchRead } from '../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { isRefusal } from '../../hubspot/client/known-answers.js';
import { type EpochMs, isFrom } from '../../time.js';
import type { ObjectStream } from '../crm/object-stream.js';
import { mergedIdsIn } from '../crm/run/merges.js';
import { partitionByFilter } from '../crm/search/stale-rows.js';
import { updatedAtOf } from '../layouts/layout.js';
import { timeIn } from './portal-records.js';
import type { TableRows } from './table-rows.js';

/** How a row differs from its record. `missing`: there is no live row; `stale`: the row has another version; `ghost`: there is no live record. */
export type Difference = 'missing' | 'stale' | 'ghost';

/** What became of a record that is gone. */
export type Gone =
  | { is: 'archived'; row: ObjectRow }
  | { is: 'merged'; survivor: ObjectRow }
  /** It is live, and does not match the stream's filters. */
  | { is: 'filtered'; row: ObjectRow }
  /** HubSpot has it nowhere. */
  | { is: 'erased' };

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
  /** Whether a record whose row has its version differs all the same. */
  comparesContent?: boolean;
}

/** How many differ, by how. */
export interface Verdict {
  differences: Record<Difference, number>;
  /** How many differ in what the next sync brings. */
  pending: number;
}

/**
 * Tells which of some suspects differ, by reading the records by id: searches lag, and records change while others are counted. The table's rows
 * are looked at behind that, so that what was written meanwhile is seen.
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
  const { client, stream, table, horizon, properties, comparesContent } = options;
  const { type, updatedAfter } = stream;
  const answered = await batchRead(client, { type, ids, properties });
  const found = new Map(answered.filter((row) => row.archived !== true).map((row) => [row.id, row]));
  const wanted = [...found.values()].filter((row) => ids.includes(row.id) && isFrom(updatedAtOf(row), updatedAfter));
  const { matching, excluded, undecided } = await partitionByFilter(options, wanted);
  const live = new Map(matching.map((row) => [row.id, row]));
  const rows = await table.find(ids);
  const isLiveRow = (id: string) => rows.get(id)?.isLive === true;
  const goneIds = ids.filter((id) => !found.has(id) && isLiveRow(id));
  const archived = await archivedAmong(client, stream, goneIds);
  const survivorOf = await survivorsOf(
    options,
    goneIds.filter((id) => !archived.has(id)),
    answered,
  );
  const differences: Judged[] = [];
  let pending = undecided.length;
  const add = (id: string, difference: Difference, row: ObjectRow | null, gone: Gone | null, isYoung: boolean) => {
    const version = rows.get(id)?.version ?? null;
    if (isYoung) pending += 1;
    else differences.push({ id, difference, row, gone, version });
  };
  const isFresh = (row: ObjectRow) => (timeIn(updatedAtOf(row)) ?? 0) >= horizon;
  for (const [id, row] of live) {
    const version = timeIn(updatedAtOf(row));
    if (!isLiveRow(id)) add(id, 'missing', row, null, isFresh(row));
    else if (comparesContent || rows.get(id)?.version !== version) add(id, 'stale', row, null, isFresh(row));
  }
  for (const row of excluded) {
    if (isLiveRow(row.id)) add(row.id, 'ghost', null, { is: 'filtered', row }, isFresh(row));
  }
  for (const id of goneIds) {
    const row = archived.get(id);
    const survivor = survivorOf.get(id);
    if (row) add(id, 'ghost', null, { is: 'archived', row }, options.isDeletionToCome(row));
    else if (survivor) add(id, 'ghost', null, { is: 'merged', survivor }, isFresh(survivor));
    else add(id, 'ghost', null, { is: 'erased' }, false);
  }
  return { differences, pending };
}

/**
 * The survivors of records that were merged away, by their ids. HubSpot answers a batch read of such a record with its survivor, which names those
 * merged into it; of a chain of merges perhaps only the last, so that records are asked for one by one where a survivor is nobody's.
 */
async function survivorsOf(
  { client, stream, properties }: JudgeOptions,
  ids: readonly string[],
  answered: readonly ObjectRow[],
): Promise<Map<string, ObjectRow>> {
  const found = new Map<string, ObjectRow>();
  for (const row of answered) {
    for (const id of mergedIdsIn(row)) if (ids.includes(id)) found.set(id, row);
  }
  const left = ids.filter((id) => !found.has(id));
  const isNobodys = answered.some((row) => !ids.includes(row.id) && ![...found.values()].includes(row));
  if (!isNobodys || !stream.knowsMerges) return found;
  for (const id of left) {
    const [row] = await batchRead(client, { type: stream.type, ids: [id], properties });
    if (row && row.id !== id) found.set(id, row);
  }
  return found;
}

/** Those of some records that are archived. What HubSpot says of them it may refuse. */
async function archivedAmong(
  client: HubSpotClient,
  { type, properties }: ObjectStream,
  ids: readonly string[],
): Promise<Map<string, ObjectRow>> {
  if (ids.length === 0) return new Map();
  try {
    const rows = await batchRead(client, { type, ids, properties, archived: true });
    return new Map(rows.filter((row) => ids.includes(row.id)).map((row) => [row.id, row]));
  } catch (error) {
    if (isRefusal(error, [400])) return new Map();
    throw error;
  }
}
