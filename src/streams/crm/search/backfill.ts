import { UnavailableError } from '../../../errors.js';
import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import { SEARCH_LIMIT, searchPage } from '../../../hubspot/api/search.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { ObjectStream } from '../object-stream.js';
import { readAssociated } from '../run/associated.js';
import type { ObjectRun } from '../run/object-run.js';
import { type BackfillPosition, EVERY_ID } from '../run/object-state.js';
import { queryOf } from './ranges.js';
import { boundedGroups, rangeGroups } from './search-filters.js';
import { resolveStaleRows } from './stale-rows.js';

/** HubSpot's limit of filter groups per search, each of which searches for one property. */
const MOST_GROUPS = 5;

/** Properties that one search covers. */
interface PropertyGroup {
  names: readonly string[];
  /** The stream with filters for records that have a value for one of the properties. */
  stream: ObjectStream;
}

/**
 * Counts the records that have a value for some properties. Most new properties have few values, so searching for these records
 * takes fewer calls than a reload.
 *
 * @returns null: a reload takes fewer calls
 */
export async function countForBackfill(
  client: HubSpotClient,
  stream: ObjectStream,
  names: readonly string[],
): Promise<number | null> {
  const all = await countOf(client, stream);
  let found = 0;
  for (const group of propertyGroupsOf(stream, names)) {
    found += await countOf(client, group.stream);
    if (2 * found > all) return null;
  }
  return found;
}

/** Reads the records that have a value for the properties of the state's backfill, by ascending id. A state follows each page. */
export async function readBackfill(run: ObjectRun): Promise<void> {
  const { state } = run;
  while (state.backfill) {
    const [group] = propertyGroupsOf(run.stream, state.backfill.names);
    if (group) await readPropertyGroup(run, state.backfill, group);
    else state.backfill = null;
  }
}

async function readPropertyGroup(run: ObjectRun, backfill: BackfillPosition, group: PropertyGroup): Promise<void> {
  const { state, client, stream } = run;
  const search = new KeyedSearch(client, queryOf(group.stream, { since: stream.updatedAfter }));
  let found = 0;
  for (let isLast = false; !isLast; ) {
    const page = await search.next({ after: backfill.after, upTo: null });
    const live = await resolveStaleRows(run, page.rows);
    await run.emitLive(live, await readAssociated(run, live), null, true, { is: 'values' });
    found += page.rows.length;
    ({ reached: backfill.after, isLast } = page);
    if (!isLast) await run.save();
  }
  run.tally(found, SEARCH_LIMIT);
  if (found > 0) for (const _ of stream.associations) run.tally(found, ASSOCIATIONS_LIMIT);
  if (search.isUnsettled) {
    backfill.after = EVERY_ID.after;
    await run.save();
    throw new UnavailableError(
      `HubSpot's search of ${stream.name} counts records that it does not show, so it is not known whether all were read that have ` +
        'a value for a new property. Run it again later.',
    );
  }
  const left = backfill.names.filter((name) => !group.names.includes(name));
  state.backfill = left.length > 0 ? { names: left, after: EVERY_ID.after } : null;
  await run.save();
}

/** The number of searches that {@link countForBackfill} takes. */
export function backfillCounts(stream: ObjectStream, names: readonly string[]): number {
  return 1 + propertyGroupsOf(stream, names).length;
}

/** If a stream has filters, they take up the groups of a search, so each property needs its own search. */
function propertyGroupsOf(stream: ObjectStream, names: readonly string[]): PropertyGroup[] {
  const size = stream.filterGroups.length === 0 ? MOST_GROUPS : 1;
  const groups: PropertyGroup[] = [];
  for (let start = 0; start < names.length; start += size) {
    const some = names.slice(start, start + size);
    const filterGroups = some.flatMap((propertyName) =>
      boundedGroups(stream, [{ propertyName, operator: 'HAS_PROPERTY' }]),
    );
    groups.push({ names: some, stream: { ...stream, filterGroups } });
  }
  return groups;
}

async function countOf(client: HubSpotClient, stream: ObjectStream): Promise<number> {
  const filterGroups = rangeGroups(stream, { since: stream.updatedAfter }, EVERY_ID);
  return (await searchPage(client, { type: stream.type, properties: [], filterGroups, limit: 1 })).total;
}
