import { WarehouseConfigError } from '../../errors.js';
import type { Portal } from '../../streams/portal.js';
import type { TableRows } from '../../streams/verify/table-rows.js';
import { verifyObject } from '../../streams/verify/verify-object.js';
import type { Store } from '../../warehouse/store.js';
import type { Repair } from './repair.js';
import type { StreamVerification, VerifyOptions } from './run-verify.js';
import type { VerifiedStream } from './verified-streams.js';
import { NO_ROWS_AT_ALL, WarehouseRows } from './warehouse-rows.js';

/** HubSpot reads up to so many records by id in one call. */
const BY_ID = 100;

interface StreamTask {
  portal: Portal;
  store: Store;
  stream: VerifiedStream;
  /** null: nothing is mended. */
  repair: Repair | null;
  /** How many records each object has, by type id, as far as HubSpot says it. */
  counts: ReadonlyMap<string, number>;
  options: VerifyOptions;
}

/** Compares one stream with its table, by counting or deeply. Throws a HubflakeError if that cannot be done. */
export async function verifyStream(task: StreamTask): Promise<StreamVerification> {
  const { portal, store, stream, repair, counts } = task;
  const { target, records } = stream;
  if (records === null) throw new Error('not yet');
  const { object, state } = records;
  const { client, config } = portal;
  const before = client.calls.summary().total;
  const table = await rowsOf(store, stream);
  const mender = repair?.menderOf(stream.name) ?? null;
  const found = await verifyObject({
    client,
    stream: object,
    options: config,
    state,
    table,
    records: counts.get(object.type.typeId ?? '') ?? null,
    properties: mender ? object.properties : object.knowsMerges ? ['hs_merged_object_ids'] : [],
    onDifferences: async (differences) => mender?.mend(differences),
  });
  const { missing, stale, ghost: ghosts } = found.differences;
  return {
    stream: stream.name,
    table: target.table,
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
    notes: notesOf(found.totalsAreOff, config.deletes === 'off' && ghosts > 0),
  };
}

async function rowsOf(store: Store, { target }: VerifiedStream): Promise<TableRows> {
  const found = await store.look([target.table]);
  if (!found.has(store.names.same(target.table))) return NO_ROWS_AT_ALL;
  const reader = await store.reader(target);
  if (reader && reader.table.version !== 'NULL') return new WarehouseRows(reader);
  throw new WarehouseConfigError(
    `The table ${target.table} has no column for the key or the cursor of "${target.stream}", by which its rows could be compared. Run sync, which adds them.`,
  );
}

function notesOf(totalsAreOff: boolean, keepsDeleted: boolean): string[] {
  return [
    ...(totalsAreOff
      ? [
          'HubSpot counts other numbers of records than it lists, so that everything was listed; --deep compares the contents, too',
        ]
      : []),
    ...(keepsDeleted
      ? ['"deletes" is "off", so that rows of deleted records stay: they are counted, and no difference']
      : []),
  ];
}
