import { ASSOCIATIONS_LIMIT } from '../hubspot/associations.js';
import type { HubSpotClient } from '../hubspot/client.js';
import { BATCH_READ_LIMIT, fitsInUrl, LIST_LIMIT, SEARCH_LIMIT, searchPage } from '../hubspot/objects.js';
import type { JsonObject, SyncMode } from '../protocol/messages.js';
import type { AssociationStream } from './association-stream.js';
import type { ObjectStream, StreamDefinition } from './definition.js';
import { fingerprintOf, reasonToReadAgain } from './fingerprint.js';
import { isWorthSearching, questionsAsked } from './first-load.js';
import { earlier, notBefore } from './instants.js';
import { CHAINS } from './list-chains.js';
import type { ReadOptions } from './object-run.js';
import { EVERY_ID, type ObjectState, parseObjectState } from './object-state.js';
import { unpackIds } from './packed-ids.js';
import { rangeGroups } from './search-filters.js';

/** 19 list calls of 100 records a second, and five searches of 200: of what is divided, nearly a third comes by search. */
const SEARCHED_OF_FAST = 0.3;

/** What reading a stream would take, as far as HubSpot tells beforehand. */
export interface Estimate {
  /** What would be read, in a few words. */
  what: string;
  /** Records to read at most; of an increment, those of the lookback that have not changed are not sent. null: not known. */
  rows: number | null;
  /** Calls by the budget they are charged to. */
  calls: { burst: number; search: number; exempt: number };
}

/**
 * Estimates what a sync would read of a stream: one search at most two, each of one record, for HubSpot's count. Nothing is read
 * but that. Throws what makes reading the stream impossible.
 */
export async function estimateStream(
  client: HubSpotClient,
  stream: StreamDefinition,
  mode: SyncMode,
  given: JsonObject | null,
  options: ReadOptions,
): Promise<Estimate> {
  switch (stream.kind) {
    case 'object':
      return estimateObject(client, stream, mode, given, options);
    case 'snapshot':
      return { what: 'all of it', rows: null, calls: { burst: 1, search: 0, exempt: 0 } };
    case 'associations':
      return estimateAssociations(client, stream);
  }
}

async function estimateObject(
  client: HubSpotClient,
  stream: ObjectStream,
  mode: SyncMode,
  given: JsonObject | null,
  options: ReadOptions,
): Promise<Estimate> {
  const state = parseObjectState(given, stream.name, stream.layout.cursorField, stream.updatedAfter);
  const isRefresh = mode === 'full_refresh';
  const reason = state.fingerprint && reasonToReadAgain(state.fingerprint, fingerprintOf(stream));
  const isAnew = (isRefresh && !state.refresh) || reason !== null;
  if (!isAnew && (state.load ?? state.pass)) return estimateRest(client, stream, state, options);
  if (!isAnew && state.cursor !== null) return estimateIncrement(client, stream, state, state.cursor, options);
  const what = isRefresh ? 'everything' : reason === null ? 'first load' : `first load again: ${reason}`;
  const archive = isRefresh || options.deletes === 'off' ? 0 : archivePages(state) + (state.archive.scannedAt ? 0 : 1);
  if (stream.filterGroups.length > 0) {
    const rows = await count(client, stream, stream.updatedAfter);
    const estimate = withCalls(stream, what, rows, { burst: 1 + archive, searched: rows });
    // Behind more than one page, what changed meanwhile.
    if (!isRefresh && rows > SEARCH_LIMIT) estimate.calls.search += 1 + mergeSearches(stream, options);
    return estimate;
  }
  const all = await count(client, stream, null);
  const rows = stream.updatedAfter === null ? all : await count(client, stream, stream.updatedAfter);
  if (!isRefresh && isWorthSearching(stream, rows, all - rows)) {
    const estimate = withCalls(stream, `${what}, by search`, rows, { burst: 1 + archive, searched: rows });
    // One of the questions is the first page; behind more than one page, what changed meanwhile.
    estimate.calls.search += questionsAsked(stream, all - rows) - 1 + (rows > SEARCH_LIMIT ? 1 : 0);
    return estimate;
  }
  const calls = listCalls(stream, all, rows, isRefresh, options);
  calls.burst += 1 + archive;
  if (!isRefresh) calls.search += (all > LIST_LIMIT ? 1 : 0) + questionsAsked(stream, all - rows);
  return { what, rows, calls };
}

/**
 * What a load by list takes of itself. From some records on it asks how many there are; from more on it begins in several places,
 * asks once more at its end, and where first_load is fast, reads parts by search.
 *
 * @param all records that the list has; of which `rows` are wanted
 */
function listCalls(
  stream: ObjectStream,
  all: number,
  rows: number,
  isRefresh: boolean,
  { firstLoad }: Pick<ReadOptions, 'firstLoad'>,
): Estimate['calls'] {
  const isDivided = !isRefresh && all >= CHAINS.worthDividing;
  const searched = isDivided && firstLoad === 'fast' ? Math.floor((all - CHAINS.askAfter) * SEARCHED_OF_FAST) : 0;
  const listed = all - searched;
  const inUrl = fitsInUrl({ objectType: stream.type.name, ...selected(stream), archived: false });
  const values = inUrl ? 0 : Math.ceil((rows * (listed / Math.max(1, all))) / BATCH_READ_LIMIT);
  const begun = isDivided ? CHAINS.most - 1 : 0;
  const totals = isRefresh ? 0 : (all > CHAINS.askAfter ? 1 : 0) + (isDivided ? 1 : 0);
  return {
    burst: Math.max(1, Math.ceil(listed / LIST_LIMIT)) + begun + values,
    search: totals + Math.ceil(searched / SEARCH_LIMIT),
    exempt: stream.associations.length * Math.ceil(searched / ASSOCIATIONS_LIMIT),
  };
}

function selected({ properties, associations }: ObjectStream) {
  return { properties, associations: associations.map((target) => target.type.name) };
}

/** What is left of a load, which HubSpot does not tell, is all of it at most. */
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
    const calls = listCalls(stream, rows, rows, state.refresh, options);
    calls.burst += 1 + archived;
    // What changed meanwhile.
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
  cursor: string,
  options: ReadOptions,
): Promise<Estimate> {
  const since = notBefore(earlier(cursor, options.lookbackMinutes), stream.updatedAfter);
  const rows = await count(client, stream, since);
  const { scannedAt } = state.archive;
  const age = scannedAt === null ? Number.POSITIVE_INFINITY : client.clock.now() - Date.parse(scannedAt);
  const isDue = options.deletes !== 'off' && age >= options.deletesEveryMinutes * 60_000;
  const estimate = withCalls(stream, `modified since ${since.slice(0, 16)}Z`, rows, {
    burst: 1 + (isDue ? archivePages(state) : 0),
    searched: rows,
  });
  estimate.calls.search += mergeSearches(stream, options);
  return estimate;
}

/** Searches for merges that a stream's filters hide. */
function mergeSearches({ filterGroups, knowsMerges }: ObjectStream, { deletes }: ReadOptions): number {
  return filterGroups.length > 0 && knowsMerges && deletes !== 'off' ? 1 : 0;
}

/** Pages of the list of archived records, by what is known of it. */
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

async function estimateAssociations(client: HubSpotClient, { from }: AssociationStream): Promise<Estimate> {
  const filterGroups = [{ filters: [{ propertyName: 'hs_object_id', operator: 'GT', value: EVERY_ID.after }] }];
  const { total } = await searchPage(client, { objectType: from.name, properties: [], filterGroups, limit: 1 });
  const calls = {
    burst: Math.max(1, Math.ceil(total / LIST_LIMIT)),
    search: 0,
    exempt: Math.ceil(total / ASSOCIATIONS_LIMIT),
  };
  return { what: `all associations of ${total.toLocaleString('en')} records`, rows: null, calls };
}

function count(client: HubSpotClient, stream: ObjectStream, since: string | null): Promise<number> {
  return countOf(client, stream, rangeGroups(stream, { since }, EVERY_ID));
}

async function countOf(
  client: HubSpotClient,
  stream: ObjectStream,
  filterGroups: ReturnType<typeof rangeGroups>,
): Promise<number> {
  const request = { objectType: stream.type.name, properties: ['hs_object_id'], filterGroups, limit: 1 };
  return (await searchPage(client, request)).total;
}
