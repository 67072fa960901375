import type { Collection } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { LISTS, Memberships } from '../resources/memberships.js';
import type { Command } from './commands.js';
import { field, idsIn, optional, texts } from './input.js';

/** Changes of what is no CRM record, by the name in the path. */
export const COLLECTION_CHANGES: Readonly<Record<string, Command>> = {
  'collection/put'(body, { portal }) {
    const id = field(body, 'id', 'string');
    named(body, portal).put(id, field(body, 'members', 'object'), optional(body, 'at', 'number').at);
    return { id };
  },
  'collection/archive'(body, { portal }) {
    const { at } = optional(body, 'at', 'number');
    return forEachLive(body, portal, (collection, id) => collection.archive(id, at));
  },
  'collection/erase'(body, { portal }) {
    return forEachLive(body, portal, (collection, id) => collection.erase(id), true);
  },
  'memberships/add'(body, { portal }) {
    const list = listIn(body, portal);
    new Memberships(portal).add(list, texts(body, 'records'), optional(body, 'at', 'number').at);
    return { list };
  },
  'memberships/remove'(body, { portal }) {
    const list = listIn(body, portal);
    new Memberships(portal).remove(list, texts(body, 'records'), optional(body, 'at', 'number').at);
    return { list };
  },
};

/** The paths of all collections. */
export function collectionPaths({ collections }: Portal): string[] {
  return collections.map(({ options }) => options.path).sort();
}

/** The items of a collection as the API answers them, the archived ones besides. @throws Error where there is none at the path */
export function collectionTruth(portal: Portal, path: string): { live: object[]; archived: object[] } {
  const collection = collectionAt(portal, path);
  const json = (archived: boolean) => collection.list(archived).map((item) => collection.json(item));
  return { live: json(false), archived: json(true) };
}

/** @throws Error where there is no such list */
function listIn(body: Record<string, unknown>, portal: Portal): string {
  const list = field(body, 'list', 'string');
  if (
    !collectionAt(portal, LISTS)
      .list(false)
      .some(({ id }) => id === list)
  )
    throw new Error(`there is no list ${list}`);
  return list;
}

function named(body: Record<string, unknown>, portal: Portal): Collection {
  return collectionAt(portal, field(body, 'path', 'string'));
}

function collectionAt({ collections }: Portal, path: string): Collection {
  const collection = collections.find(({ options }) => options.path === path);
  if (!collection) throw new Error(`there is no collection at ${path}; GET collections has their paths`);
  return collection;
}

/** @param isOfArchived whether an archived item will do @throws Error for an id that no such item has */
function forEachLive(
  body: Record<string, unknown>,
  portal: Portal,
  change: (collection: Collection, id: string) => void,
  isOfArchived = false,
): { ids: string[] } {
  const collection = named(body, portal);
  const known = [false, ...(isOfArchived ? [true] : [])].flatMap((archived) => collection.list(archived));
  const ids = idsIn(body).map(String);
  const unknown = ids.find((id) => !known.some((item) => item.id === id));
  if (unknown !== undefined) throw new Error(`there is no item ${unknown} in ${collection.options.path}`);
  for (const id of ids) change(collection, id);
  return { ids };
}
