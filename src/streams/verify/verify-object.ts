import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { EpochMs } from '../../time.js';
import type { ObjectStream } from '../crm/object-stream.js';
import type { ReadOptions } from '../crm/run/object-run.js';
import type { ObjectState } from '../crm/run/object-state.js';
import { deletionsToCome, horizonOf } from './horizon.js';
import { type Difference, type Judged, judgeAll } from './judge.js';
import { LISTED_PAGES, Localiser, type Suspect } from './localise.js';
import { PortalRecords, pagesOf, timeIn } from './portal-records.js';
import type { TableRows, VersionRange } from './table-rows.js';

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
  /** Called with what differs, some at a time. */
  onDifferences(differences: readonly Judged[]): Promise<void>;
}

/** How a table compares with its object. */
export interface ObjectVerification {
  /** Live records in HubSpot, as far as they belong to the stream. */
  portal: number;
  /** Live rows. */
  table: number;
  differences: Record<Difference, number>;
  /** What differs and comes with the next sync. */
  pending: number;
  /** Live rows of records that are gone, where deletions are not reported. */
  kept: number;
  /** Whether every record was listed. Otherwise some were only counted. */
  isListed: boolean;
  /** Whether HubSpot's totals were not those of its listings. */
  totalsAreOff: boolean;
  searches: number;
}

/** Compares a table with its object's records, with as few searches as possible (docs/decisions/0023-verify-and-sweep.md). */
export async function verifyObject(verified: VerifiedObject): Promise<ObjectVerification> {
  const { client, stream, options, state, table, properties } = verified;
  const horizon = horizonOf(state.cursor, options.lookbackMinutes);
  const all: VersionRange = { from: timeIn(stream.updatedAfter), before: null, ids: null };
  const { live } = await table.count(all);
  const records = stream.filterGroups.length === 0 && all.from === null ? verified.records : null;
  if (records === 0 && live === 0) return { ...NOTHING };
  const portal = new PortalRecords(client, stream);
  const found = await compare({ portal, table, all, horizon, rows: live, records });
  const judging = { client, stream, table, horizon, isDeletionToCome: deletionsToCome(state, options), properties };
  const isOff = options.deletes === 'off';
  const { differences, pending } = await judgeAll(judging, found.suspects, async (judged) => {
    const reported = isOff ? judged.filter(({ difference }) => difference !== 'ghost') : judged;
    if (reported.length > 0) await verified.onDifferences(reported);
  });
  return {
    portal: found.records,
    table: live,
    differences: isOff ? { ...differences, ghost: 0 } : differences,
    kept: isOff ? differences.ghost : 0,
    pending: found.changed.length + pending,
    isListed: found.isListed,
    totalsAreOff: found.totalsAreOff,
    searches: portal.searches,
  };
}

interface Comparison {
  portal: PortalRecords;
  table: TableRows;
  /** The stream's records. */
  all: VersionRange;
  horizon: EpochMs;
  /** Live rows. */
  rows: number;
  /** Live records, where that is known. */
  records: number | null;
}

interface Compared {
  records: number;
  suspects: string[];
  /** Records that were modified at the horizon or later, and whose rows do not say so yet. */
  changed: string[];
  isListed: boolean;
  totalsAreOff: boolean;
}

/** Lists a short table, and counts a long one but for what was modified lately. */
async function compare(comparison: Comparison): Promise<Compared> {
  const { portal, table, all, horizon, rows, records } = comparison;
  const lately = new Localiser(portal, table, new Map());
  const isBehind = all.from !== null && all.from >= horizon;
  const isShort = isBehind || pagesOf(Math.max(rows, records ?? 0)) <= LISTED_PAGES;
  if (isShort) {
    const listed = await lately.list(all);
    return { records: listed, ...split(lately, horizon), isListed: true, totalsAreOff: false };
  }

  const young = await lately.list({ ...all, from: horizon });
  const { suspects, changed } = split(lately, horizon);
  const old = new Localiser(portal, table, changed.length === 0 ? new Map() : await table.find(changed));
  const before = await old.find({ ...all, before: horizon });
  const { isListed, totalsAreOff } = old;
  const found = new Set([...suspects, ...old.suspects.keys()]);
  return { records: young + before, suspects: [...found], changed, isListed, totalsAreOff };
}

/** Separates what was modified at the horizon or later (`changed`) from the other suspects. */
function split({ suspects }: Localiser, horizon: EpochMs): { suspects: string[]; changed: string[] } {
  const isYoung = ({ listed }: Suspect) => listed !== undefined && listed !== null && listed >= horizon;
  const all = [...suspects.values()];
  return {
    suspects: all.filter((each) => !isYoung(each)).map(({ id }) => id),
    changed: all.filter(isYoung).map(({ id }) => id),
  };
}

const NOTHING: Readonly<ObjectVerification> = {
  portal: 0,
  table: 0,
  differences: { missing: 0, stale: 0, ghost: 0 },
  pending: 0,
  kept: 0,
  isListed: true,
  totalsAreOff: false,
  searches: 0,
};
