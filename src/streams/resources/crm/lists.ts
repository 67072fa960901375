import type { Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject, JsonValue } from '../../../protocol/messages.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { stateValue } from '../../core/stream-state.js';
import { INSTANT, INTEGER, OBJECT, STRING } from '../../layouts/property-schema.js';
import { members } from '../../strategies/members/members.js';
import type { Parent } from '../../strategies/parents.js';
import { pick } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection } from '../collection.js';

/** What HubSpot counts of a list, which changes without its time of update: as texts. */
const COUNTERS = ['hs_list_size', 'hs_last_record_added_at', 'hs_last_record_removed_at', 'hs_list_reference_count'];

const SCHEMA: JsonObject = {
  processingType: { ...STRING, description: 'MANUAL, DYNAMIC or SNAPSHOT.' },
  objectTypeId: STRING,
  updatedById: STRING,
  filtersUpdatedAt: INSTANT,
  listId: STRING,
  createdAt: INSTANT,
  processingStatus: STRING,
  deletedAt: INSTANT,
  listVersion: INTEGER,
  name: STRING,
  additionalProperties: OBJECT,
  createdById: STRING,
  updatedAt: INSTANT,
  size: INTEGER,
};

export const LISTS = collection('lists', 'lists', paths.lists(), {
  // A search, which ends at 10,000 lists.
  olderPath: '/crm/v3/lists/search',
  olderForm: { results: 'lists', paging: 'offset' },
  body: { additionalProperties: [...COUNTERS, 'hs_folder_name'] },
  id: 'listId',
  limit: 500,
  isShared: true,
});

/** A list that was deleted stays among the others for as long as it can be restored. */
export const isLive = ({ deletedAt }: Item) => (deletedAt ?? null) === null;

/** The lists of all objects, by a path whose cursor has no end at 10,000 as the search of lists has. */
const contactLists = whole({
  name: 'contact_lists',
  group: 'lists',
  isDefault: true,
  scopes: [['crm.lists.read', 'crm.segments.read']],
  subject: 'lists',
  endpoint: LISTS,
  isLive,
  key: 'listId',
  cursor: 'updatedAt',
  schema: SCHEMA,
  record: (list: Item) => withNumbers(pick(SCHEMA, list)),
});

/** Counters are numbers, as in source-hubspot. The size is a member, too, or among them. */
function withNumbers({ size, additionalProperties, ...list }: JsonObject): JsonObject {
  const more = stateValue.object(additionalProperties);
  const counted = Object.entries(more ?? {}).map(([name, value]) => [
    name,
    COUNTERS.includes(name) ? numberOf(value) : value,
  ]);
  const numbers: JsonObject = Object.fromEntries(counted);
  return {
    ...list,
    additionalProperties: more ? numbers : (additionalProperties ?? null),
    size: size ?? numbers.hs_list_size ?? null,
  };
}

/** A text that is no number stays as it is, but for an empty one. */
function numberOf(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  return value === '' ? null : /^\d+$/.test(value) ? Number(value) : value;
}

const membersOf = (list: string, path: (list: string) => string, olderPath: string) =>
  collection('lists', `members of list ${list}`, path(list), { olderPath, id: 'recordId', limit: 250 });

/** How the records of lists are read. */
export const MEMBERS = {
  group: 'lists',
  scopes: [['crm.lists.read', 'crm.segments.read']],
  subject: 'lists',
  endpoint: membersOf('0', paths.listMembers, '/crm/v3/lists/0/memberships'),
  parents: {
    endpoints: [LISTS],
    id: 'listId',
    as: 'listId',
    others: { objectTypeId: 'objectTypeId' },
    isWanted: isLive,
  },
  countersOf: (list: Item) => ({
    added: counter(list, 'hs_last_record_added_at'),
    removed: counter(list, 'hs_last_record_removed_at'),
    size: sizeOf(list),
  }),
  membersOf: ({ id }: Parent) => membersOf(id, paths.listMembers, `/crm/v3/lists/${id}/memberships`),
  newestOf: ({ id }: Parent) => membersOf(id, paths.listMembersByJoining, `/crm/v3/lists/${id}/memberships/join-order`),
  since: 'membershipTimestamp',
  overlapMinutes: 60,
  relookDays: 7,
} as const;

/** The records of every list, of contacts and of other objects. */
const listMemberships = members({
  ...MEMBERS,
  name: 'list_memberships',
  key: ['listId', 'recordId'],
  cursor: null,
  schema: {
    listId: STRING,
    recordId: STRING,
    objectTypeId: { ...STRING, description: "The type of the list's records: 0-1 are contacts." },
    membershipTimestamp: { ...INSTANT, description: 'When the record was added to the list.' },
  },
});

/** As a member, or among the counters. */
function sizeOf(list: Item): number | null {
  const counted = typeof list.size === 'number' ? list.size : counter(list, 'hs_list_size');
  return counted === null ? null : Number(counted);
}

/** A counter of a list; null: HubSpot does not say. */
function counter({ additionalProperties }: Item, name: string): string | null {
  const value = (additionalProperties as Item | undefined)?.[name] ?? null;
  return value === null || value === '' ? null : String(value);
}

export const lists: readonly StreamDeclaration[] = [contactLists, listMemberships];
