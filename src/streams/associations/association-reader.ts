import { RequestError } from '../../errors.js';
import { ASSOCIATIONS_LIMIT, type Link, readLinks } from '../../hubspot/api/associations.js';
import type { ObjectType } from '../../hubspot/api/object-types.js';
import { LIST_LIMIT } from '../../hubspot/api/objects.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { log } from '../../log.js';
import type { JsonObject, SyncMode } from '../../protocol/messages.js';
import type { RecordSink } from '../core/sink.js';
import { checkPortal, checkVersion } from '../core/state-checks.js';
import type { ReadOptions } from '../crm/run/object-run.js';
import { REFRESH_COMPLETE } from '../crm/run/object-state.js';
import { type AssociationStream, encodeLink } from './association-stream.js';
import type { ParentIds } from './parent-ids.js';

const VERSION = 1;
/** Records handed on at once. */
const BATCH = 1000;

interface AssociationState {
  portal: number | null;
  /** The latest emitted_at so far, epoch ms; it never falls. */
  emittedAt: number;
  /** The type ids of the two objects, since a stream may keep its name and be of others the next time. */
  from: string;
  to: string;
  /** Where the list of the `from` object's records is to be read on; null: the stream is complete. */
  load: { after: string | null } | null;
}

/** Records whose associations are read by one call, and where the list of them goes on. */
interface ParentBatch {
  ids: string[];
  after: string | null;
}

/**
 * Reads an association stream whole, or what is left of a read that was interrupted: the ids of the `from` object by list, and
 * for each 1,000 of them their associations by batch read. The position is in the state after each 1,000.
 *
 * The list's own `associations` would not do: it names neither the category nor the number of a type. Nor does a start date
 * leave anything out, since associations change on records that do not.
 *
 * @param mode incremental is read as a full refresh, too, as there is no cursor
 * @returns the fewest calls in which HubSpot gives what was read, besides those for the ids
 */
export async function readAssociationStream(
  client: HubSpotClient,
  stream: AssociationStream,
  parents: ParentIds,
  sink: RecordSink,
  { portalId }: ReadOptions,
  given: JsonObject | null,
  mode: SyncMode,
): Promise<number> {
  const state = parseState(given, stream, portalId);
  // Given to a later attempt of a job, the mark says that an earlier attempt has finished this stream.
  if (mode === 'full_refresh' && given?.[REFRESH_COMPLETE] === true) {
    await sink.state(stream.name, given);
    return 0;
  }
  if (mode === 'incremental') log.info(`${stream.name} has no cursor, so it is read as a full refresh.`);
  state.load ??= { after: null };
  let calls = 0;
  let batch = await firstBatch(parents, stream, state.load);
  for (;;) {
    const { ids, after } = batch;
    // The next ids travel while these are worked on.
    const next = after === null ? null : parentBatch(parents, stream, after);
    next?.catch(() => undefined);
    for await (const links of readLinks(client, stream.from, stream.to, ids)) {
      calls += 1;
      await emit(links, client, stream, state, sink);
    }
    state.load = after === null ? null : { after };
    await sink.state(stream.name, stateJson(state, mode));
    if (next === null) return calls;
    batch = await next;
  }
}

/** The batch to start at. A position that HubSpot no longer accepts starts the stream anew. */
async function firstBatch(
  parents: ParentIds,
  stream: AssociationStream,
  { after }: { after: string | null },
): Promise<ParentBatch> {
  try {
    return await parentBatch(parents, stream, after);
  } catch (error) {
    if (after === null || !(error instanceof RequestError) || error.status !== 400) throw error;
    log.warn(`HubSpot no longer accepts where the read of ${stream.name} stopped; it starts anew.`);
    return parentBatch(parents, stream, null);
  }
}

async function parentBatch(
  parents: ParentIds,
  { from }: AssociationStream,
  start: string | null,
): Promise<ParentBatch> {
  const ids: string[] = [];
  let after = start;
  do {
    const page = await parents.page(from, after);
    ids.push(...page.ids);
    after = page.after;
  } while (after !== null && ids.length + LIST_LIMIT <= ASSOCIATIONS_LIMIT);
  return { ids, after };
}

async function emit(
  links: readonly Link[],
  client: HubSpotClient,
  stream: AssociationStream,
  state: AssociationState,
  sink: RecordSink,
): Promise<void> {
  state.emittedAt = Math.max(state.emittedAt, client.clock.now());
  for (let start = 0; start < links.length; start += BATCH) {
    await sink.records(stream.name, links.slice(start, start + BATCH).map(encodeLink), state.emittedAt);
  }
}

function parseState(given: JsonObject | null, stream: AssociationStream, portalId: number | null): AssociationState {
  const state = { portal: portalId, emittedAt: 0, from: keyOf(stream.from), to: keyOf(stream.to), load: null };
  const own = given?.hubflake as (Partial<AssociationState> & { version?: number }) | undefined;
  // source-hubspot's state of such a stream holds nothing that a read could go on from.
  if (own === undefined) return state;
  checkVersion(stream.name, own.version, VERSION);
  checkPortal(stream.name, own.portal, portalId);
  const isSame = own.from === state.from && own.to === state.to;
  if (!isSame) log.info(`${stream.name} is read from the start: it is of other objects than before.`);
  return {
    ...state,
    portal: portalId ?? own.portal ?? null,
    emittedAt: own.emittedAt ?? 0,
    load: isSame ? (own.load ?? null) : null,
  };
}

function keyOf({ typeId, name }: ObjectType): string {
  return typeId ?? name;
}

/** Only a full refresh gets the mark: a platform keeps the state of an increment for the next sync, which reads all anew. */
function stateJson(state: AssociationState, mode: SyncMode): JsonObject {
  const complete = state.load === null && mode === 'full_refresh';
  return {
    ...(complete ? { [REFRESH_COMPLETE]: true } : {}),
    hubflake: { version: VERSION, ...(state as unknown as JsonObject) },
  };
}
