import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import { numbered } from './sample.js';

const TYPES = [
  ...['SENT', 'PROCESSED', 'DELIVERED', 'OPEN', 'CLICK', 'BOUNCE', 'SPAMREPORT', 'STATUSCHANGE'],
  ...['DEFERRED', 'DROPPED', 'FORWARD', 'PRINT'],
];
/** Those that tell what the recipient reads with. */
const READ = ['OPEN', 'CLICK', 'FORWARD', 'PRINT'];
const HOUR_MS = 3_600_000;
const FIRST_ID = 5001;
const COUNT = 400;

/** What happened to e-mails in the four months before the sandbox starts, a few times a day. @param now epoch ms */
export function emailEventResources(now: number): CollectionOptions[] {
  const madeAt = (id: string) => now - (COUNT - (Number(id) - FIRST_ID) / 7) * 7.3 * HOUR_MS;
  return [
    {
      path: '/email/public/v1/events',
      scopes: [['content']],
      paging: 'offset',
      pages: [10, 1000],
      results: 'events',
      shape: ({ id, members, updatedAt }: CollectionItem) => ({
        ...members,
        id: uuid(id),
        created: Math.round(updatedAt),
      }),
      madeAt,
      items: numbered(COUNT, FIRST_ID, (n) => eventOf(n)),
    },
    {
      path: '/email/public/v1/subscriptions/timeline',
      scopes: [['content']],
      paging: 'offset',
      pages: [10, 1000],
      results: 'timeline',
      shape: ({ members, updatedAt }: CollectionItem) => ({ ...members, timestamp: Math.round(updatedAt) }),
      madeAt,
      items: numbered(60, FIRST_ID, (n) => ({
        portalId: 1,
        recipient: recipientOf(n),
        normalizedEmailId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
        changes: [
          {
            change: n % 2 === 0 ? 'UNSUBSCRIBED' : 'SUBSCRIBED',
            changeType: 'SUBSCRIPTION_STATUS',
            source: 'SOURCE_RECIPIENT',
            subscriptionId: 2101,
            portalId: 1,
          },
        ],
      })),
    },
  ];
}

/** The events of an e-mail follow one another: what a reader did, the delivery caused. */
function eventOf(n: number): object {
  const type = TYPES[n % TYPES.length];
  const client = {
    browser: { name: 'Firefox', family: 'Firefox', type: 'Browser' },
    deviceType: 'COMPUTER',
    ipAddress: '192.0.2.7',
  };
  return {
    type,
    recipient: recipientOf(Math.floor(n / TYPES.length)),
    emailCampaignId: 9001 + (n % 5),
    emailCampaignGroupId: 9101,
    portalId: 1,
    appId: 113,
    appName: 'Batch',
    // The one that sent an e-mail does not name itself.
    ...(type === 'SENT' ? {} : { sentBy: { id: uuid(String(FIRST_ID)), created: 1_700_000_000_000 } }),
    filteredEvent: false,
    ...(READ.includes(type ?? '') ? { ...client, location: { city: 'Berlin', country: 'GERMANY' } } : {}),
    ...(type === 'OPEN' ? { duration: 1000 * (n % 9) } : {}),
    ...(type === 'CLICK' ? { url: 'https://www1.sandbox.example/', linkId: n, referer: '' } : {}),
    ...(type === 'BOUNCE' ? { category: 'UNKNOWN_USER', status: '5.1.1', response: '550 no such user' } : {}),
    ...(type === 'SENT' || type === 'DROPPED'
      ? { subject: `News ${n}`, from: 'news@sandbox.example', cc: [], bcc: ['archive@sandbox.example'], replyTo: [] }
      : {}),
    ...(type === 'DROPPED' ? { dropReason: 'PREVIOUSLY_BOUNCED', dropMessage: 'bounced before' } : {}),
    ...(type === 'DELIVERED' ? { response: '250 ok', smtpId: `<${n}@sandbox.example>` } : {}),
    ...(type === 'DEFERRED' ? { attempt: n % 4, response: '421 try again later' } : {}),
    ...(type === 'SPAMREPORT' ? { ipAddress: '192.0.2.8', userAgent: 'Sandbox/1.0' } : {}),
    ...(type === 'STATUSCHANGE'
      ? {
          bounced: false,
          causedBy: { id: uuid(String(FIRST_ID)), created: 1_700_000_000_000 },
          portalSubscriptionStatus: 'UNSUBSCRIBED',
          requestedBy: recipientOf(n),
          source: 'SOURCE_RECIPIENT',
          subscriptions: [{ id: 2101, status: 'UNSUBSCRIBED' }],
        }
      : {}),
  };
}

const recipientOf = (n: number) => `person${n}@sandbox.example`;
const uuid = (id: string) => `00000000-0000-4000-9000-${id.padStart(12, '0')}`;
