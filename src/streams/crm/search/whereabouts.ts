import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { batchRead } from '../../../hubspot/api/objects.js';
import { isRefusal } from '../../../hubspot/client/error-kinds.js';
import { isFrom } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { mergedIdsIn } from '../run/merges.js';
import type { ObjectRun } from '../run/object-run.js';
import { type FilterPartition, partitionByFilter, readLive } from './stale-rows.js';

/** What became of a record that is gone. */
export type Gone =
  | { is: 'archived'; row: ObjectRow }
  | { is: 'merged'; survivor: ObjectRow }
  /** It is live, and does not match the stream's filters. */
  | { is: 'filtered'; row: ObjectRow }
  /** HubSpot has it nowhere. */
  | { is: 'erased' };

/** What looking for records takes of a run. */
type LookingRun = Pick<ObjectRun, 'client' | 'stream'>;

/** What reading some records by id has found, as far as they belong to the stream. */
export interface Sighting extends FilterPartition {
  /** The ids of those that are not live. */
  missing: readonly string[];
  /** All that HubSpot has answered: for a record that was merged away, the survivor. */
  answered: readonly ObjectRow[];
}

/** Reads up to 100 records by id, which does not lag. @param properties those to read */
export async function lookFor(
  run: LookingRun,
  ids: readonly string[],
  properties: readonly string[],
): Promise<Sighting> {
  const { type, updatedAfter } = run.stream;
  const answered = await batchRead(run.client, { type, ids, properties });
  const found = new Map(answered.filter((row) => row.archived !== true).map((row) => [row.id, row]));
  const wanted = [...found.values()].filter((row) => ids.includes(row.id) && isFrom(updatedAtOf(row), updatedAfter));
  const partition = await partitionByFilter(run, wanted);
  return { ...partition, missing: ids.filter((id) => !found.has(id)), answered };
}

/**
 * What became of records that are not live. One that is live after all, as it was restored between these looks, is left out.
 *
 * @param ids some of those that {@link lookFor} has missed
 */
export async function whatBecameOf(
  run: LookingRun,
  ids: readonly string[],
  { answered }: Pick<Sighting, 'answered'>,
  properties: readonly string[],
): Promise<Map<string, Gone>> {
  const archived = await archivedAmong(run, ids);
  const left = ids.filter((id) => !archived.has(id));
  const survivors = await survivorsOf(run, left, answered, properties);
  const live = await readLive(
    run,
    left.filter((id) => !survivors.has(id)),
  );
  const gone = new Map<string, Gone>();
  for (const id of ids) {
    const [row, survivor] = [archived.get(id), survivors.get(id)];
    if (row) gone.set(id, { is: 'archived', row });
    else if (survivor) gone.set(id, { is: 'merged', survivor });
    else if (!live.has(id)) gone.set(id, { is: 'erased' });
  }
  return gone;
}

/**
 * The survivors of records that were merged away, by the ids of these. HubSpot answers a batch read of such a record
 * with its survivor, which lists those merged into it, but of a chain of merges perhaps only the last. Where a survivor
 * lists none of `ids`, records are read one by one.
 */
async function survivorsOf(
  { client, stream }: LookingRun,
  ids: readonly string[],
  answered: readonly ObjectRow[],
  properties: readonly string[],
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

/** Those of some records that are archived; none, if HubSpot refuses to read them. */
async function archivedAmong({ client, stream }: LookingRun, ids: readonly string[]): Promise<Map<string, ObjectRow>> {
  if (ids.length === 0) return new Map();
  const { type, properties } = stream;
  try {
    const rows = await batchRead(client, { type, ids, properties, archived: true });
    return new Map(rows.filter((row) => ids.includes(row.id)).map((row) => [row.id, row]));
  } catch (error) {
    if (isRefusal(error, [400])) return new Map();
    throw error;
  }
}
