import type { Item } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, STRING, STRINGS } from '../layouts/property-schema.js';
import { asJson, MILLISECONDS, pick } from '../strategies/resource.js';
import { whole } from '../strategies/whole.js';
import { collection } from './collection.js';

const WORKFLOW: JsonObject = {
  name: STRING,
  id: INTEGER,
  type: STRING,
  enabled: BOOLEAN,
  insertedAt: MILLISECONDS,
  updatedAt: MILLISECONDS,
  personaTagIds: { type: ['null', 'array'], items: INTEGER },
  contactListIds: OBJECT,
  contactListIds_enrolled: INTEGER,
  contactListIds_active: INTEGER,
  contactListIds_completed: INTEGER,
  contactListIds_succeeded: INTEGER,
  contactListIds_steps: STRINGS,
  lastUpdatedByUserId: INTEGER,
  contactCounts: OBJECT,
  description: STRING,
  originalAuthorUserId: INTEGER,
  migrationStatus: OBJECT,
  updateSource: OBJECT,
  creationSource: OBJECT,
  portalId: INTEGER,
};

/** source-hubspot has the members of `contactListIds` as fields besides. */
function withLists(workflow: Item): JsonObject {
  const lists = Object.entries(asJson(workflow.contactListIds) ?? {});
  return {
    ...pick(WORKFLOW, workflow),
    ...Object.fromEntries(lists.map(([kind, value]) => [`contactListIds_${kind}`, value])),
  };
}

/** Workflows of contacts, in source-hubspot's layout: HubSpot answers no others here. All of them are in `flows`. */
const workflows = whole({
  name: 'workflows',
  group: 'automation',
  scopes: [['automation']],
  subject: 'automation',
  endpoint: collection('automation', 'workflows', paths.workflows(), { results: 'workflows', paging: 'none' }),
  key: 'id',
  cursor: 'updatedAt',
  schema: WORKFLOW,
  record: withLists,
});

const flows = whole({
  name: 'flows',
  group: 'automation',
  scopes: [['automation']],
  subject: 'automation',
  endpoint: collection('automation', 'flows', paths.flows()),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    uuid: STRING,
    name: STRING,
    flowType: STRING,
    isEnabled: BOOLEAN,
    objectTypeId: STRING,
    revisionId: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

export const automation: readonly StreamDeclaration[] = [workflows, flows];
