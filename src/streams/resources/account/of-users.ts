import type { Endpoint } from '../../../hubspot/api/endpoint.js';
import type { Scopes } from '../../../hubspot/api/object-types.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { ofEach } from '../../strategies/parents.js';
import type { WholeResource } from '../../strategies/whole/resource.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection } from '../collection.js';

/** Those who can log in, by whom HubSpot answers some collections. */
export const USERS = collection('settings', 'users', paths.users(), {
  olderPath: '/settings/v3/users',
  isShared: true,
});
export const USER_SCOPES: Scopes = [['settings.users.read', 'crm.objects.users.read']];

type OfUsers = Omit<WholeResource, 'partitions' | 'partitionFields' | 'key'> & {
  /** What HubSpot answers for a user. */
  collectionOf: (userId: string) => Endpoint;
};

/**
 * A collection of which HubSpot only answers what a user may see: the union over all users, each item once. A user who is refused twice
 * running, for want of a seat for example, is taken to see nothing.
 */
export function ofUsers({ collectionOf, scopes, ...resource }: OfUsers): StreamDeclaration {
  return whole({
    ...resource,
    scopes: [...scopes, ...USER_SCOPES],
    partitions: ofEach({
      endpoints: [USERS],
      id: 'id',
      as: 'seenBy',
      collectionsOf: ({ id }) => [collectionOf(id)],
    }),
    partitionFields: 0,
    key: 'id',
  });
}
