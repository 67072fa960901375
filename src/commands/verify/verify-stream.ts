import type { PipelineConfig } from '../../config/pipeline.js';
import { WarehouseConfigError } from '../../errors.js';
import { MERGED_IDS, type ObjectStream } from '../../streams/crm/object-stream.js';
import type { Portal } from '../../streams/portal.js';
import { verifyObject } from '../../streams/verify/verify-object.js';
import type { Reader, Store } from '../../warehouse/store.js';
import type { Comparison } from './comparison.js';
import type { Repair } from './repair.js';
import type { VerifiedRecords, VerifiedStream } from './verified-streams.js';
import { NO_ROWS_AT_ALL, WarehouseRows } from './warehouse-rows.js';

/** HubSpot reads up to so many records by id in one call. */
const BY_ID = 100;

/** A stream to compare, and what that takes. */
export interface StreamTask {
  config: PipelineConfig;
  portal: Portal;
  store: Store;
  stream: VerifiedStream;
  /** null: nothing is mended. */
  repair: Repair | null;
}

/**
 * Compares one stream with its table by counting. Throws a HubflakeError if that cannot be done.
 *
 * @param counts how many records each object has, by type id, as far as HubSpot says it
 */
export async function verifyStream(
  task: StreamTask,
  { object, state }: VerifiedRecords,
  counts: ReadonlyMap<string, number>,
): Promise<Comparison> {
  const { portal, stream, repair } = task;
  const { client, config } = portal;
  const before = client.calls.summary().total;
  const reader = await readerOf(task);
  const mender = repair?.menderOf(stream.name) ?? null;
  const found = await verifyObject({
    client,
    stream: object,
    options: config,
    state,
    table: reader ? new WarehouseRows(reader) : NO_ROWS_AT_ALL,
    records: counts.get(object.type.typeId ?? '') ?? null,
    properties: propertiesFor(object, mender !== null),
    onDifferences: async (differences) => mender?.mend(differences),
  });
  const { missing, stale, ghost: ghosts } = found.differences;
  return {
    stream: stream.name,
    table: stream.target.table,
    portal: found.portal,
    rows: found.table,
    missing,
    stale,
    ghosts,
    pending: found.pending,
    mended: mender?.mended ?? 0,
    calls: client.calls.summary().total - before,
    least: 1 + Math.ceil((missing + stale + ghosts) / BY_ID),
    isProved: found.isListed,
    notes: [
      ...(found.kept > 0
        ? [`${found.kept} rows of records that are gone stay, as "deletes" is "off"; they count as no difference`]
        : []),
      ...(found.totalsAreOff
        ? [
            'HubSpot counts other numbers of records than it lists, so that all were listed; --deep compares their values, too',
          ]
        : []),
    ],
  };
}

/** Reads the stream's table; null: it has none, since it had no records. */
export async function readerOf({ store, stream: { target } }: StreamTask): Promise<Reader | null> {
  const found = await store.findTables([target.table]);
  if (!found.has(store.names.same(target.table))) return null;
  const reader = await store.reader(target);
  if (reader) return reader;
  throw new WarehouseConfigError(
    `The table ${target.table} has no key by which the rows of "${target.stream}" could be told apart, so that they cannot be compared.`,
  );
}

/** What is read of records that differ: everything if they are mended, or else only what tells what became of them. */
export function propertiesFor({ properties, knowsMerges }: ObjectStream, isWhole: boolean): readonly string[] {
  if (isWhole) return properties;
  return knowsMerges ? [MERGED_IDS] : ['hs_object_id'];
}
