import type { Item } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { StreamDeclaration } from '../core/stream.js';
import { INSTANT, INTEGER, OBJECT, STRING } from '../layouts/property-schema.js';
import { pick } from '../strategies/resource.js';
import { whole } from '../strategies/whole.js';
import { collection } from './collection.js';

/** What HubSpot counts of a list, which changes without its time of update. */
const COUNTERS = ['hs_list_size', 'hs_last_record_added_at', 'hs_last_record_removed_at', 'hs_folder_name'];

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

/** The lists of all objects, by a path whose cursor has no end at 10,000 as the search of lists has. */
const contactLists = whole({
  name: 'contact_lists',
  group: 'lists',
  scopes: [['crm.lists.read', 'crm.segments.read']],
  subject: 'lists',
  endpoint: collection('lists', 'lists', paths.lists(), {
    body: { additionalProperties: COUNTERS },
    id: 'listId',
    limit: 500,
  }),
  isLive: ({ deletedAt }) => (deletedAt ?? null) === null,
  key: 'listId',
  cursor: 'updatedAt',
  schema: SCHEMA,
  record: (list: Item) => ({ ...pick(SCHEMA, list), size: sizeOf(list) }),
});

/** As a member, or among the counters, where HubSpot's values are texts. */
function sizeOf({ size, additionalProperties }: Item): number | null {
  const counted = size ?? (additionalProperties as Item | undefined)?.hs_list_size;
  return counted === undefined || counted === null || counted === '' ? null : Number(counted);
}

export const lists: readonly StreamDeclaration[] = [contactLists];
