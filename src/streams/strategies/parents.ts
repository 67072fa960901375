import { RequestError } from '../../errors.js';
import { type Endpoint, hasId, type Item, pagesOf, readItems } from '../../hubspot/api/endpoint.js';
import type { HubSpotClient } from '../../hubspot/client/client.js';
import { isRefusal } from '../../hubspot/client/error-kinds.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { EpochMs } from '../../time.js';
import type { PortalFacts } from '../core/stream.js';
import type { Partition, PartitionSource, Partitions } from './partitions.js';
import { asJson } from './resource.js';

/** The items of a collection by which HubSpot answers the items of another: lists and their members, forms and what was submitted. */
export interface Parents {
  /** The collections that have them: live ones, and others if those have children too. */
  endpoints: readonly Endpoint[];
  /** A parent's member that identifies it, and the field of its children that has this id. */
  id: string;
  as: string;
  /** Whether a parent may have children; by default all may. */
  isWanted?: (parent: Item) => boolean;
  /** The parent's other members that its children have, by their fields there. */
  others?: Readonly<Record<string, string>>;
  /** The parents that an item of the collections names, where it is none itself. */
  parentsIn?: (item: Item) => readonly Item[];
}

/** A parent as its children see it. */
export interface Parent {
  id: string;
  item: Item;
  /** What each child has of it. */
  members: JsonObject;
}

/** A parent as its children see it. Throws a RequestError if it has no id, since its children would be taken to be gone. */
export function parentOf({ id, as, others = {} }: Parents, item: Item): Parent {
  if (!hasId(item, id)) {
    throw new RequestError(`HubSpot returned an item without ${id}, so what belongs to it cannot be requested.`, 200);
  }
  const known = String(item[id]);
  const more = Object.entries(others).map(([field, member]) => [field, asJson(item[member])]);
  return { id: known, item, members: { ...Object.fromEntries(more), [as]: known } };
}

/** Reads all parents. The pages are shared among the streams of a run. */
export async function readParents(
  { client }: PortalFacts,
  all: Parents,
): Promise<{ parents: Parent[]; calls: number }> {
  const parents = new Map<string, Parent>();
  let calls = 0;
  for (const endpoint of all.endpoints) {
    for await (const page of pagesOf(client, { ...endpoint, isShared: true })) {
      calls += page.calls;
      for (const item of parentItems(all, page.items)) {
        const parent = parentOf(all, item);
        parents.set(parent.id, parent);
      }
    }
  }
  return { parents: [...parents.values()], calls };
}

/** The parents among the items of a collection. */
export function parentItems({ parentsIn, isWanted = () => true }: Parents, items: readonly Item[]): readonly Item[] {
  return (parentsIn ? items.flatMap(parentsIn) : items).filter(isWanted);
}

/** The most parents whose children are requested to find out whether the token may read any. */
const MOST_PROBED = 10;

/**
 * Finds out with few calls whether the token may read what hangs on parents. Throws the first refusal if none of those that are asked can
 * be.
 */
export async function probeParents(
  client: HubSpotClient,
  all: Parents,
  endpointsOf: (parent: Parent) => readonly Endpoint[],
): Promise<void> {
  const [endpoint] = all.endpoints;
  if (!endpoint) return;
  let refusal: unknown = null;
  const { items } = await readItems(client, endpoint, null, MOST_PROBED);
  for (const item of parentItems(all, items).slice(0, MOST_PROBED)) {
    try {
      for (const each of endpointsOf(parentOf(all, item))) await readItems(client, each, null, 1);
      return;
    } catch (error) {
      // Of one parent alone, HubSpot may refuse it: a user without a seat, a form that has no submissions.
      if (!isRefusal(error, [400, 404])) throw error;
      refusal ??= error;
    }
  }
  if (refusal !== null) throw refusal;
}

/** How the children of parents are read. */
export interface ChildCollections extends Parents {
  /** The collections that have a parent's children. Where HubSpot answers those of several at once, see {@link Partitions.together}. */
  collectionsOf?: (parent: Parent) => readonly Endpoint[];
  together?: Partitions['together'];
  /** See {@link Partition.fingerprint}; by default it cannot be told. @param now HubSpot's time */
  fingerprint?: (parent: Item, now: EpochMs) => string | null;
}

/** A stream's partitions: one for each parent. The first field of its key is the parent's id. */
export function ofEach(children: ChildCollections): PartitionSource {
  const { collectionsOf = () => [], together, fingerprint = () => null } = children;
  const calls = together ? `1 for ${together.most} parents` : '1 a parent';
  const reading = children.fingerprint
    ? { increment: 'parents that moved, by hash', calls: `${calls} that moved` }
    : { calls };
  return {
    reading,
    async find(portal) {
      const { parents, calls } = await readParents(portal, children);
      const now = portal.client.clock.now();
      const known = new Set(parents.map(({ id }) => id));
      const all = parents.map(
        (parent): Partition => ({
          id: parent.id,
          endpoints: collectionsOf(parent),
          members: parent.members,
          fingerprint: fingerprint(parent.item, now),
        }),
      );
      return { all, calls, isGone: (id) => !known.has(id), together };
    },
    probe: ({ client }) =>
      probeParents(client, children, (parent) => (together ? [together.endpoint([parent.id])] : collectionsOf(parent))),
  };
}
