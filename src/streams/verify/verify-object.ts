import type { HubSpotClient } from '../../hubspot/client/client.js';
import { type EpochMs, earlier, timeOf } from '../../time.js';
import type { ObjectStream } from '../crm/object-stream.js';
import type { ReadOptions } from '../crm/run/object-run.js';
import type { ObjectState } from '../crm/run/object-state.js';
import { type Judged, judge } from './judge.js';
import { Localiser } from './localise.js';
import { PortalRecords, timeIn } from './portal-records.js';
import type { TableRow, TableRows, VersionRange } from './table-rows.js';

/** What is compared. */
export interface VerifiedObject {
  client: HubSpotClient;
  stream: ObjectStream;
  options: Pick<ReadOptions, 'lookbackMinutes' | 'deletes'>;
  /** The stream's, which is complete. */
  state: Pick<ObjectState, 'archive'> & { cursor: NonNullable<ObjectState['cursor']> };
  table: TableRows;
  /** How many records the object has, where HubSpot has said it; null: it has not. */
  records: number | null;
  /** The properties to read of records that differ. */
  properties: readonly string[];
}

/** How a table compares with its object. */
export interface ObjectVerification {
  /** Live records in HubSpot, as far as they belong to the stream. */
  portal: number;
  /** Live rows. */
  table: number;
  differences: Judged[];
  /** What differs and comes with the next sync. */
  pending: number;
  /** Whether every record was listed. Otherwise some were only counted. */
  isListed: boolean;
  /** Whether HubSpot's totals were not those of its listings. */
  totalsAreOff: boolean;
  searches: number;
}

/** The instant before which everything is expected to be in the table. */
function horizonOf(cursor: string, lookbackMinutes: number): EpochMs {
  return timeOf(earlier(cursor, lookbackMinutes));
}

/** The instant from which deletions are still to come; null: they are not reported, or HubSpot does not list them. */
function archivedFrom({ archive }: VerifiedObject['state'], { deletes }: VerifiedObject['options']): EpochMs | null {
  return deletes === 'off' || archive.refusedAt !== undefined ? null : timeIn(archive.since);
}

/** Compares a table with its object's records, with as few searches as possible (docs/decisions/0023-verify-and-sweep.md). */
export async function verifyObject(verified: VerifiedObject): Promise<ObjectVerification> {
  const { client, stream, options, state, table, properties } = verified;
  const horizon = horizonOf(state.cursor, options.lookbackMinutes);
  const from = timeIn(stream.updatedAfter);
  const all: VersionRange = { from, before: null, ids: null };
  const { live } = await table.count(all);
  const isWhole = stream.filterGroups.length === 0 && from === null;
  if (isWhole && verified.records === 0 && live === 0) return { ...NOTHING };
  const portal = new PortalRecords(client, stream);

  const recent = new Localiser(portal, table, new Map());
  const young = await recent.list({ ...all, from: from === null || from < horizon ? horizon : from });
  const changed = [...recent.suspects.values()].flatMap(({ id, listed }) => (listed === undefined ? [] : [id]));
  const old = new Localiser(portal, table, new Map([...(await rowsOf(table, changed))]));
  const counted = isWhole && verified.records !== null ? Math.max(0, verified.records - young) : null;
  const isEmpty = from !== null && from >= horizon;
  const before = isEmpty ? 0 : await old.find({ from, before: horizon, ids: null }, counted);

  const suspects = new Set(
    [...recent.suspects.values()].flatMap(({ id, listed }) => (listed === undefined ? [id] : [])),
  );
  for (const id of old.suspects.keys()) suspects.add(id);
  const archived = archivedFrom(state, options);
  const verdict = await judge({ client, stream, table, horizon, archivedFrom: archived, properties }, [...suspects]);
  return {
    portal: young + before,
    table: live,
    differences: verdict.differences,
    pending: changed.length + verdict.pending,
    isListed: old.isListed || isEmpty,
    totalsAreOff: old.totalsAreOff,
    searches: portal.searches,
  };
}

const NOTHING: Readonly<ObjectVerification> = {
  portal: 0,
  table: 0,
  differences: [],
  pending: 0,
  isListed: true,
  totalsAreOff: false,
  searches: 0,
};

async function rowsOf(table: TableRows, ids: readonly string[]): Promise<Map<string, TableRow>> {
  return ids.length === 0 ? new Map() : table.find(ids);
}
