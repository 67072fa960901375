import { iso } from '../portal/clock.js';
import type { Collection, CollectionItem, CollectionOptions } from '../portal/collection.js';
import { itemJson } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { valueAt } from '../portal/values.js';
import { numbered } from './sample.js';

const FLOWS = '/automation/v4/flows';
const DEFINITIONS = `${FLOWS}/:flow`;
const FIRST_FLOW = 1101;
const COUNT = 8;

/** Workflows by both APIs that have them, sequences, and the contacts that are in one. @param userIds who can log in */
export function automationResources(portal: Portal, userIds: readonly string[]): CollectionOptions[] {
  const { portalId } = portal.account;
  const userOf = (n: number) => userIds[n % (userIds.length || 1)];
  return [
    {
      path: '/automation/v3/workflows',
      scopes: [['automation']],
      paging: 'none',
      results: 'workflows',
      shape: workflowShape,
      items: numbered(6, 1001, (n) => ({
        name: `Workflow ${n}`,
        type: 'DRIP_DELAY',
        enabled: n % 2 === 0,
        description: n === 1 ? null : `What ${n} does`,
        contactListIds: { enrolled: 10 + n, active: 20 + n, completed: 30 + n, succeeded: 40 + n, steps: [] },
        contactCounts: { active: n, enrolled: 10 * n },
        personaTagIds: [],
        portalId,
      })),
    },
    {
      path: FLOWS,
      scopes: [['automation']],
      items: numbered(COUNT, FIRST_FLOW, (n) => ({
        uuid: `00000000-0000-4000-8000-0000000000${10 + n}`,
        name: `Flow ${n}`,
        flowType: n % 3 === 0 ? 'ACTION_SET' : 'WORKFLOW',
        isEnabled: n % 2 === 0,
        objectTypeId: '0-1',
        revisionId: String(n),
      })),
    },
    {
      path: DEFINITIONS,
      scopes: [['automation']],
      paging: 'one',
      within: { of: FLOWS, id: 'flow', by: { flow: 'flow' } },
      shape: definitionShape,
      items: numbered(COUNT, FIRST_FLOW, (n, flow) => ({
        flow,
        type: 'CONTACT_FLOW',
        description: `What ${n} does`,
        startActionId: '1',
        actions: [{ actionId: '1', type: 'SINGLE_CONNECTION', actionTypeId: '0-1', fields: { delta: String(n) } }],
        enrollmentCriteria: { type: 'LIST_BASED', shouldReEnroll: n === 1 },
        enrollmentSchedule: null,
        goalFilterBranch: null,
        dataSources: [],
        suppressionListIds: n === 2 ? [901] : [],
        timeWindows: [],
        blockedDates: [],
        customProperties: {},
      })),
    },
    {
      path: `${FLOWS}/batch/read`,
      scopes: [['automation']],
      paging: 'batch',
      batch: { of: FLOWS, most: 100, input: 'flowId', more: ({ id }, at) => definitionOf(id, at(DEFINITIONS)) },
    },
    {
      path: '/automation/sequences/:date',
      olderPath: '/automation/v4/sequences',
      scopes: [['automation.sequences.read']],
      required: ['userId'],
      // What a user may see: everybody's who shares it with that one.
      narrowed: { by: 'userId', member: 'readers', usual: '' },
      shape: (item) => ({ ...itemJson(item), readers: undefined, archived: undefined, archivedAt: undefined }),
      items: numbered(6, 1151, (n) => ({
        name: `Sequence ${n}`,
        folderId: String(1191 + (n % 2)),
        userId: userOf(n),
        readers: n === 6 ? userIds : [userOf(n), userOf(n + 1)],
      })),
    },
    {
      path: '/automation/sequences/:date/enrollments/contact/:contact',
      olderPath: '/automation/v4/sequences/enrollments/contact/:contact',
      scopes: [['automation.sequences.read']],
      paging: 'one',
      within: { by: { contact: 'contact' } },
      shape: enrollmentShape,
      items: Object.fromEntries(
        enrolledContacts(portal).map((contact, n) => [
          String(115_001 + 7 * n),
          {
            contact,
            sequenceId: String(1151 + 7 * (n % 6)),
            sequenceName: `Sequence ${1 + (n % 6)}`,
            enrolledAt: iso(Date.UTC(2026, 0, 1 + n)),
            enrolledBy: userOf(n),
            enrolledByEmail: `owner${n}@sandbox.example`,
            toEmail: `person${n}@sandbox.example`,
          },
        ]),
      ),
    },
  ];
}

/** A contact is in one sequence at most, and says itself whether it is. */
function enrolledContacts(portal: Portal): string[] {
  const type = portal.type('contacts');
  const property = portal.properties(type).get('hs_sequences_is_enrolled');
  const isEnrolled = portal
    .store(type)
    .records.filter((record) => record.live && valueAt(record, property, record.change) === 'true');
  return isEnrolled.map(({ id }) => String(id));
}

function enrollmentShape({ id, members, updatedAt }: CollectionItem): object {
  const { contact: _, ...rest } = members as { contact: string };
  return { ...rest, id, updatedAt: iso(updatedAt) };
}

/** Of the older APIs: ids are numbers, times milliseconds. */
function workflowShape({ id, members, createdAt, updatedAt }: CollectionItem): object {
  return { ...members, id: Number(id), insertedAt: createdAt, updatedAt };
}

function definitionShape({ members }: CollectionItem): object {
  const { flow, ...rest } = members as { flow: string };
  return { ...rest, id: flow };
}

function definitionOf(flow: string, definitions: Collection): object | null {
  const found = definitions.list(false).find(({ members }) => (members as { flow: string }).flow === flow);
  return found ? definitionShape(found) : null;
}
