import type { Item } from '../../../hubspot/api/endpoint.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { StreamDeclaration } from '../../core/stream.js';
import { BOOLEAN, DECIMAL, INSTANT, INTEGER, OBJECT, STRING, STRINGS } from '../../layouts/property-schema.js';
import { whole } from '../../strategies/whole/whole.js';
import { collection, itemsIn, single } from '../collection.js';
import { TIERS } from '../tiers.js';
import { ofUsers, USER_SCOPES, USERS } from './of-users.js';

/** The people of an account, and its settings. Those without a cursor have no times: what changes is told by their content. */

/** Those who can log in. The stream `users` is the CRM object of that name, whose records have properties. */
const settingsUsers = whole({
  name: 'settings_users',
  group: 'settings',
  isDefault: true,
  scopes: USER_SCOPES,
  subject: 'users',
  endpoint: USERS,
  key: 'id',
  cursor: null,
  schema: {
    id: { ...STRING, description: 'The userId of owners, and hs_internal_user_id of the CRM object users.' },
    email: STRING,
    firstName: STRING,
    lastName: STRING,
    roleId: STRING,
    roleIds: STRINGS,
    primaryTeamId: STRING,
    secondaryTeamIds: STRINGS,
    superAdmin: BOOLEAN,
    seatNames: STRINGS,
  },
});

/** What users may do. */
export const ROLES = collection('settings', 'roles', paths.roles(), {
  olderPath: '/settings/v3/users/roles',
  paging: 'none',
});

const roles = whole({
  name: 'roles',
  group: 'settings',
  scopes: USER_SCOPES,
  subject: 'users',
  endpoint: ROLES,
  key: 'id',
  cursor: null,
  schema: { id: STRING, name: STRING, requiresBillingWrite: BOOLEAN },
});

/** The teams of a portal, each with the ids of its users. */
export const TEAMS = {
  group: 'settings',
  isDefault: true,
  scopes: [['settings.users.teams.read']],
  subject: 'teams',
  endpoint: collection('settings', 'teams', paths.teams(), {
    olderPath: '/settings/v3/users/teams',
    paging: 'none',
    isShared: true,
  }),
  cursor: null,
} as const;

const teams = whole({
  ...TEAMS,
  name: 'teams',
  key: 'id',
  schema: { id: STRING, name: STRING, userIds: STRINGS, secondaryUserIds: STRINGS },
});

/** Who is in a team. */
export const usersOfTeam = ({ id: teamId, userIds, secondaryUserIds }: Item): readonly Item[] => [
  ...valuesOf(userIds).map((userId) => ({ teamId, userId, isSecondaryUser: false })),
  ...valuesOf(secondaryUserIds).map((userId) => ({ teamId, userId, isSecondaryUser: true })),
];

const teamUsers = whole({
  ...TEAMS,
  name: 'team_users',
  itemsOf: usersOfTeam,
  key: ['teamId', 'userId'],
  schema: {
    teamId: STRING,
    userId: STRING,
    isSecondaryUser: {
      ...BOOLEAN,
      description: 'Whether the team is one of those that the user has besides the main one.',
    },
  },
});

/** The teams of an owner. */
export const teamsOfOwner = ({ id: ownerId, teams: all }: Item): readonly Item[] =>
  itemsIn(all).map(({ id: teamId, name: teamName, primary }) => ({
    ownerId,
    teamId,
    teamName,
    isTeamPrimary: primary,
  }));

const ownerTeams = whole({
  name: 'owner_teams',
  group: 'settings',
  scopes: [['crm.objects.owners.read']],
  subject: 'owners',
  endpoint: collection('owners', 'owners', paths.owners(), { query: { archived: 'false' } }),
  itemsOf: teamsOfOwner,
  key: ['ownerId', 'teamId'],
  cursor: null,
  schema: { ownerId: STRING, teamId: STRING, teamName: STRING, isTeamPrimary: BOOLEAN },
});

const account = whole({
  name: 'account',
  group: 'settings',
  // Every token may read it.
  scopes: [],
  endpoint: single('account', 'account', paths.accountDetails(), {
    olderPath: '/account-info/v3/details',
    id: 'portalId',
  }),
  key: 'portalId',
  cursor: null,
  schema: {
    portalId: INTEGER,
    accountType: STRING,
    timeZone: STRING,
    companyCurrency: STRING,
    additionalCurrencies: STRINGS,
    utcOffset: STRING,
    utcOffsetMilliseconds: INTEGER,
    uiDomain: STRING,
    dataHostingLocation: STRING,
  },
  hasTombstones: false,
});

const unitsOf = (userId: string) =>
  collection('business-units', 'business units', paths.businessUnits(userId), {
    what: `the business units of user ${userId}`,
    olderPath: `/business-units/v3/business-units/user/${userId}`,
    query: { properties: 'logoMetadata' },
    paging: 'none',
  });

const businessUnits = ofUsers({
  name: 'business_units',
  tier: TIERS.units,
  group: 'settings',
  scopes: [['business_units_view.read']],
  endpoint: unitsOf('0'),
  collectionOf: unitsOf,
  cursor: null,
  schema: { id: STRING, name: STRING, logoMetadata: OBJECT },
});

const taxRates = whole({
  name: 'tax_rates',
  group: 'settings',
  scopes: [['tax_rates.read']],
  endpoint: collection('settings', 'tax rates', paths.taxRates()),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    label: STRING,
    percentageRate: DECIMAL,
    active: { ...BOOLEAN, description: 'Whether it can be used. HubSpot never takes a rate out of the list.' },
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const meetingLinks = whole({
  name: 'meeting_links',
  group: 'settings',
  scopes: [['scheduler.meetings.meeting-link.read']],
  subject: 'meeting-link',
  endpoint: collection('scheduler', 'meeting links', paths.meetingLinks(), {
    olderPath: '/scheduler/v3/meetings/meeting-links',
  }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    slug: STRING,
    link: STRING,
    name: STRING,
    type: STRING,
    organizerUserId: STRING,
    userIdsOfLinkMembers: STRINGS,
    defaultLink: BOOLEAN,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const imports = whole({
  name: 'imports',
  group: 'settings',
  scopes: [['crm.import']],
  subject: 'import',
  endpoint: collection('imports', 'imports', paths.imports(), { olderPath: '/crm/v3/imports' }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    importName: STRING,
    importSource: STRING,
    state: { ...STRING, description: 'STARTED, PROCESSING, DONE, FAILED, CANCELED or DEFERRED.' },
    mappedObjectTypeIds: STRINGS,
    metadata: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
  // What was imported stays so, whatever is listed.
  hasTombstones: false,
});

export const settings: readonly StreamDeclaration[] = [
  account,
  settingsUsers,
  roles,
  teams,
  teamUsers,
  ownerTeams,
  businessUnits,
  taxRates,
  meetingLinks,
  imports,
];

function valuesOf(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}
