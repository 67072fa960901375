import { RequestError } from '../../../errors.js';
import type { ObjectRow } from '../../../hubspot/api/object-row.js';
import { batchRead, fitsInUrl, LIST_LIMIT, type ListPage, listPage } from '../../../hubspot/api/objects.js';
import { log } from '../../../log.js';
import { earlier, isFrom, notBefore } from '../../core/instants.js';
import { updatedAtOf } from '../../layouts/layout.js';
import { completeAssociated } from '../run/associated.js';
import { completeAt, type ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type LoadPosition } from '../run/object-state.js';
import { readChains } from './chain-reader.js';
import { ListChains } from './list-chains.js';

/**
 * How far before the load the pass behind it begins: nobody has promised that a list shows what was changed a moment ago, nor that
 * HubSpot's servers agree on the time. A load may last longer than the lookback, so that no increment would make up for it.
 */
const BEFORE_LOAD_MINUTES = 10;

/**
 * Reads what is left of a first load by HubSpot's list, which shows every record as it is, without the delay of search. After
 * each page the position is in the state. Leaves the state at the pass over what changed meanwhile, or, after a load of a
 * single page, complete: nothing can have changed behind its reader.
 */
export async function loadByList(run: ObjectRun): Promise<void> {
  const { state } = run;
  const load = state.load as LoadPosition;
  const inUrl = fitsInUrl(listRequest(run, true));
  if (load.after === null) load.listed ??= 0;
  const lists = new ListChains(run, load, (after) => listPage(run.client, { ...listRequest(run, inUrl), after }));
  const before = load.listed ?? 0;
  const single = load.chains ? false : await readPages(run, load, lists, inUrl);
  while (load.chains) {
    const isRead = await readChains(run, load, lists, (rows) => emitPage(run, rows, load, inUrl));
    delete load.chains;
    if (isRead && (await isWhole(run, load, lists))) break;
    if (!isRead) {
      log.info(`HubSpot's list of ${run.stream.name} does not go by ids; it is read page by page.`);
      load.total = 0;
    }
    await readPages(run, load, lists, inUrl);
  }
  run.tally((load.listed ?? 0) - before, LIST_LIMIT);
  state.load = null;
  if (single) completeAt(run, load.startedAt);
  else {
    const since = notBefore(earlier(load.startedAt, BEFORE_LOAD_MINUTES), run.stream.updatedAfter);
    state.pass = { since, startedAt: run.now(), mergesSince: null, ranges: [{ ...EVERY_ID }] };
  }
  return run.save();
}

/**
 * Reads page by page to the end, or to where reading from several places pays: `load.chains` is set then.
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
    // Only behind the state that names it: however a run ends, no page but the one in flight is asked for twice. What waiting
    // costs is won elsewhere, by streams side by side.
    await run.save();
    if (load.chains) return false;
    page = await listPage(run.client, { ...listRequest(run, inUrl), after });
  }
}

/**
 * Holds what was listed against what HubSpot says it has. Records may come and go meanwhile, by which both numbers differ; beyond
 * that, chains have left something out, and the list is read again page by page.
 */
async function isWhole(run: ObjectRun, load: LoadPosition, lists: ListChains): Promise<boolean> {
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

/** The page to start at. A position that HubSpot no longer accepts starts the load anew. */
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
    associations: stream.associations.map((target) => target.type.name),
    archived: false,
  };
}

async function emitPage(run: ObjectRun, listed: ObjectRow[], load: LoadPosition, inUrl: boolean): Promise<void> {
  const wanted = wantedOf(run, listed);
  const associated = await completeAssociated(run.client, run.stream, wanted);
  const rows = inUrl ? wanted : await readValues(run, wanted);
  await run.emitLive(rows, associated, load.mergesSince, true);
}

function wantedOf({ stream }: ObjectRun, rows: readonly ObjectRow[]): ObjectRow[] {
  return rows.filter((row) => isFrom(updatedAtOf(row), stream.updatedAfter));
}

/** The records of a page by batch read, whose body holds any number of properties. */
async function readValues({ client, stream }: ObjectRun, listed: readonly ObjectRow[]): Promise<ObjectRow[]> {
  if (listed.length === 0) return [];
  const ids = listed.map((row) => row.id);
  const rows = await batchRead(client, { type: stream.type, ids, properties: stream.properties });
  // One that was merged away in between is answered as its survivor, which has its own place.
  return rows.filter((row) => ids.includes(row.id));
}
