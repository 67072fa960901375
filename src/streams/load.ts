import { RequestError } from '../errors.js';
import { batchRead, fitsInUrl, LIST_LIMIT, type ListPage, listPage, type ObjectRow } from '../hubspot/objects.js';
import { log } from '../log.js';
import { completeAssociated } from './associated.js';
import { isFrom } from './instants.js';
import { updatedAtOf } from './layout.js';
import { completeAt, type ObjectRun } from './object-run.js';
import { EVERY_ID, type LoadPosition } from './object-state.js';

/**
 * Reads what is left of a first load by HubSpot's list, which shows every record as it is, without the delay of search. After
 * each page the position is in the state. Leaves the state at the pass over what changed meanwhile, or, after a load of a
 * single page, complete: nothing can have changed behind its reader.
 */
export async function loadByList(run: ObjectRun): Promise<void> {
  const { state } = run;
  const load = state.load as LoadPosition;
  const inUrl = fitsInUrl(listRequest(run, true));
  let page = await firstPage(run, load, inUrl);
  const single = load.after === null && page.after === null;
  let listed = 0;
  for (;;) {
    listed += page.rows.length;
    const { after } = page;
    await emitPage(run, page.rows, load, inUrl);
    if (after === null) {
      run.tally(listed, LIST_LIMIT);
      state.load = null;
      if (single) completeAt(run, load.startedAt);
      else {
        state.pass = { since: load.startedAt, startedAt: run.now(), mergesSince: null, ranges: [{ ...EVERY_ID }] };
      }
      return run.save();
    }
    if (after === load.after) {
      throw new RequestError(`HubSpot's list of ${run.stream.name} does not move on from ${after}.`, 200);
    }
    load.after = after;
    // Only behind the state that names it: however a run ends, no page but the one in flight is asked for twice. What waiting
    // costs is won elsewhere, by streams side by side.
    await run.save();
    page = await listPage(run.client, { ...listRequest(run, inUrl), after });
  }
}

/** The page to start at. A position that HubSpot no longer accepts starts the load anew. */
async function firstPage(run: ObjectRun, load: LoadPosition, inUrl: boolean): Promise<ListPage> {
  try {
    return await listPage(run.client, { ...listRequest(run, inUrl), after: load.after });
  } catch (error) {
    if (load.after === null || !(error instanceof RequestError) || error.status !== 400) throw error;
    log.warn(`HubSpot no longer accepts where the load of ${run.stream.name} stopped; it starts anew.`);
    load.after = null;
    return listPage(run.client, { ...listRequest(run, inUrl), after: null });
  }
}

function listRequest({ stream }: ObjectRun, inUrl: boolean) {
  return {
    objectType: stream.type.name,
    properties: inUrl ? stream.properties : [],
    associations: stream.associations.map((target) => target.type.name),
    archived: false,
  };
}

async function emitPage(run: ObjectRun, listed: ObjectRow[], load: LoadPosition, inUrl: boolean): Promise<void> {
  const { updatedAfter } = run.stream;
  const wanted = listed.filter((row) => isFrom(updatedAtOf(row), updatedAfter));
  const associated = await completeAssociated(run.client, run.stream, wanted);
  const rows = inUrl ? wanted : await readValues(run, wanted);
  await run.emitLive(rows, associated, load.mergesSince, true);
}

/** The records of a page by batch read, whose body holds any number of properties. */
async function readValues({ client, stream }: ObjectRun, listed: readonly ObjectRow[]): Promise<ObjectRow[]> {
  if (listed.length === 0) return [];
  const ids = listed.map((row) => row.id);
  const rows = await batchRead(client, { objectType: stream.type.name, ids, properties: stream.properties });
  // One that was merged away in between is answered as its survivor, which has its own place.
  return rows.filter((row) => ids.includes(row.id));
}
