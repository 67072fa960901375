import { ASSOCIATIONS_LIMIT } from '../../hubspot/api/associations.js';
import { BATCH_READ_LIMIT, fitsInUrl, LIST_LIMIT } from '../../hubspot/api/objects.js';
import { SEARCH_LIMIT, searchPage } from '../../hubspot/api/search.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import { earlier, type Instant, notBefore, timeOf } from '../../time.js';
import type { ChainLimits } from '../core/chain-limits.js';
import type { Estimate } from '../core/stream.js';
import { countsBeforeLoad, isWorthSearching } from './load/first-load.js';
import { namesInLists, type ObjectStream } from './object-stream.js';
import { shortageOf } from './run/fingerprint.js';
import { emitsFilterExits, type ReadOptions } from './run/object-run.js';
import { EVERY_ID, isFresh, type ObjectState, parseObjectState } from './run/object-state.js';
import { unpackIds } from './run/packed-ids.js';
import { backfillCounts, countForBackfill } from './search/backfill.js';
import { rangeGroups } from './search/search-filters.js';
import { comparedProperties, isSweepDue } from './sweep/sweeping.js';

/**
 * Estimates what a sync would read of an object, from a few searches for HubSpot's counts, one record each.
 *
 * @param options with whether the state tells what was selected, as that of the object's records does
 */
export async function estimateObject(
  client: HubSpotClient,
  stream: ObjectStream,
  mode: SyncMode,
  given: JsonObject | null,
  options: ReadOptions & { ownsSelection: boolean },
): Promise<Estimate> {
  const state = parseObjectState(given, stream.name, stream.layout.cursorField, stream.updatedAfter);
  const isRefresh = mode === 'full_refresh';
  const isComparable = options.ownsSelection && !isFresh(state);
  const shortage = isComparable ? shortageOf(state.fingerprint, stream, emitsFilterExits(stream, options)) : null;
  const names = shortage?.is === 'properties' && state.cursor !== null && !isRefresh ? shortage.names : [];
  const backfilled = names.length > 0 ? await countForBackfill(client, stream, names) : null;
  const isReload = (isRefresh && !state.refresh) || (shortage !== null && backfilled === null);
  if (!isReload && (state.load ?? state.pass)) return estimateRest(client, stream, state, options);
  if (!isReload && state.cursor !== null) {
    const increment = await estimateIncrement(client, stream, state, state.cursor, options);
    const estimate = await withSweep(client, stream, increment, state, options);
    return backfilled === null ? estimate : withBackfill(stream, estimate, names, backfilled, shortage?.why ?? '');
  }
  const what = isRefresh ? 'everything' : shortage === null ? 'first load' : `first load again: ${shortage.why}`;
  const archive = isRefresh || options.deletes === 'off' ? 0 : archivePages(state) + (state.archive.scannedAt ? 0 : 1);
  if (stream.filterGroups.length > 0) {
    const rows = await count(client, stream, stream.updatedAfter);
    const estimate = withCalls(stream, what, rows, { burst: 1 + archive, searched: rows });
    // A load of several pages is followed by a pass over what changed in the meantime.
    if (!isRefresh && rows > SEARCH_LIMIT) estimate.calls.search += 1 + leftSearches(stream, options, 0);
    return estimate;
  }
  const all = await count(client, stream, null);
  const rows = stream.updatedAfter === null ? all : await count(client, stream, stream.updatedAfter);
  if (!isRefresh && isWorthSearching(stream, rows, all - rows)) {
    const estimate = withCalls(stream, `${what}, by search`, rows, { burst: 1 + archive, searched: rows });
    // One of the counts is the first page. A load of several pages is followed by a pass over what changed in the meantime.
    estimate.calls.search += countsBeforeLoad(stream, all - rows) - 1 + (rows > SEARCH_LIMIT ? 1 : 0);
    return estimate;
  }
  const calls = listCalls(stream, all, rows, isRefresh, options.chains);
  calls.burst += 1 + archive;
  if (!isRefresh) calls.search += (all > LIST_LIMIT ? 1 : 0) + countsBeforeLoad(stream, all - rows);
  return { what, rows, calls };
}

/** The estimate of an increment with a backfill of some properties before it. */
function withBackfill(
  stream: ObjectStream,
  { what, rows, calls }: Estimate,
  names: readonly string[],
  backfilled: number,
  why: string,
): Estimate {
  const searches =
    backfillCounts(stream, names) + (backfilled > 0 ? Math.max(names.length, backfilled / SEARCH_LIMIT) : 0);
  return {
    what: `${what}; ${why}`,
    rows: (rows ?? 0) + backfilled,
    calls: {
      ...calls,
      search: calls.search + Math.ceil(searches),
      exempt: calls.exempt + stream.associations.length * Math.ceil(backfilled / ASSOCIATIONS_LIMIT),
    },
  };
}

/**
 * The calls of a load by list. A load of many records requests their count; a load by several chains requests it again at its end.
 *
 * @param all the number of records in the list, of which `rows` are wanted
 */
function listCalls(
  stream: ObjectStream,
  all: number,
  rows: number,
  isRefresh: boolean,
  chains: ChainLimits,
): Estimate['calls'] {
  const isDivided = !isRefresh && all >= chains.worthDividing;
  const inUrl = fitsInUrl({ type: stream.type, ...selected(stream), archived: false });
  const values = inUrl ? 0 : Math.ceil(rows / BATCH_READ_LIMIT);
  const begun = isDivided ? chains.most - 1 : 0;
  const search = isRefresh ? 0 : (all > chains.askAfter ? 1 : 0) + (isDivided ? 1 : 0);
  return { burst: Math.max(1, Math.ceil(all / LIST_LIMIT)) + begun + values, search, exempt: 0 };
}

function selected(stream: ObjectStream) {
  return { properties: stream.properties, associations: namesInLists(stream), histories: stream.histories };
}

/** HubSpot does not say how much of a load is left: at most all of it. */
async function estimateRest(
  client: HubSpotClient,
  stream: ObjectStream,
  state: ObjectState,
  options: ReadOptions,
): Promise<Estimate> {
  const { load, pass, archive } = state;
  const archived = options.deletes === 'off' ? 0 : Math.max(1, Math.ceil(unpackIds(archive.ids).length / LIST_LIMIT));
  if (load) {
    const rows = await count(client, stream, null);
    const calls = listCalls(stream, rows, rows, state.refresh, options.chains);
    calls.burst += 1 + archived;
    // The pass over what changed in the meantime.
    if (!state.refresh) calls.search += 1;
    return { what: 'the rest of a first load', rows, calls };
  }
  let rows = 0;
  for (const range of pass?.ranges ?? []) {
    rows += await countOf(client, stream, rangeGroups(stream, { since: pass?.since ?? null }, range));
  }
  const estimate = withCalls(stream, 'the rest of a pass, and what changed since', rows, {
    burst: 1 + archived,
    searched: rows,
  });
  estimate.calls.search += 1;
  return estimate;
}

async function estimateIncrement(
  client: HubSpotClient,
  stream: ObjectStream,
  state: ObjectState,
  cursor: Instant,
  options: ReadOptions,
): Promise<Estimate> {
  const since = notBefore(earlier(cursor, options.lookbackMinutes), stream.updatedAfter);
  const rows = await count(client, stream, since);
  const { scannedAt, refusedAt = scannedAt } = state.archive;
  const age = refusedAt === null ? Number.POSITIVE_INFINITY : client.clock.now() - timeOf(refusedAt);
  // HubSpot's clock is known to the second, so that a scan may seem to be still to come.
  const isDue = options.deletes !== 'off' && Math.max(0, age) >= options.deletesEveryMinutes * 60_000;
  const estimate = withCalls(stream, `modified since ${since.slice(0, 16)}Z`, rows, {
    burst: 1 + (isDue ? archivePages(state) : 0),
    searched: rows,
  });
  const isFiltered = leftSearches(stream, options, 0) > 0;
  const changed = isFiltered ? await count(client, { ...stream, filterGroups: [] }, since) : rows;
  estimate.calls.search += leftSearches(stream, options, changed);
  return estimate;
}

/** The estimate of an increment with what a sweep takes behind it. HubSpot does not say how much is left of one in progress: at most all of it. */
async function withSweep(
  client: HubSpotClient,
  stream: ObjectStream,
  { what, rows, calls }: Estimate,
  state: ObjectState,
  options: ReadOptions,
): Promise<Estimate> {
  const isUnderWay = state.sweep !== null;
  if (options.sweepEveryHours === 0 || (!isUnderWay && !isSweepDue(state, options, client.clock.now()))) {
    return { what, rows, calls };
  }
  const isFiltered = stream.filterGroups.length > 0;
  const all = await count(client, stream, isFiltered ? stream.updatedAfter : null);
  const told = `${what}; ${isUnderWay ? 'the rest of a sweep' : 'a sweep'} of ${all} records`;
  const compared = comparedProperties(stream, options.sweep);
  const read = { type: stream.type, ...selected(stream), histories: [], properties: compared, archived: false };
  const values = isFiltered || fitsInUrl(read) ? 0 : Math.ceil(all / BATCH_READ_LIMIT);
  const searches = isFiltered ? Math.max(1, Math.ceil(all / SEARCH_LIMIT)) : 0;
  return {
    what: told,
    // Which of them differ, nobody knows.
    rows: (rows ?? 0) + all,
    calls: {
      burst: calls.burst + (isFiltered ? 0 : Math.max(1, Math.ceil(all / LIST_LIMIT))) + values,
      search: calls.search + searches,
      exempt: calls.exempt + (isFiltered ? stream.associations.length * Math.ceil(all / ASSOCIATIONS_LIMIT) : 0),
    },
  };
}

/** The number of searches for records that left a stream's filters. @param changed how many records were modified */
function leftSearches({ filterGroups }: ObjectStream, { deletes }: ReadOptions, changed: number): number {
  return filterGroups.length > 0 && deletes !== 'off' ? Math.max(1, Math.ceil(changed / SEARCH_LIMIT)) : 0;
}

/** The number of pages of archived records, as far as they are known. */
function archivePages({ archive }: ObjectState): number {
  return Math.max(1, Math.ceil(unpackIds(archive.ids).length / LIST_LIMIT));
}

function withCalls(
  stream: ObjectStream,
  what: string,
  rows: number,
  { burst, searched }: { burst: number; searched: number },
): Estimate {
  const exempt = stream.associations.length * Math.ceil(searched / ASSOCIATIONS_LIMIT);
  return { what, rows, calls: { burst, search: Math.max(1, Math.ceil(searched / SEARCH_LIMIT)), exempt } };
}

function count(client: HubSpotClient, stream: ObjectStream, since: Instant | null): Promise<number> {
  return countOf(client, stream, rangeGroups(stream, { since }, EVERY_ID));
}

async function countOf(
  client: HubSpotClient,
  stream: ObjectStream,
  filterGroups: ReturnType<typeof rangeGroups>,
): Promise<number> {
  const request = { type: stream.type, properties: ['hs_object_id'], filterGroups, limit: 1 };
  return (await searchPage(client, request)).total;
}
