import type { FilterGroup } from '../config/source.js';
import { RequestError } from '../errors.js';
import { ASSOCIATIONS_LIMIT } from '../hubspot/associations.js';
import {
  BATCH_READ_LIMIT,
  batchRead,
  type ObjectRow,
  SEARCH_LIMIT,
  type SearchPage,
  searchPage,
} from '../hubspot/objects.js';
import { readAssociated } from './associated.js';
import { completeAt, type ObjectRun } from './object-run.js';
import type { PassPosition, RangePosition } from './object-state.js';

/** Answered calls that a kill may cost, searches and associations together. */
const MOST_UNSAVED_CALLS = 10;

/**
 * Reads what is left of a pass: searches ordered by id, each for the ids above the last one seen. There is no upper bound on
 * the time, so a record that keeps changing is not starved; no offset, so HubSpot's limit of 10,000 results a search is never
 * met, however many records share one instant. The position moves on when whole pages, associations included, have been
 * handed on.
 */
export async function readPass(run: ObjectRun): Promise<void> {
  const { state } = run;
  const pass = state.pass as PassPosition;
  while (pass.ranges.length > 0) await readRange(run, pass, pass.ranges[0] as RangePosition);
  state.pass = null;
  completeAt(run, pass.startedAt);
}

async function readRange(run: ObjectRun, pass: PassPosition, range: RangePosition): Promise<void> {
  let found = 0;
  for (;;) {
    const { rows, more } = await readGroup(run, pass, range);
    found += rows.length;
    const live = await withoutGhosts(run, rows);
    await run.emitLive(live, await readAssociated(run.client, run.stream, live), pass.mergesSince);
    range.after = rows.at(-1)?.id ?? range.after;
    if (!more) {
      run.tally(found, SEARCH_LIMIT);
      if (found > 0) for (const _ of run.stream.associations) run.tally(found, ASSOCIATIONS_LIMIT);
      pass.ranges = pass.ranges.filter((each) => each !== range);
      if (rows.length > 0) await run.save();
      return;
    }
    await run.save();
  }
}

/** As many search pages as one batch read of associations takes, as long as a kill costs no more calls than it may. */
async function readGroup(
  run: ObjectRun,
  pass: PassPosition,
  range: RangePosition,
): Promise<{ rows: ObjectRow[]; more: boolean }> {
  const links = run.stream.associations.length;
  const pages = links === 0 ? 1 : Math.max(1, Math.min(ASSOCIATIONS_LIMIT / SEARCH_LIMIT, MOST_UNSAVED_CALLS - links));
  const rows: ObjectRow[] = [];
  for (let page = 0; page < pages; page += 1) {
    const found = await readPage(run, pass, { ...range, after: rows.at(-1)?.id ?? range.after });
    rows.push(...found.rows);
    if (!found.more || found.rows.length === 0) return { rows, more: false };
  }
  return { rows, more: true };
}

async function readPage(run: ObjectRun, pass: PassPosition, range: RangePosition): Promise<SearchPage> {
  const { client, stream } = run;
  const page = await searchPage(client, {
    objectType: stream.type.name,
    properties: stream.properties,
    filterGroups: filterGroups(run, pass, range),
  });
  if (range.after === '0' && page.total > 0) run.sink.estimate(stream.name, page.total);
  let last = range.after;
  for (const row of page.rows) {
    if (BigInt(row.id) <= BigInt(last)) {
      throw new RequestError(
        `HubSpot's search for ${stream.name} answered id ${row.id} behind ${last}, out of order.`,
        200,
      );
    }
    last = row.id;
  }
  return page;
}

/** The bounds of the pass and the range, with each of the user's filter groups: the groups are alternatives to HubSpot. */
function filterGroups({ stream }: ObjectRun, pass: PassPosition, range: RangePosition): FilterGroup[] {
  const bounds: FilterGroup['filters'] = [{ propertyName: 'hs_object_id', operator: 'GT', value: range.after }];
  if (range.upTo !== null) bounds.push({ propertyName: 'hs_object_id', operator: 'LTE', value: range.upTo });
  if (pass.since !== null) {
    const since = String(Date.parse(pass.since));
    bounds.push({ propertyName: stream.type.modifiedProperty, operator: 'GTE', value: since });
  }
  if (stream.filterGroups.length === 0) return [{ filters: bounds }];
  return stream.filterGroups.map((group) => ({ filters: [...group.filters, ...bounds] }));
}

/**
 * Leaves out records that are gone but still in HubSpot's search index: of those whose tombstone is out, only the ones that a
 * batch read (which does not lag) answers as live are kept, as it answers them.
 */
async function withoutGhosts(run: ObjectRun, rows: ObjectRow[]): Promise<ObjectRow[]> {
  const { archived } = run;
  const suspects = rows.filter((row) => archived.has(row.id)).map((row) => row.id);
  if (suspects.length === 0) return rows;
  const live = await readLive(run, suspects);
  for (const id of live.keys()) archived.delete(id);
  return rows.flatMap((row) => {
    if (!suspects.includes(row.id)) return [row];
    const restored = live.get(row.id);
    return restored ? [restored] : [];
  });
}

/** Of `ids`, the records that are live now, by id. */
export async function readLive({ client, stream }: ObjectRun, ids: readonly string[]): Promise<Map<string, ObjectRow>> {
  const live = new Map<string, ObjectRow>();
  for (let start = 0; start < ids.length; start += BATCH_READ_LIMIT) {
    const batch = ids.slice(start, start + BATCH_READ_LIMIT);
    const request = { objectType: stream.type.name, ids: batch, properties: stream.properties };
    for (const row of await batchRead(client, request)) {
      // A record that was merged away is answered as its survivor.
      if (batch.includes(row.id) && row.archived !== true) live.set(row.id, row);
    }
  }
  return live;
}
