import { deletionsToCome, horizonOf } from '../../streams/verify/horizon.js';
import { judgeAll, type Verdict } from '../../streams/verify/judge.js';
import type { Mender } from '../../streams/verify/mend.js';
import type { TableRows } from '../../streams/verify/table-rows.js';
import type { Reader } from '../../warehouse/store.js';
import type { Target } from '../../warehouse/target.js';
import type { Comparison } from './comparison.js';
import { DeepComparison, type DeepDifference } from './deep-rows.js';
import type { VerifiedRecords } from './verified-streams.js';
import { propertiesFor, readerOf, type StreamTask } from './verify-stream.js';
import { EVERYTHING, NO_ROWS_AT_ALL, WarehouseRows } from './warehouse-rows.js';

/** Fields that say when a record was read or noticed, and nothing of itself. */
const WRITTEN = ['_fivetran_synced', 'noticedAt', 'noticed_at'];
/** The fields that are named in a note. */
const MOST_NAMED = 5;

/** Compares a stream with its table by everything that it holds: with the table that it was just read into. */
export async function verifyDeep(task: StreamTask, aside: Reader | null): Promise<Omit<Comparison, 'calls' | 'least'>> {
  const { portal, stream, repair } = task;
  const { target, records } = stream;
  const own = await readerOf(task);
  const table = own ? new WarehouseRows(own) : NO_ROWS_AT_ALL;
  const tally = new Tally(portal.config.deletes === 'off' || stream.keepsGone);
  const mender = repair?.menderOf(stream.name) ?? null;
  const judge = records === null ? null : judgeOf(task, records, table, mender);
  for await (const page of differencesOf(own, aside, ignoredIn(target))) {
    tally.addFields(page);
    // What a listing tells of a record is enough, unless it is mended. What became of one that is gone it does not tell.
    const unclear = judge ? page.filter(({ difference }) => mender !== null || difference === 'ghost') : [];
    if (judge) tally.add(await judge.of(unclear));
    for (const each of page.filter((one) => !unclear.includes(one))) {
      const isYoung = judge !== null && each.version !== null && each.version >= judge.horizon;
      tally.add({ differences: { ...NONE, [each.difference]: isYoung ? 0 : 1 }, pending: isYoung ? 1 : 0 });
    }
  }
  const { missing, stale, ghost: ghosts } = tally.counts;
  const isLeft = repair !== null && records === null && missing + stale + ghosts > 0;
  return {
    stream: stream.name,
    table: target.table,
    portal: aside ? (await new WarehouseRows(aside).count(EVERYTHING)).live : 0,
    rows: (await table.count(EVERYTHING)).live,
    missing,
    stale,
    ghosts,
    pending: tally.pending,
    mended: mender?.mended ?? 0,
    isProved: true,
    notes: [
      ...(tally.named.length > 0 ? [`values differ in ${tally.named.join(', ')}`] : []),
      ...(own && own.table.masked.length > 0 ? [`masked, and not compared: ${own.table.masked.join(', ')}`] : []),
      ...(stream.keepsGone && tally.kept > 0 ? [`rows of what HubSpot no longer lists stay: ${tally.kept}`] : []),
      ...(isLeft ? [`it cannot be mended record by record: run sync --refresh ${stream.name}`] : []),
    ],
  };
}

const NONE: Readonly<Verdict['differences']> = { missing: 0, stale: 0, ghost: 0 };

/** Tells what became of records, and mends their rows if that is wanted. */
function judgeOf({ portal }: StreamTask, { object, state }: VerifiedRecords, table: TableRows, mender: Mender | null) {
  const { client, config } = portal;
  const horizon = horizonOf(state.cursor, config.lookbackMinutes);
  const judging = {
    client,
    stream: object,
    table,
    horizon,
    isDeletionToCome: deletionsToCome(state, config),
    properties: propertiesFor(object, mender !== null),
    contentDiffers: true,
  };
  const keepsGhosts = config.deletes === 'off';
  const of = (some: readonly DeepDifference[]) =>
    judgeAll(
      judging,
      some.map(({ id }) => id),
      async (found) => mender?.mend(keepsGhosts ? found.filter(({ difference }) => difference !== 'ghost') : found),
    );
  return { horizon, of };
}

/** What differs between a stream's table and the one beside it, of which either may not be there, for want of rows. */
async function* differencesOf(
  own: Reader | null,
  aside: Reader | null,
  without: readonly string[],
): AsyncGenerator<DeepDifference[]> {
  if (own && aside) yield* new DeepComparison(own, aside, without).differences();
  const only = own ?? aside;
  if (only === null || (own && aside)) return;
  const rows = await new WarehouseRows(only).list([EVERYTHING]);
  const difference = own ? 'ghost' : 'missing';
  yield rows.map(({ id, version }) => ({ id, difference, version: own ? null : version, fields: [] }));
}

/** Counts what differs. */
class Tally {
  readonly counts = { ...NONE };
  pending = 0;
  /** Rows of what is gone, where these are no difference. */
  kept = 0;
  readonly #keepsGhosts: boolean;
  readonly #fields = new Map<string, number>();

  /** @param keepsGhosts whether rows of records that are gone are to stay, and so no difference */
  constructor(keepsGhosts: boolean) {
    this.#keepsGhosts = keepsGhosts;
  }

  add({ differences: { missing, stale, ghost }, pending }: Verdict): void {
    this.counts.missing += missing;
    this.counts.stale += stale;
    if (this.#keepsGhosts) this.kept += ghost;
    else this.counts.ghost += ghost;
    this.pending += pending;
  }

  addFields(page: readonly DeepDifference[]): void {
    for (const field of page.flatMap(({ fields }) => fields)) {
      this.#fields.set(field, (this.#fields.get(field) ?? 0) + 1);
    }
  }

  /** The fields that differ most often, with in how many rows. */
  get named(): string[] {
    const most = [...this.#fields].sort(([, a], [, b]) => b - a);
    const rest = most.length > MOST_NAMED ? [`${most.length - MOST_NAMED} more`] : [];
    return [...most.slice(0, MOST_NAMED).map(([field, rows]) => `${field} (${rows})`), ...rest];
  }
}

/** Fields whose values the writer makes, and not the record. */
function ignoredIn({ validity }: Target): string[] {
  return [...WRITTEN, ...(validity ? [validity.to.field, validity.current.field] : [])];
}
