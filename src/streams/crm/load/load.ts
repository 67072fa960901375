import { tell } from '../../../activity.js';
import { RequestError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import {
  BATCH_READ_LIMIT,
  batchRead,
  fitsInUrl,
  HISTORY_LIMIT,
  LIST_LIMIT,
  type ListPage,
  listPage,
} from '../../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import { log } from '../../../log.js';
import { earlier, isFrom, notBefore } from '../../../time.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { namesInLists, type ObjectStream } from '../object-stream.js';
import { completeAssociated } from '../run/associated.js';
import { advanceCursor, type ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type LoadPosition } from '../run/object-state.js';
import { readChains } from './chain-reader.js';
import { ListChains } from './list-chains.js';

/**
 * The pass after a load begins this long before it: neither is a list guaranteed to show changes immediately, nor do HubSpot's
 * servers necessarily agree on the time. A load may take longer than the lookback, so increments would not make up for it.
 */
const BEFORE_LOAD_MINUTES = 10;

/**
 * Reads the rest of a first load by HubSpot's list, which shows every record as it is, without the delay of search. Each page is
 * followed by a state. Afterwards the state is at the pass over what changed in the meantime, or complete after a load of a single
 * page, during which nothing it had read could change.
 */
export async function loadByList(run: ObjectRun, load: LoadPosition): Promise<void> {
  const { state } = run;
  const inUrl = fitsInUrl(listRequest(run, true));
  if (load.after === null) load.listed ??= 0;
  // Known from the run before, where this one goes on.
  if (load.total) tell('expected', { stream: run.stream.name, rows: Math.max(0, load.total - (load.listed ?? 0)) });
  const lists = new ListChains(run, load, (after) => listPage(run.client, { ...listRequest(run, inUrl), after }));
  const before = load.listed ?? 0;
  const single = load.chains ? false : await readPages(run, load, lists, inUrl);
  while (load.chains) {
    const isRead = await readChains(run, load, lists, (rows) => emitPage(run, rows, load, inUrl));
    delete load.chains;
    if (isRead && (await isComplete(run, load, lists))) break;
    if (!isRead) {
      log.info(`HubSpot's list of ${run.stream.name} is not ordered by id; it is read page by page.`);
      load.total = 0;
    }
    await readPages(run, load, lists, inUrl);
  }
  run.tally((load.listed ?? 0) - before, inUrl && run.stream.histories.length > 0 ? HISTORY_LIMIT : LIST_LIMIT);
  await run.flush();
  state.load = null;
  state.sweptAt = load.startedAt;
  if (single) advanceCursor(run, load.startedAt);
  else {
    const since = notBefore(earlier(load.startedAt, BEFORE_LOAD_MINUTES), run.stream.updatedAfter);
    state.pass = { since, startedAt: run.now(), mergesSince: null, ranges: [{ ...EVERY_ID }] };
  }
  return run.save();
}

/**
 * Reads page by page to the end, or until several chains pay: then `load.chains` is set.
 *
 * @returns whether the load was a single page
 */
async function readPages(run: ObjectRun, load: LoadPosition, lists: ListChains, inUrl: boolean): Promise<boolean> {
  let page = await firstPage(run, load, inUrl);
  const single = load.after === null && page.after === null;
  for (;;) {
    const { after, rows } = page;
    await emitPage(run, rows, load, inUrl);
    if (load.listed !== undefined) load.listed += rows.length;
    if (after === null) return single;
    if (after === load.after) {
      throw new RequestError(`HubSpot's list of ${run.stream.name} does not move on from ${after}.`, 200);
    }
    load.after = after;
    if (await lists.worthDividing(rows, after)) load.chains = [{ after, before: null, isFirst: true }];
    // Before the next page is requested, so that a killed run repeats no page but the one in flight. The wait costs nothing overall,
    // since other streams are read in the meantime.
    await run.savePage();
    if (load.chains) return false;
    page = await listPage(run.client, { ...listRequest(run, inUrl), after });
  }
}

/**
 * Compares the number of listed records with HubSpot's total. They may differ by as much as the total changed during the load; if
 * more are missing, chains have skipped records, and the list is read again page by page.
 */
async function isComplete(run: ObjectRun, load: LoadPosition, lists: ListChains): Promise<boolean> {
  const before = load.total ?? 0;
  const after = await lists.count();
  const missing = Math.min(before, after) - 2 * Math.abs(after - before) - (load.listed ?? 0);
  if (missing <= 0) return true;
  log.warn(
    `HubSpot's list of ${run.stream.name} gave ${missing} records fewer than it has; it is read again page by page.`,
  );
  Object.assign(load, { after: null, listed: 0, total: 0 });
  return false;
}

/** The page to start at. If HubSpot rejects the position, the load starts from scratch. */
async function firstPage(run: ObjectRun, load: LoadPosition, inUrl: boolean): Promise<ListPage> {
  try {
    return await listPage(run.client, { ...listRequest(run, inUrl), after: load.after });
  } catch (error) {
    if (load.after === null || !(error instanceof RequestError) || error.status !== 400) throw error;
    log.warn(`HubSpot no longer accepts where the load of ${run.stream.name} stopped; it starts anew.`);
    load.after = null;
    if (load.listed !== undefined) load.listed = 0;
    return listPage(run.client, { ...listRequest(run, inUrl), after: null });
  }
}

function listRequest({ stream }: ObjectRun, inUrl: boolean) {
  return {
    type: stream.type,
    properties: inUrl ? stream.properties : [],
    associations: namesInLists(stream),
    histories: inUrl ? stream.histories : [],
    archived: false,
  };
}

async function emitPage(run: ObjectRun, listed: ObjectRow[], load: LoadPosition, inUrl: boolean): Promise<void> {
  const wanted = wantedOf(run, listed);
  const associated = await completeAssociated(run.client, run.stream, wanted);
  const rows = inUrl ? wanted : await readValues(run.client, run.stream, wanted);
  await run.emitLive(rows, associated, load.mergesSince, true, { is: 'load' });
}

function wantedOf({ stream }: ObjectRun, rows: readonly ObjectRow[]): ObjectRow[] {
  return rows.filter((row) => isFrom(updatedAtOf(row), stream.updatedAfter));
}

/** Reads the records of a page by batch read, whose body may name any number of properties. */
export async function readValues(
  client: HubSpotClient,
  { type, properties, histories }: ObjectStream,
  listed: readonly ObjectRow[],
): Promise<ObjectRow[]> {
  if (listed.length === 0) return [];
  const all = listed.map((row) => row.id);
  const atOnce = histories.length > 0 ? HISTORY_LIMIT : BATCH_READ_LIMIT;
  const batches = [all.slice(0, atOnce), all.slice(atOnce)].filter((ids) => ids.length > 0);
  const rows = await Promise.all(batches.map((ids) => batchRead(client, { type, ids, properties, histories })));
  // For a record that was merged away in between, HubSpot returns the survivor, which the list has itself.
  return rows.flat().filter((row) => all.includes(row.id));
}
