import type { Item } from '../../../hubspot/api/endpoint.js';
import { standardObject } from '../../../hubspot/api/object-types.js';
import { memberOf } from '../../../json.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { isLive, LISTS, MEMBERS } from '../../resources/crm/lists.js';
import { members } from '../../strategies/members/members.js';
import { whole } from '../../strategies/whole/whole.js';
import { boolean, columns, deprecated, integer, text, time } from './columns.js';
import { MARKED } from './tables.js';

/** Lists of contacts and who is in them: those of other objects have other tables. */
const isOfContacts = ({ objectTypeId }: Item) => objectTypeId === standardObject('contacts').typeId;

const counter = (name: string) => (list: Item) => memberOf(list.additionalProperties, name);

const contactList = whole({
  ...MARKED,
  name: 'contact_list',
  group: 'lists',
  scopes: MEMBERS.scopes,
  subject: MEMBERS.subject,
  endpoint: LISTS,
  itemsOf: (list) => (isOfContacts(list) ? [list] : []),
  isLive,
  key: 'id',
  portalIn: 'portal_id',
  ...columns({
    id: integer('listId'),
    name: text('name'),
    object_type_id: text('objectTypeId'),
    processing_type: text('processingType', 'MANUAL, DYNAMIC or SNAPSHOT.'),
    processing_status: text('processingStatus'),
    list_version: integer('listVersion'),
    created_by_id: text('createdById'),
    created_at: time('createdAt'),
    updated_at: time('updatedAt'),
    filters_updated_at: time('filtersUpdatedAt'),
    portal_id: integer(null, 'The id of the account.'),
    deleteable: deprecated(boolean),
    dynamic: boolean(({ processingType }) => (processingType ? processingType === 'DYNAMIC' : null)),
    metadata_error: deprecated(text),
    metadata_last_processing_state_change_at: deprecated(time),
    metadata_last_size_change_at: deprecated(time),
    metadata_processing: deprecated(text),
    metadata_size: integer((list) => list.size ?? counter('hs_list_size')(list)),
  }),
});

const contactListMember = members({
  ...MEMBERS,
  ...MARKED,
  name: 'contact_list_member',
  parents: { ...MEMBERS.parents, isWanted: (list: Item) => isOfContacts(list) && isLive(list) },
  key: ['contact_list_id', 'contact_id'],
  ...columns({
    contact_list_id: integer('listId'),
    contact_id: integer('recordId'),
    added_at: time('membershipTimestamp'),
  }),
});

export const lists: readonly StreamDeclaration[] = [contactList, contactListMember];
