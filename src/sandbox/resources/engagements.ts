import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import type { Portal } from '../portal/portal.js';
import { contactIdsOf, numbered } from './sample.js';

const PAGED = '/engagements/v1/engagements/paged';
const SCOPES = [
  ['crm.objects.companies.read'],
  ['crm.objects.contacts.read'],
  ['crm.objects.deals.read'],
  ['tickets'],
  ['e-commerce'],
];
const FIRST = 16_001;
const COUNT = 40;
const DAY_MS = 86_400_000;

/** What each type has in its metadata. */
const METADATA: readonly (readonly [string, (n: number) => object])[] = [
  ['NOTE', (n) => ({ body: `<p>Note ${n}</p>` })],
  [
    'CALL',
    (n) => ({
      toNumber: '+1 555 0100',
      fromNumber: '+1 555 0199',
      status: 'COMPLETED',
      durationMilliseconds: 1000 * n,
    }),
  ],
  [
    'EMAIL',
    (n) => ({
      from: { email: 'someone@sandbox.example', firstName: 'Some', lastName: 'One' },
      to: [{ email: `person${n}@sandbox.example` }],
      cc: [],
      bcc: [],
      subject: `Subject ${n}`,
      html: `<p>Text ${n}</p>`,
      text: `Text ${n}`,
    }),
  ],
  [
    'MEETING',
    (n) => ({
      title: `Meeting ${n}`,
      body: 'What about',
      startTime: 1_770_000_000_000 + n,
      endTime: 1_770_000_900_000 + n,
    }),
  ],
  [
    'TASK',
    (n) => ({
      subject: `Task ${n}`,
      body: 'What to do',
      status: 'NOT_STARTED',
      forObjectType: 'CONTACT',
      reminders: [1_770_000_000_000],
    }),
  ],
];

/** Activities by API v1, all of them and the latest, a few days apart. They are not those that the CRM has as records. */
export function engagementResources(portal: Portal): CollectionOptions[] {
  const contacts = contactIdsOf(portal, 10).map(Number);
  const now = portal.clock.now();
  return [
    {
      path: PAGED,
      scopes: SCOPES,
      paging: 'ids',
      pages: [100, 250],
      shape: engagementShape,
      madeAt: (id) => now - (COUNT - (Number(id) - FIRST) / 7) * 3 * DAY_MS,
      items: numbered(COUNT, FIRST, (n) => {
        const [type, metadataOf] = METADATA[n % METADATA.length] as (typeof METADATA)[number];
        const engagement = {
          portalId: portal.account.portalId,
          active: true,
          ownerId: 61_020_000,
          type,
          timestamp: now,
        };
        const associations = {
          contactIds: [contacts[n % contacts.length]],
          companyIds: [],
          dealIds: [],
          ownerIds: [],
          ticketIds: [],
        };
        return {
          engagement,
          associations,
          attachments: n % 4 === 0 ? [{ id: n }] : [],
          scheduledTasks: [],
          metadata: metadataOf(n),
        };
      }),
    },
    {
      path: '/engagements/v1/engagements/recent/modified',
      scopes: SCOPES,
      paging: 'recent',
      pages: [20, 100],
      recent: { of: PAGED, days: 30, most: 10_000 },
    },
  ];
}

function engagementShape({ id, members, createdAt, updatedAt }: CollectionItem): object {
  const { engagement, ...rest } = members as { engagement: object };
  const own = { ...engagement, id: Number(id), createdAt: Math.round(createdAt), lastUpdated: Math.round(updatedAt) };
  return { ...rest, engagement: own };
}
