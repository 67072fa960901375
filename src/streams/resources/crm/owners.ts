import type { Item } from '../../../hubspot/api/endpoint.js';
import type { Scopes } from '../../../hubspot/api/object-types.js';
import { CALLS } from '../../../hubspot/client/calls.js';
import { paths } from '../../../hubspot/client/paths.js';
import type { JsonObject } from '../../../protocol/messages.js';
import { BOOLEAN, INSTANT, INTEGER, STRING } from '../../layouts/property-schema.js';
import { pick } from '../../strategies/resource.js';
import { whole } from '../../strategies/whole/whole.js';

const SCHEMA: JsonObject = {
  id: STRING,
  email: STRING,
  /** PERSON, or QUEUE: a queue's records are not assigned to a person yet. */
  type: STRING,
  firstName: STRING,
  lastName: STRING,
  userId: INTEGER,
  userIdIncludingInactive: INTEGER,
  createdAt: INSTANT,
  updatedAt: INSTANT,
  archived: BOOLEAN,
  teams: { type: ['null', 'array'], items: { type: ['null', 'object'], additionalProperties: true } },
};

/** The users of a portal, those who are there or those who were removed. */
export const ownersEndpoint = (archived: boolean) => ({
  kind: CALLS.owners,
  path: paths.owners(),
  query: { archived: String(archived) },
  what: archived ? 'archived owners' : 'owners',
  paging: 'after' as const,
});

export const OWNER_SCOPES: Scopes = [['crm.objects.owners.read']];

const OWNERS = {
  group: 'crm' as const,
  keepsNames: true,
  scopes: OWNER_SCOPES,
  key: 'id',
  cursor: 'updatedAt',
  schema: SCHEMA,
  record(owner: Item): JsonObject {
    const fields = pick(SCHEMA, owner);
    const { updatedAt, createdAt, archived, teams } = fields;
    return { ...fields, updatedAt: updatedAt ?? createdAt ?? null, archived: archived ?? false, teams: teams ?? [] };
  },
};

/** The portal's users; removed ones are tombstones. */
export const owners = whole({
  ...OWNERS,
  name: 'owners',
  endpoint: ownersEndpoint(false),
  archived: ownersEndpoint(true),
});

/** Removed users as rows: source-hubspot has a separate stream for them. */
export const ownersArchived = whole({
  ...OWNERS,
  name: 'owners_archived',
  subject: 'owners',
  endpoint: ownersEndpoint(true),
  hasTombstones: false,
});
