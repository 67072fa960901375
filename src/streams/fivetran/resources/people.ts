import type { Item } from '../../../hubspot/api/endpoint.js';
import { readItems } from '../../../hubspot/api/endpoint.js';
import type { PortalFacts, StreamDeclaration } from '../../core/stream.js';
import { USER_SCOPES, USERS } from '../../resources/account/of-users.js';
import { ROLES, TEAMS, teamsOfOwner, usersOfTeam } from '../../resources/account/settings.js';
import { OWNER_SCOPES, ownersEndpoint } from '../../resources/crm/owners.js';
import { whole } from '../../strategies/whole/whole.js';
import { boolean, columns, integer, text, time } from './columns.js';
import { KEPT, MARKED } from './tables.js';

/** Owners, users, their roles and teams. */

const OWNERS = { ...ownersEndpoint(false), isShared: true };
const isActive = ({ archived }: Item) => archived !== true;

/** Removed users stay: what they owned still names them. */
const owner = whole({
  ...KEPT,
  name: 'owner',
  group: 'crm',
  scopes: OWNER_SCOPES,
  subject: 'owners',
  endpoint: OWNERS,
  // Two lists that make one collection: an owner moves from one to the other.
  partitions: {
    reading: { calls: '2 for 100' },
    find: async () => ({ all: [EVERY_OWNER], calls: 0, isGone: () => false }),
    probe: async ({ client }: PortalFacts) => void (await readItems(client, OWNERS, null, 1)),
  },
  partitionFields: 0,
  key: 'owner_id',
  portalIn: 'portal_id',
  ...columns({
    owner_id: integer('id'),
    email: text('email'),
    first_name: text('firstName'),
    last_name: text('lastName'),
    active_user_id: integer(
      (item) => (isActive(item) ? item.userId : null),
      'The id of users, null where the owner was removed.',
    ),
    type: text('type', 'PERSON, or QUEUE: its records are not assigned to a person yet.'),
    portal_id: integer(null, 'The id of the account.'),
    is_active: boolean(isActive),
    created_at: time('createdAt'),
    updated_at: time('updatedAt'),
  }),
});

const EVERY_OWNER = {
  id: 'owners',
  endpoints: [OWNERS, { ...ownersEndpoint(true), isShared: true }],
  members: {},
  fingerprint: null,
};

const ownerTeam = whole({
  ...MARKED,
  name: 'owner_team',
  group: 'settings',
  scopes: OWNER_SCOPES,
  subject: 'owners',
  endpoint: OWNERS,
  itemsOf: teamsOfOwner,
  key: ['owner_id', 'team_id'],
  ...columns({
    owner_id: integer('ownerId'),
    team_id: integer('teamId'),
    is_team_primary: boolean('isTeamPrimary'),
  }),
});

/** Those who can log in: the CRM object of that name is another thing. */
const users = whole({
  ...MARKED,
  name: 'users',
  group: 'settings',
  scopes: USER_SCOPES,
  endpoint: USERS,
  key: 'id',
  ...columns({
    id: integer('id', 'The active_user_id of owners.'),
    email: text('email'),
    first_name: text('firstName'),
    last_name: text('lastName'),
    role_id: integer('roleId'),
    primary_team_id: integer('primaryTeamId'),
  }),
});

const role = whole({
  ...MARKED,
  name: 'role',
  group: 'settings',
  scopes: USER_SCOPES,
  subject: 'users',
  endpoint: ROLES,
  key: 'id',
  ...columns({ id: integer('id'), name: text('name'), requires_billing_write: boolean('requiresBillingWrite') }),
});

const team = whole({
  ...TEAMS,
  ...MARKED,
  name: 'team',
  key: 'id',
  ...columns({ id: integer('id'), name: text('name') }),
});

const teamUser = whole({
  ...TEAMS,
  ...MARKED,
  name: 'team_user',
  itemsOf: usersOfTeam,
  key: ['team_id', 'user_id'],
  ...columns({
    team_id: integer('teamId'),
    user_id: integer('userId'),
    is_secondary_user: boolean(
      'isSecondaryUser',
      'Whether the team is one of those that the user has besides the main one.',
    ),
  }),
});

export const people: readonly StreamDeclaration[] = [owner, ownerTeam, users, role, team, teamUser];
