import type { Endpoint, Item } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING, STRINGS } from '../layouts/property-schema.js';
import { ofEach } from '../strategies/parents.js';
import { asJson, MILLISECONDS, pick } from '../strategies/resource.js';
import { whole } from '../strategies/whole/whole.js';
import { ofUsers } from './account/of-users.js';
import { collection } from './collection.js';
import { sequenceEnrollments } from './enrollments.js';
import { TIERS } from './tiers.js';

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
  tier: TIERS.marketing,
  group: 'automation',
  scopes: [['automation']],
  subject: 'automation',
  endpoint: collection('automation', 'workflows', paths.workflows(), { results: 'workflows', paging: 'none' }),
  key: 'id',
  cursor: 'updatedAt',
  schema: WORKFLOW,
  record: withLists,
});

const FLOWS = collection('automation', 'flows', paths.flows(), { isShared: true });

const flows = whole({
  name: 'flows',
  tier: TIERS.marketing,
  group: 'automation',
  scopes: [['automation']],
  subject: 'automation',
  endpoint: FLOWS,
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

/** HubSpot documents no maximum. */
const BATCH = 50;

const DEFINITIONS = {
  most: BATCH,
  endpoint: (ids: readonly string[]): Endpoint =>
    collection('automation', 'flow definitions', paths.flowsBatch(), {
      body: { inputs: ids.map((flowId) => ({ flowId, type: 'FLOW_ID' })) },
      paging: 'none',
    }),
};

/** What flows do, of which their list says nothing: read again where a flow has another revision. */
const flowDefinitions = whole({
  name: 'flow_definitions',
  tier: TIERS.marketing,
  group: 'automation',
  scopes: [['automation']],
  subject: 'automation',
  endpoint: DEFINITIONS.endpoint([]),
  partitions: ofEach({
    endpoints: [FLOWS],
    id: 'id',
    as: 'id',
    together: DEFINITIONS,
    fingerprint: ({ revisionId, updatedAt }) => `${revisionId}|${updatedAt}`,
  }),
  key: 'id',
  cursor: 'updatedAt',
  schema: {
    id: STRING,
    name: STRING,
    description: STRING,
    type: STRING,
    flowType: STRING,
    objectTypeId: STRING,
    isEnabled: BOOLEAN,
    revisionId: STRING,
    startActionId: STRING,
    actions: OBJECTS,
    enrollmentCriteria: OBJECT,
    enrollmentSchedule: OBJECT,
    goalFilterBranch: OBJECT,
    dataSources: OBJECTS,
    suppressionListIds: { type: ['null', 'array'], items: INTEGER },
    timeWindows: OBJECTS,
    blockedDates: OBJECTS,
    customProperties: OBJECT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
  },
});

const sequencesOf = (userId: string) =>
  collection('automation', 'sequences', paths.sequences(), {
    what: `the sequences of user ${userId}`,
    olderPath: '/automation/v4/sequences',
    query: { userId },
  });

const sequences = ofUsers({
  name: 'sequences',
  tier: TIERS.sales,
  group: 'automation',
  scopes: [['automation.sequences.read']],
  endpoint: sequencesOf('0'),
  collectionOf: sequencesOf,
  cursor: 'updatedAt',
  schema: { id: STRING, name: STRING, folderId: STRING, userId: STRING, createdAt: INSTANT, updatedAt: INSTANT },
});

export const automation: readonly StreamDeclaration[] = [
  workflows,
  flows,
  flowDefinitions,
  sequences,
  sequenceEnrollments,
];
