import { UnavailableError } from '../../../errors.js';
import { ASSOCIATIONS_LIMIT } from '../../../hubspot/api/associations.js';
import { KeyedSearch } from '../../../hubspot/api/keyed-search.js';
import { SEARCH_LIMIT, searchPage } from '../../../hubspot/api/search.js';
import type { HubSpotClient } from '../../../hubspot/client/client.js';
import type { ObjectStream } from '../object-stream.js';
import { readAssociated } from '../run/associated.js';
import type { ObjectRun } from '../run/object-run.js';
import { EVERY_ID, type FillPosition } from '../run/object-state.js';
import { withoutGhosts } from './ghosts.js';
import { queryOf } from './ranges.js';
import { boundedGroups, rangeGroups } from './search-filters.js';

/** HubSpot's most groups in a search: of a stream without filters, as many properties are asked for at once. */
const MOST_GROUPS = 5;

/** Some properties of a stream that are searched for at once. */
interface Portion {
  names: readonly string[];
  /** The stream as a search for the records that have a value for one of them. */
  stream: ObjectStream;
}

/**
 * Whether it takes fewer calls to search for the records that have a value for some properties than to load the stream again: most
 * properties that are new have few.
 *
 * @returns how many records those are; null where the stream is better loaded again
 */
export async function worthFilling(
  client: HubSpotClient,
  stream: ObjectStream,
  names: readonly string[],
): Promise<number | null> {
  const all = await countOf(client, stream);
  let found = 0;
  for (const portion of portionsOf(stream, names)) {
    found += await countOf(client, portion.stream);
    if (2 * found > all) return null;
  }
  return found;
}

/**
 * Reads the records that have a value for the properties of the state's fill: by ascending id, each as it is now. A state behind each
 * page says how far it came.
 */
export async function fillIn(run: ObjectRun): Promise<void> {
  const { state } = run;
  while (state.fill) await fillPortion(run, state.fill);
}

async function fillPortion(run: ObjectRun, fill: FillPosition): Promise<void> {
  const { state, client, stream } = run;
  const [portion] = portionsOf(stream, fill.names) as [Portion, ...Portion[]];
  const search = new KeyedSearch(client, queryOf(portion.stream, { since: stream.updatedAfter }));
  let found = 0;
  for (let isLast = false; !isLast; ) {
    const page = await search.next({ after: fill.after, upTo: null });
    const live = await withoutGhosts(run, page.rows);
    await run.emitLive(live, await readAssociated(client, stream, live), null, true);
    found += page.rows.length;
    ({ reached: fill.after, isLast } = page);
    if (!isLast) await run.save();
  }
  run.tally(found, SEARCH_LIMIT);
  if (found > 0) for (const _ of stream.associations) run.tally(found, ASSOCIATIONS_LIMIT);
  if (search.isUnsettled) {
    fill.after = EVERY_ID.after;
    await run.save();
    throw new UnavailableError(
      `HubSpot's search of ${stream.name} counts records that it does not show, so it is not known whether all were read that have ` +
        'a value for a new property. Run it again later.',
    );
  }
  const left = fill.names.filter((name) => !portion.names.includes(name));
  state.fill = left.length > 0 ? { names: left, after: EVERY_ID.after } : null;
  await run.save();
}

/** How many searches that takes. */
export function questionsToFill(stream: ObjectStream, names: readonly string[]): number {
  return 1 + portionsOf(stream, names).length;
}

/** A stream's own filters take the groups of a search: then each property is asked for by itself. */
function portionsOf(stream: ObjectStream, names: readonly string[]): Portion[] {
  const size = stream.filterGroups.length === 0 ? MOST_GROUPS : 1;
  const portions: Portion[] = [];
  for (let start = 0; start < names.length; start += size) {
    const some = names.slice(start, start + size);
    const filterGroups = some.flatMap((propertyName) =>
      boundedGroups(stream, [{ propertyName, operator: 'HAS_PROPERTY' }]),
    );
    portions.push({ names: some, stream: { ...stream, filterGroups } });
  }
  return portions;
}

async function countOf(client: HubSpotClient, stream: ObjectStream): Promise<number> {
  const filterGroups = rangeGroups(stream, { since: stream.updatedAfter }, EVERY_ID);
  return (await searchPage(client, { type: stream.type, properties: [], filterGroups, limit: 1 })).total;
}
